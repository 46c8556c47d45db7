import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { configDifferences, parseConfig } from "./config.ts";
import { applyOverrides, defaultRunName } from "../run/resolve.ts";
import { presetConfig } from "./presets.ts";

Deno.test("every preset is a valid configuration that survives JSON", () => {
  for (const name of ["quick", "wearable", "cinc2017"] as const) {
    const config = presetConfig(name, "cpu");
    assert.deepEqual(parseConfig(JSON.parse(JSON.stringify(config)), name), config);
  }
});

Deno.test("options change their settings", () => {
  const config = applyOverrides(presetConfig("quick", "cpu"), {
    mode: "finetune",
    rounds: 3,
    prune: 0.5,
    epochs: 7,
    seed: 9,
    filters: 4,
  });
  assert.equal(config.mode, "finetune");
  assert.equal(config.pruning.rounds, 3);
  assert.deepEqual(config.pruning.schedule, { kind: "fixed", fraction: 0.5 });
  assert.equal(config.training.epochs, 7);
  assert.equal(config.network.filters, 4);
  assert.equal(defaultRunName(config), "quick-finetune-seed9");
});

Deno.test("older runs decide by vote and step priors; options change the rule", () => {
  const { score: _, ...older } = presetConfig("quick", "cpu");
  const before = parseConfig(older, "an older run");
  assert.deepEqual(before.score, { decision: "vote", priorExponent: 1, priorUnit: "steps" });
  const rule = { decision: "mean", priorExponent: 0.25, priorUnit: "records" } as const;
  assert.deepEqual(applyOverrides(before, rule).score, rule);
  assert.deepEqual(applyOverrides(before, { priorExponent: 0 }).score, {
    ...before.score,
    priorExponent: 0,
  });
  // Methods are compared by one rule, so a run is not continued with another rule.
  assert.deepEqual(configDifferences(before, applyOverrides(before, { decision: "mean" })), [
    'score.decision: "vote", not "mean" (--decision)',
  ]);
});

Deno.test("wrong and unknown settings are refused by name", () => {
  const config = presetConfig("quick", "cpu");
  const withSchedule = (schedule: unknown) => ({
    ...config,
    pruning: { ...config.pruning, schedule },
  });
  const cases: [unknown, RegExp][] = [
    [withSchedule({ kind: "fixed", fraction: 1 }), /pruning\.schedule\.fraction/],
    [{ ...config, rewindTo: "yesterday" }, /rewindTo: write 0, 500it or 2ep/],
    [{ ...config, colour: "red" }, /colour/],
    [{ ...config, network: { ...config.network, blocks: 18 } }, /network\.blocks/],
    [{ ...config, score: { ...config.score, priorExponent: -1 } }, /score\.priorExponent/],
    ["nothing", /object/],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => parseConfig(value, "it"), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("options of training change their settings; absent ones mean the old behaviour", () => {
  const quick = presetConfig("quick", "cpu");
  const { training } = applyOverrides(quick, {
    ...{ schedule: "cosine", warmup: 0.5, optimizer: "adamw", weightDecay: 0.05 },
    ...{ labelSmoothing: 0.1, classWeights: "balanced", focal: 2 },
  });
  assert.deepEqual(training, {
    ...quick.training,
    ...{ schedule: { kind: "cosine", floor: 0.01 }, warmup: 0.5 },
    ...{ optimizer: "adamw", weightDecay: 0.05 },
    loss: { labelSmoothing: 0.1, classWeights: "balanced", focal: 2 },
  });
  assert.deepEqual(applyOverrides(quick, { schedule: "step" }).training.schedule, {
    ...quick.training.schedule,
  });
  const { warmup, loss, ...older } = quick.training;
  assert.deepEqual([warmup, loss.labelSmoothing, loss.classWeights, loss.focal], [0, 0, "none", 0]);
  assert.deepEqual(parseConfig({ ...quick, training: older }, "it"), quick);
});

Deno.test("contradictory options of training are refused in a sentence", () => {
  const quick = presetConfig("quick", "cpu");
  const cases: [Parameters<typeof applyOverrides>[1], RegExp][] = [
    [{ warmup: 15 }, /training\.warmup: expected less than the 15 epochs of a round, not 15/],
    [{ warmup: 1, schedule: "one-cycle" }, /training\.warmup: expected 0 with .* one-cycle/],
    [{ rateFloor: 0.1 }, /--rate-floor with the schedule step: only cosine/],
    [{ schedule: "cosine", rateFloor: 1 }, /training\.schedule\.floor/],
    [{ schedule: "linear", rateFloor: 0, mode: "finetune" }, /floor: expected more than 0 with/],
    [{ optimizer: "adamw" }, /--optimizer adamw without a decay/],
    [{ labelSmoothing: 1 }, /training\.loss\.labelSmoothing/],
    [{ focal: -1 }, /training\.loss\.focal/],
    [
      { classWeights: [0, 0] },
      /training\.loss\.classWeights: expected at least one weight above 0/,
    ],
  ];
  for (const [overrides, message] of cases) {
    assert.throws(() => applyOverrides(quick, overrides), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("a difference is told by path, flag and both values", () => {
  const saved = presetConfig("quick", "cpu");
  const asked = applyOverrides(saved, { epochs: 99, mode: "finetune" });
  assert.deepEqual(configDifferences(saved, asked), [
    'mode: "weight-rewind", not "finetune" (--mode)',
    `training.epochs: ${saved.training.epochs}, not 99 (--epochs)`,
  ]);
  assert.deepEqual(configDifferences(saved, structuredClone(saved)), []);
  const augmented = applyOverrides(saved, { bursts: [2, 0.1], oneShot: 4 });
  assert.deepEqual(
    configDifferences(saved, augmented).map((line) => line.replace(/: .* \(/, " (")),
    [
      "pruning.rounds (--rounds)",
      "pruning.target (--target)",
      'pruning.schedule.kind: "fixed", not "one-shot"',
      "pruning.schedule.fraction (--prune)",
      "training.augment.bursts.perSecond (--bursts)",
      "training.augment.bursts.seconds (--bursts)",
    ],
  );
});

Deno.test("folds need both numbers, within range, and the run's name shows them", () => {
  const quick = presetConfig("quick", "cpu");
  const config = applyOverrides(quick, { folds: 5, fold: 2, seed: 3 });
  assert.deepEqual(config.folds, { count: 5, fold: 2, seed: 2018 });
  assert.equal(defaultRunName(config), "quick-weight-rewind-seed3-fold2of5");
  assert.deepEqual(applyOverrides(config, { fold: 4 }).folds, { count: 5, fold: 4, seed: 2018 });
  assert.throws(() => applyOverrides(quick, { folds: 5 }), /--folds without --fold/);
  assert.throws(() => applyOverrides(quick, { fold: 5 }), /--fold without --folds/);
  assert.throws(
    () => applyOverrides(quick, { folds: 5, fold: 6 }),
    /folds\.fold: expected 1 to 5, not 6/,
  );
});

Deno.test("a chosen precision stays when the backend changes, a default does not", () => {
  const [cpu, cuda] = [presetConfig("quick", "cpu"), presetConfig("quick", "cuda")];
  assert.deepEqual([cpu.precision, cuda.precision], ["fp32", "tf32"]);
  const on = (config: typeof cpu, asked: Parameters<typeof applyOverrides>[1]) => {
    const { backend, precision } = applyOverrides(config, asked);
    return `${backend} ${precision}`;
  };
  assert.equal(on(cpu, {}), "cpu fp32");
  assert.equal(on(cpu, { backend: "cuda" }), "cuda tf32");
  assert.equal(on(cuda, { backend: "cpu" }), "cpu fp32");
  assert.equal(on(cpu, { backend: "cuda", precision: "bf16" }), "cuda bf16");
  const chosen = applyOverrides(cpu, { precision: "bf16" });
  assert.equal(on(chosen, { backend: "cuda" }), "cuda bf16");
  assert.equal(on(chosen, { precision: "fp32" }), "cpu fp32");
  // Older runs have no such setting and used the default.
  const { precision: _, ...older } = cpu;
  assert.deepEqual(configDifferences(parseConfig(older, "it"), cpu), []);
  assert.throws(() => parseConfig({ ...cpu, precision: "fp8" }, "it"), /precision/);
});

Deno.test("a weight decay is not inherited by an optimiser that uses it differently", () => {
  const adamw = applyOverrides(presetConfig("quick", "cpu"), {
    optimizer: "adamw",
    weightDecay: 0.05,
  });
  assert.throws(
    () => applyOverrides(adamw, { optimizer: "adam" }),
    /from adamw to adam and keep the weight decay of 0.05: .* give --weight-decay, too/,
  );
  const adam = applyOverrides(adamw, { optimizer: "adam", weightDecay: 0 });
  assert.equal(adam.training.weightDecay, 0);
  assert.equal(applyOverrides(adamw, { optimizer: "adamw" }).training.weightDecay, 0.05);
  const sgd = applyOverrides(adam, { optimizer: "sgd", weightDecay: 1e-4 });
  assert.equal(applyOverrides(sgd, { optimizer: "adam" }).training.weightDecay, 1e-4);
});

Deno.test("--no-same-noise gives every round its own noise again", () => {
  const same = applyOverrides(presetConfig("quick", "cpu"), { sameNoise: true });
  assert.equal(same.training.sameNoise, true);
  assert.equal(applyOverrides(same, { sameNoise: false }).training.sameNoise, false);
});

Deno.test("lth-ecg does not take over a later rewind point, because it returns to initialisation", () => {
  const late = applyOverrides(presetConfig("quick", "cpu"), { rewindTo: "1ep" });
  const refused = (act: () => void) =>
    assert.throws(act, (error) => {
      assert.ok(error instanceof UsageError);
      assert.equal(
        error.message,
        "Cannot use the rewind point 1ep with mode lth-ecg: its weights return to initialisation; add --rewind-to 0",
      );
      return true;
    });
  refused(() => applyOverrides(late, { mode: "lth-ecg" }));
  const ecg = applyOverrides(late, { mode: "lth-ecg", rewindTo: "0" });
  refused(() => applyOverrides(ecg, { rewindTo: "1ep" }));
  // The point has no effect in these modes.
  for (const mode of ["lr-rewind", "finetune"] as const) {
    assert.equal(applyOverrides(late, { mode }).rewindTo, "1ep");
  }
  // A run of an older version that has such a point can be continued.
  const older = parseConfig({ ...ecg, rewindTo: "1ep" }, "it");
  assert.deepEqual(applyOverrides(older, { mode: "lth-ecg" }), older);
});
