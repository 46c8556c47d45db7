/**
 * The workload of a timed step: the network of the full study on records of one length.
 *
 * @module
 */
import type { NativeDevice } from "../src/addon/native.ts";
import { networkGraph } from "../src/config/network_config.ts";
import { presetConfig } from "../src/config/presets.ts";
import type { Graph } from "../src/model/graph.ts";
import { applyOverrides } from "../src/run/resolve.ts";
import { workbenchConfig } from "../src/run/workbench_config.ts";
import type { LoadedDataset } from "../src/data/dataset.ts";
import { Workbench } from "../src/training/workbench.ts";
import { noiseDataset } from "./noise.ts";

/** A, N, O and ~. */
const CINC2017_CLASSES = 4;

/** Size of a training step. */
export interface StepShape {
  /** Records per step. */
  readonly batchSize: number;
  /** Samples per record, a multiple of 256. */
  readonly length: number;
  /** Filters of the first stage; 32 is the full width. */
  readonly filters: number;
}

/** E.g. "32 x 8,960". */
export function shapeText({ batchSize, length, filters }: StepShape): string {
  const width = filters === 32 ? "" : ` (${filters} filters)`;
  return `${batchSize} x ${length.toLocaleString("en")}${width}`;
}

/** The network of the full study at this width. */
export function studyGraph({ filters }: Pick<StepShape, "filters">): Graph {
  const { network } = applyOverrides(presetConfig("cinc2017", "cpu"), { filters });
  return networkGraph(network, CINC2017_CLASSES);
}

/** Settings that the peers use too: plain Adam on unchanged records. */
export const PLAIN = {
  optimizer: "adam",
  weightDecay: 0,
  stretch: null,
  amplitude: null,
} as const;

/** A plain step of the preset cinc2017's network at this shape, on noise unless there is a data set. */
export function openBench(
  device: NativeDevice,
  { batchSize, length, filters }: StepShape,
  dataset: LoadedDataset = noiseDataset({ records: batchSize, length }),
): Workbench {
  const preset = presetConfig("cinc2017", device.name);
  const config = applyOverrides(preset, { ...PLAIN, batchSize, filters });
  return new Workbench(device, dataset, workbenchConfig(config, dataset));
}
