import assert from "node:assert/strict";
import { openDevice } from "../backend/select.ts";
import { createRng } from "../core/rng.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { PRESETS } from "../experiment/presets.ts";
import { evaluate } from "./evaluate.ts";
import { Workbench } from "./workbench.ts";

/** Records of 1 to 6 hops of noise; dev holds all of them. */
function noiseDataset(): LoadedDataset {
  const rng = createRng(5, "noise");
  const lengths = Int32Array.from([256, 1536, 512, 768, 1024, 1280, 256, 512, 1536, 1024, 768]);
  const offsets = Float64Array.from(lengths, (_, i) => i * 1536);
  const labels = lengths.map((_, i) => i % 4);
  const split = { ids: [...lengths].map((_, i) => String(i)), offsets, lengths, labels };
  const none = {
    ids: [],
    offsets: new Float64Array(),
    lengths: new Int32Array(),
    labels: new Int32Array(),
  };
  return {
    directory: "noise",
    classes: ["A", "N", "O", "~"],
    sampleRate: 300,
    hop: 256,
    mean: 3,
    std: 500,
    sha256: "",
    samples: Int16Array.from({ length: 1536 * lengths.length }, () => rng.integer(2001) - 1000),
    splits: { train: split, dev: split, test: none },
  };
}

Deno.test("in evaluation a record's loss and label do not depend on what it is batched with", async () => {
  const device = openDevice({ backend: "cpu" });
  try {
    const dataset = noiseDataset();
    const { network, training } = PRESETS.quick;
    const outcomes = [];
    for (const batchSize of [1, 4, 11, 32]) {
      using bench = new Workbench(device, dataset, {
        network: {
          ...network,
          classes: 4,
          norm: { epsilon: network.normEpsilon, momentum: network.normMomentum },
        },
        optimizer: {
          kind: "adam",
          beta1: 0.9,
          beta2: 0.999,
          epsilon: 1e-8,
          weightDecay: 0,
          clipNorm: training.clipNorm,
        },
        batchSize,
        flip: true,
        seed: 1,
      });
      bench.network.initialise(7);
      // Shifts that would leak past a record's end if anything did.
      for (const { name, parameter } of bench.network.parameters) {
        if (name.endsWith(".beta") || name.endsWith(".bias")) {
          parameter.write("value", new Float32Array(parameter.size).fill(0.3));
        }
      }
      outcomes.push((await evaluate(bench, "dev")).predictions);
    }
    for (const predictions of outcomes.slice(1)) assert.deepEqual(predictions, outcomes[0]);
  } finally {
    await device.close();
  }
});
