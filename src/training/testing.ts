/**
 * Made-up records and a small network for tests of training and pruning.
 *
 * @module
 */
import { openTestDevice } from "../addon/testing.ts";
import { createRng } from "../core/rng.ts";
import type { LoadedDataset, Split } from "../data/dataset.ts";
import type { ConvNode, Graph, Node } from "../model/graph.ts";
import type { NetworkConfig } from "../model/network.ts";
import { type ResNet1dConfig, resnet1dGraph } from "../model/networks/resnet1d.ts";
import { UNNAMED_RULE } from "./decision.ts";
import { Workbench, type WorkbenchConfig } from "./workbench.ts";

/** Samples of the longest record of {@linkcode noiseDataset}. */
const LONGEST = 1536;

/** Records of 1 to 6 hops of noise in 4 classes. Dev has the same records as train; test is empty. */
export function noiseDataset(): LoadedDataset {
  const rng = createRng(5, "noise");
  const lengths = Int32Array.from([256, 1536, 512, 768, 1024, 1280, 256, 512, 1536, 1024, 768]);
  const records: Split = {
    ids: [...lengths].map((_, i) => String(i)),
    offsets: Float64Array.from(lengths, (_, i) => i * LONGEST),
    lengths,
    labels: lengths.map((_, i) => i % 4),
  };
  const none: Split = {
    ids: [],
    offsets: new Float64Array(),
    lengths: new Int32Array(),
    labels: new Int32Array(),
  };
  const samples = { length: LONGEST * lengths.length };
  return {
    directory: "noise",
    classes: ["A", "N", "O", "~"],
    sampleRate: 300,
    hop: 256,
    mean: 3,
    std: 500,
    sha256: "",
    samples: Int16Array.from(samples, () => rng.integer(2001) - 1000),
    splits: { train: records, dev: records, test: none },
  };
}

/** Three blocks. */
export const SMALL_SIZE: ResNet1dConfig = {
  filters: 3,
  kernel: 5,
  blocks: 3,
  blocksPerStage: 2,
  classes: 4,
  dropout: 0.3,
};

/**
 * A network that branches: values that are read, added and passed on several times, sums with the recording
 * itself, a norm without ReLU.
 */
export const BRANCHING: Graph = {
  name: "branching",
  nodes: [
    conv("a", { input: "input", channels: 3, kernel: 5 }),
    { op: "norm", name: "a.norm", input: "a", relu: true, dropout: 0 },
    { op: "shortcut", name: "around", input: "input", channels: 3, stride: 2 },
    conv("b", { input: "a.norm", channels: 3, kernel: 3, stride: 2, add: "around" }),
    conv("c", { input: "a.norm", channels: 3, kernel: 4, stride: 2, add: "b" }),
    { op: "norm", name: "d.norm", input: "b", relu: false, dropout: 0.3 },
    conv("d", { input: "d.norm", channels: 3, kernel: 3, add: "c" }),
    conv("e", { input: "c", channels: 3, kernel: 2, add: "b" }),
    { op: "shortcut", name: "wide", input: "b", channels: 5, stride: 1 },
    conv("f", { input: "d", channels: 5, kernel: 3, add: "wide" }),
    conv("g", { input: "e", channels: 5, kernel: 1, add: "f" }),
    { op: "norm", name: "g.norm", input: "g", relu: true, dropout: 0 },
    conv("head", { input: "g.norm", channels: 4, kernel: 1 }),
  ],
};

function conv(
  name: string,
  fields: Omit<ConvNode, "op" | "name" | "stride"> & { stride?: 2 },
): Node {
  return { op: "conv", name, stride: 1, ...fields };
}

/** The network of {@linkcode SMALL} with another graph. */
export function withGraph(graph: Graph): NetworkConfig {
  return { ...SMALL.network, graph };
}

/** A network of three blocks whose programs run in milliseconds; everything random is on. */
export const SMALL: WorkbenchConfig = {
  network: {
    graph: resnet1dGraph(SMALL_SIZE),
    init: "fan-in",
    norm: { epsilon: 1e-3, momentum: 0.1 },
  },
  optimizer: {
    kind: "adam",
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    clipNorm: 1,
  },
  loss: {},
  average: 0,
  batchSize: 4,
  flip: true,
  augment: null,
  longest: Infinity,
  seed: 1,
  rule: UNNAMED_RULE,
  flipAverage: false,
};

/** Passes a workbench to `body` and closes it. */
export async function withBench<Result>(
  changes: Partial<WorkbenchConfig>,
  body: (bench: Workbench) => Promise<Result>,
): Promise<Result> {
  const device = openTestDevice();
  try {
    using bench = new Workbench(device, noiseDataset(), { ...SMALL, ...changes });
    bench.network.initialise(7);
    return await body(bench);
  } finally {
    await device.close();
  }
}
