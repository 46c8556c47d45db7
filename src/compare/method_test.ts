import assert from "node:assert/strict";
import type { Mode } from "../config/modes.ts";
import { fixtureSummary } from "../report/fixture.ts";
import { distinctNames, methodKey, methodName } from "./method.ts";
import type { Control, Run } from "./run.ts";

/** A run with some settings replaced, by dotted path. */
function run(mode: Mode, settings: Record<string, unknown> = {}, control?: Control): Run {
  const summary = fixtureSummary({ rounds: 1 });
  summary.mode = mode;
  Object.assign(summary.config, { mode, pruning: { criterion: "magnitude" } }, settings);
  return {
    name: "r",
    directory: "/r",
    summary,
    control: control ?? null,
    timing: null,
    outcomes: new Map(),
  };
}

Deno.test("a method's name lists the settings that define it", () => {
  const reinit: Control = { kind: "reinit", base: "b" };
  const oneShot = { schedule: { kind: "one-shot" }, criterion: "random" };
  assert.equal(methodName(run("weight-rewind")), "weight-rewind");
  assert.equal(methodName(run("weight-rewind", { rewindTo: "500it" })), "weight-rewind to 500it");
  assert.equal(methodName(run("finetune", { rewindTo: "500it" })), "finetune");
  assert.equal(
    methodName(run("lr-rewind", { pruning: oneShot })),
    "lr-rewind, one-shot, random",
  );
  assert.equal(methodName(run("weight-rewind", {}, reinit)), "reinit");
  assert.equal(methodName(run("lth-ecg", {}, reinit)), "reinit of lth-ecg");
  assert.equal(
    methodName(run("weight-rewind", { rewindTo: "1ep" }, reinit)),
    "reinit of weight-rewind to 1ep",
  );
});

Deno.test("a summary without the settings still has a name", () => {
  const bare = run("weight-rewind");
  bare.summary.config = {};
  assert.equal(methodName(bare), "weight-rewind");
});

Deno.test("replicates differ in seed, fold and names only", () => {
  const key = methodKey(run("weight-rewind", { folds: { count: 5, fold: 1, seed: 1 } }));
  const same = [
    { seed: 9, folds: { count: 5, fold: 4, seed: 1 } },
    { preset: "x", data: "elsewhere", folds: { seed: 1, fold: 1, count: 5 } },
  ];
  const other = [
    { folds: { count: 6, fold: 1, seed: 1 } },
    { rewindTo: "1ep", folds: { count: 5, fold: 1, seed: 1 } },
    { backend: "cuda", folds: { count: 5, fold: 1, seed: 1 } },
  ];
  same.forEach((settings) => assert.equal(methodKey(run("weight-rewind", settings)), key));
  other.forEach((settings) => assert.notEqual(methodKey(run("weight-rewind", settings)), key));
  assert.notEqual(
    methodKey(run("weight-rewind", {}, { kind: "reinit", base: "a" })),
    methodKey(run("weight-rewind", {}, { kind: "shuffle", base: "a" })),
  );
  const control = (base: string, masksSha256: string, rounds: number[]) =>
    run("weight-rewind", { control: { kind: "reinit", base, masksSha256, rounds } }, {
      kind: "reinit",
      base,
    });
  assert.equal(methodKey(control("a", "00", [1])), methodKey(control("b", "ff", [1, 2])));
  assert.equal(
    methodKey(run("weight-rewind", { control: null })),
    methodKey(run("weight-rewind")),
  );
});

Deno.test("a setting without effect does not separate methods: the rewind point of a mode that keeps its weights", () => {
  assert.equal(methodKey(run("finetune", { rewindTo: "1ep" })), methodKey(run("finetune")));
  const oneShot = (target: number) => ({ pruning: { schedule: { kind: "one-shot" }, target } });
  assert.equal(methodKey(run("finetune", oneShot(4))), methodKey(run("finetune", oneShot(9))));
});

Deno.test("methods that would share a name are told apart by their settings", () => {
  const names = distinctNames([
    run("finetune", { training: { epochs: 5, batchSize: 8 } }),
    run("finetune", { training: { epochs: 9, batchSize: 8 } }),
    run("lr-rewind"),
  ]);
  assert.deepEqual(names, [
    "finetune (training.epochs 5)",
    "finetune (training.epochs 9)",
    "lr-rewind",
  ]);
  const pruned = (rounds: number, dropout: number) =>
    run("lr-rewind", { network: { dropout }, pruning: { rounds } });
  // The number of rounds is told only where nothing else differs.
  assert.deepEqual(distinctNames([pruned(4, 0), pruned(6, 0.2)]), [
    "lr-rewind (network.dropout 0)",
    "lr-rewind (network.dropout 0.2)",
  ]);
  // A run that prunes nothing is no method of pruning, whatever its mode.
  assert.deepEqual(distinctNames([pruned(0, 0), pruned(6, 0)]), ["dense", "lr-rewind"]);
  const dense = (mode: Mode) => run(mode, { pruning: { rounds: 0, criterion: mode } });
  assert.equal(methodKey(dense("finetune")), methodKey(dense("lr-rewind")));
  assert.deepEqual(distinctNames([pruned(4, 0), pruned(6, 0)]), [
    "lr-rewind (pruning.rounds 4)",
    "lr-rewind (pruning.rounds 6)",
  ]);
  const nodes = (channels: number) =>
    run("finetune", { network: { graph: { nodes: Array(20).fill({ op: "conv", channels }) } } });
  for (const name of distinctNames([nodes(4), nodes(8)])) {
    assert.match(name, /^finetune \(network\.graph\.nodes sha256 [0-9a-f]{8}\)$/);
  }
});

Deno.test("replicates have teachers of their own seed and fold, at one round", () => {
  const teacher = (run: string, round = 3) => ({ run, round, sha256: `that of ${run}` });
  const taught = (fold: number, ...runs: unknown[]) =>
    run("gradual", {
      folds: { count: 5, fold, seed: 1 },
      training: { teacher: { runs, temperature: 2, weight: 0.5 } },
    });
  const key = (...runs: unknown[]) => methodKey(taught(1, ...runs));
  const first = key(teacher("late-seed1-fold1of5"));
  assert.equal(methodKey(taught(2, teacher("late-seed2-fold2of5"))), first);
  assert.equal(key(teacher("/elsewhere/late-seed1-fold1of5")), first);
  assert.notEqual(key(teacher("late-seed1-fold1of5", 4)), first);
  assert.notEqual(key(teacher("dense-seed1-fold1of5")), first);
  assert.notEqual(key(teacher("late-seed1-fold1of5"), teacher("dense")), first);
  assert.equal(methodName(taught(1, teacher("a"))), "gradual with a teacher");
  assert.equal(methodName(taught(1, teacher("a"), teacher("b"))), "gradual with 2 teachers");
});
