import assert from "node:assert/strict";
import type { NativeDevice } from "../addon/native.ts";
import { Failure } from "../core/errors.ts";
import { firstNotFinite, whereNotFinite } from "./finite.ts";
import { type Progress, startOfTraining } from "./progress.ts";
import { restoreSnapshot, takeSnapshot } from "./snapshot.ts";
import { noiseDataset, withBench } from "./testing.ts";
import { train, type TrainingPlan } from "./train.ts";
import { Workbench } from "./workbench.ts";

const EPOCHS = 3;

const plan = (changes: Partial<TrainingPlan>): TrainingPlan => ({
  noiseRound: 0,
  epochs: EPOCHS,
  learningRate: () => 1e-2,
  milestone: null,
  earlyStopping: null,
  onNan: "stop",
  ...changes,
});

const watching = { reached: () => {}, advanced: () => false, epochDone: () => {} };

/**
 * A workbench in which steps with the device's record `bad` see infinite weights in the stem; afterwards
 * the weights are restored. This is a batch that overflows in any network.
 */
function withBadRecord(bench: Workbench, bad: number): Workbench {
  const stem = bench.network.parameters[0]!.parameter;
  const size = bench.config.batchSize;
  const run: NativeDevice["run"] = async (programs, inputs) => {
    const results: number[][] = [[], [], [], []];
    for (const [i, program] of programs.entries()) {
      const records = inputs.records!.slice(i * size, (i + 1) * size);
      const poisoned = inputs.learningRates !== undefined && records.includes(bad);
      const sound = stem.read("value");
      if (poisoned) stem.write("value", sound.map((_, at) => at % 2 ? 3e38 : -3e38));
      const { loss, valid, correct, gradientNorm } = await bench.device.run([program], {
        records,
        ...(inputs.learningRates ? { learningRates: inputs.learningRates.slice(i, i + 1) } : {}),
        optimizerStep: (inputs.optimizerStep ?? 1) + i,
        stream: (inputs.stream ?? 0) + i,
      });
      if (poisoned) stem.write("value", sound);
      [loss, valid, correct, gradientNorm].forEach((one, k) => results[k]!.push(one[0]!));
      if (!Number.isFinite(loss[0])) break;
    }
    const [loss, valid, correct, gradientNorm] = results.map((each) => Float64Array.from(each));
    return { loss: loss!, valid: valid!, correct: correct!, gradientNorm: gradientNorm! };
  };
  return withDevice(bench, { run });
}

/** The workbench with parts of its device replaced. */
function withDevice(bench: Workbench, changes: Partial<NativeDevice>): Workbench {
  const device = new Proxy(bench.device, {
    get: (target, key) => {
      if (key in changes) return Reflect.get(changes, key);
      const value = Reflect.get(target, key);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return Object.create(bench, { device: { value: device } });
}

Deno.test("a step that is not finite stops training and is not applied", () =>
  withBench({}, async (bench) => {
    const bad = withBadRecord(bench, 5);
    const expected = bench.trainingBatches(0).findIndex(({ records }) => records.includes(5)) + 1;
    const progress = startOfTraining();
    await assert.rejects(train(bad, plan({}), progress, watching), (error) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, new RegExp(`at step ${expected} of the round: loss NaN`));
      assert.match(error.message, /--on-nan skip/);
      return true;
    });
    assert.equal(firstNotFinite(takeSnapshot(bench.network, { optimiser: true })), null);
  }));

Deno.test("skipped steps are counted and change nothing, and training continues", () =>
  withBench({}, async (bench) => {
    const progress = startOfTraining();
    const before = takeSnapshot(bench.network, { optimiser: true });
    const bad = withBadRecord(bench, 5);
    assert.equal(await train(bad, plan({ onNan: "skip" }), progress, watching), "finished");
    assert.deepEqual(progress.rows.map((row) => row.skipped), [1, 1, 1]);
    const steps = bench.stepsPerEpoch;
    assert.equal(progress.optimiserSteps, EPOCHS * steps);
    for (const row of progress.rows) {
      assert.ok(
        Number.isFinite(row.trainLoss) && row.trainLoss > 0 && Number.isFinite(row.devLoss),
      );
    }
    const after = takeSnapshot(bench.network, { optimiser: true });
    assert.equal(firstNotFinite(after), null);
    assert.notDeepEqual(after.get("value/stem.weight"), before.get("value/stem.weight"));
  }));

Deno.test("a run that skips steps ends with the same bits if it is interrupted after every chunk", async () => {
  const whole = await withBench({}, async (bench) => {
    const progress = startOfTraining();
    await train(withBadRecord(bench, 5), plan({ onNan: "skip" }), progress, watching);
    return { progress, network: takeSnapshot(bench.network, { optimiser: true }) };
  });
  let saved: { progress: Progress; network: ReturnType<typeof takeSnapshot> } | null = null;
  for (let stops = 0;; stops++) {
    const outcome = await withBench({}, async (bench) => {
      const progress: Progress = saved ? structuredClone(saved.progress) : startOfTraining();
      if (saved) restoreSnapshot(bench.network, saved.network);
      const stopping = { ...watching, advanced: () => true };
      const done = await train(
        withBadRecord(bench, 5),
        plan({ onNan: "skip" }),
        progress,
        stopping,
      );
      saved = { progress, network: takeSnapshot(bench.network, { optimiser: true }) };
      return done;
    });
    if (outcome === "finished") {
      assert.ok(stops > EPOCHS);
      break;
    }
  }
  assert.deepEqual(saved!.progress, whole.progress);
  assert.deepEqual(saved!.network, whole.network);
});

Deno.test("the message names the layer: a weight, an activation, a gradient", () =>
  withBench({ optimizer: { ...SGD, clipNorm: 0 } }, async (bench) => {
    const attempt = (changes: Partial<TrainingPlan> = {}) =>
      train(bench, plan(changes), startOfTraining(), watching);
    const parameter = (name: string) =>
      bench.network.parameters.find((each) => each.name === name)!.parameter;
    const original = takeSnapshot(bench.network, { optimiser: true });

    const conv = parameter("block1.conv2.weight");
    conv.write("value", conv.read("value").map((x, i) => i === 7 ? NaN : x));
    for (const onNan of ["stop", "skip"] as const) {
      // Continuing with such a network is pointless.
      await assert.rejects(attempt({ onNan }), /not finite is block1\.conv2\.weight;/);
    }

    restoreSnapshot(bench.network, original);
    conv.write("value", conv.read("value").map((_, i) => i % 2 ? 3e38 : 2e38));
    await assert.rejects(attempt(), /not finite is the output of block1\.conv2;/);

    // Only the sum of the gradients' squares is not finite.
    restoreSnapshot(bench.network, original);
    const head = parameter("head.weight");
    const gamma = parameter("head.norm.gamma");
    head.write("value", head.read("value").map((x) => Math.sign(x)));
    gamma.write("value", gamma.read("value").map(() => 1e22));
    const before = head.read("value");
    await assert.rejects(attempt(), /the largest gradient, of [\w.]+, is \d\.\de\+/);
    assert.deepEqual(head.read("value"), before);

    // Among gradients that are not finite, the first in the backward pass.
    restoreSnapshot(bench.network, original);
    for (const name of ["stem.weight", "block1.conv1.weight", "block0.conv1.bias"]) {
      const { size } = parameter(name);
      parameter(name).write("gradient", new Float32Array(size).fill(Infinity, size - 1));
    }
    const step = { batch: bench.trainingBatches(0)[0]!, stream: 0 };
    assert.match(await whereNotFinite(bench, step), /is the gradient of block1\.conv1\.weight$/);
  }));

/** A workbench whose runs overwrite the failed step's gradients, as steps queued on a GPU do. */
function withQueue(bench: Workbench): Workbench {
  let runs = 0;
  const run: NativeDevice["run"] = async (programs, inputs) => {
    const results = await bench.device.run(programs, inputs);
    if (runs++ > 0) return results;
    for (const { parameter } of bench.network.parameters) {
      parameter.write("gradient", new Float32Array(parameter.size).fill(1));
    }
    return results;
  };
  return withDevice(bench, { name: "cuda", run });
}

Deno.test("the failed step's gradients are examined, not those of steps queued after it", () =>
  withBench({ optimizer: { ...SGD, clipNorm: 0 } }, async (bench) => {
    const parameter = (name: string) =>
      bench.network.parameters.find((each) => each.name === name)!.parameter;
    const head = parameter("head.weight");
    head.write("value", head.read("value").map((x) => Math.sign(x)));
    const gamma = parameter("head.norm.gamma");
    gamma.write("value", gamma.read("value").map(() => 1e22));
    const messages: string[] = [];
    for (const each of [bench, withQueue(bench)]) {
      await assert.rejects(train(each, plan({}), startOfTraining(), watching), (error) => {
        messages.push((error as Error).message);
        return true;
      });
    }
    assert.match(messages[0]!, /the largest gradient, of [\w.]+, is \d\.\de\+2/);
    assert.equal(messages[1], messages[0]);
  }));

Deno.test("an epoch without any applied step ends training, also if steps are skipped", () => {
  const changes = { batchSize: noiseDataset().splits.train.lengths.length };
  return withBench(changes, async (bench) => {
    const bad = withBadRecord(bench, 5);
    await assert.rejects(
      train(bad, plan({ onNan: "skip" }), startOfTraining(), watching),
      /no step of the epoch could be applied/,
    );
  });
});

const SGD = { kind: "sgd", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 } as const;
