/**
 * Repeats PyTorch's golden training run with the project's own network and traced programs.
 */
import assert from "node:assert/strict";
import { assertReplays } from "../../test/conformance/golden/replay_check.ts";
import { type GoldenVariant, loadGolden } from "../../test/conformance/golden/training_golden.ts";
import { openTestDevice } from "../addon/testing.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { UNNAMED_RULE } from "./decision.ts";
import { Workbench } from "./workbench.ts";

const golden = loadGolden();
const { settings } = golden;
const records = golden.lengths.length;

const dataset: LoadedDataset = {
  directory: "golden",
  classes: Array.from({ length: settings.classes }, (_, c) => String(c)),
  sampleRate: 300,
  hop: 256,
  mean: settings.mean,
  std: settings.std,
  sha256: "",
  samples: golden.samples,
  splits: {
    train: {
      ids: ["0", "1", "2"],
      offsets: Float64Array.from({ length: records }, (_, n) => n * settings.length),
      lengths: golden.lengths,
      labels: golden.labels,
    },
    dev: {
      ids: [],
      offsets: new Float64Array(),
      lengths: new Int32Array(),
      labels: new Int32Array(),
    },
    test: {
      ids: [],
      offsets: new Float64Array(),
      lengths: new Int32Array(),
      labels: new Int32Array(),
    },
  },
};

for (const variant of ["dense", "masked", "usual_epsilon"] satisfies GoldenVariant[]) {
  Deno.test(`the network trains as PyTorch's does: ${variant}`, async () => {
    const device = openTestDevice();
    try {
      const want = golden.results[variant];
      using bench = new Workbench(device, dataset, {
        network: {
          graph: resnet1dGraph(settings),
          init: "fan-in",
          norm: { epsilon: settings.normEpsilon, momentum: settings.normMomentum },
        },
        optimizer: {
          kind: "adam",
          beta1: settings.beta1,
          beta2: settings.beta2,
          epsilon: want.epsilon,
          weightDecay: 0,
          clipNorm: settings.clipNorm,
        },
        loss: {},
        average: 0,
        batchSize: records,
        rule: UNNAMED_RULE,
        flipAverage: false,
        flip: false,
        augment: null,
        longest: Infinity,
        seed: 1,
      });
      const { network } = bench;
      const tensors = new Map([
        ...network.parameters.map((p) => [p.name, p.parameter] as const),
      ]);
      assert.equal(tensors.size + network.buffers.length, golden.initial.size);
      for (const { name, parameter } of network.parameters) {
        const mask = want.masks.get(name);
        if (mask) parameter.setMask(mask);
        parameter.write("value", golden.initial.get(name)!.data);
      }
      for (const { name, buffer } of network.buffers) buffer.write(golden.initial.get(name)!.data);
      const program = bench.trainingProgram(settings.length);
      const results = await device.run(new Array(settings.steps).fill(program), {
        records: Int32Array.from({ length: settings.steps * records }, (_, i) => i % records),
        learningRates: new Float32Array(settings.steps).fill(settings.learningRate),
        optimizerStep: 1,
        stream: 0,
      });
      const final = new Map([
        ...network.parameters.map((p) => [p.name, p.parameter.read("value")] as const),
        ...network.buffers.map((b) => [b.name, b.buffer.read()] as const),
      ]);
      assertReplays(want, { ...results, final });
    } finally {
      await device.close();
    }
  });
}
