/**
 * The cost of a pruned network: weights, bytes and multiply-adds.
 *
 * @module
 */
import type { Network } from "../model/network.ts";

/** Surviving weights of one prunable tensor. */
export interface LayerCount {
  name: string;
  /** [Cout, Cin, K] */
  shape: number[];
  size: number;
  kept: number;
}

/** Samples of the reference record: 30 s at 300 Hz, cut to whole hops of 256. */
export const REFERENCE_SAMPLES = 8960;

/** Counts of a network under its present masks. */
export interface Cost {
  layers: LayerCount[];
  /** Number of all parameters, including biases and norms; `keptParameters` counts those that survive. */
  parameters: number;
  parametersKept: number;
  /** Bytes if stored dense as fp32. */
  denseBytes: number;
  /** Bytes if stored as CSR: fp32 value and column index (16 bits if the row allows), row starts. */
  sparseBytes: number;
  /** Multiply-adds of the convolutions in one forward pass of the reference record. */
  denseMacs: number;
  macs: number;
}

/** Measures a network under its present masks. */
export function costOf(network: Network): Cost {
  const layers: LayerCount[] = network.prunable.map(({ name, parameter }) => ({
    name,
    shape: [...parameter.shape],
    size: parameter.size,
    kept: parameter.kept,
  }));
  const unprunable = network.parameters.filter((p) => !p.prunable)
    .reduce((sum, p) => sum + p.parameter.size, 0);
  const cost: Cost = {
    layers,
    parameters: unprunable,
    parametersKept: unprunable,
    denseBytes: 4 * unprunable,
    sparseBytes: 4 * unprunable,
    denseMacs: 0,
    macs: 0,
  };
  const convolutions = network.analysis.nodes.filter(({ node }) => node.op === "conv");
  convolutions.forEach(({ samplesPerOutput }, i) => {
    const { size, kept, shape } = layers[i]!;
    const positions = REFERENCE_SAMPLES / samplesPerOutput;
    cost.parameters += size;
    cost.parametersKept += kept;
    cost.denseBytes += 4 * size;
    cost.sparseBytes += csrBytes(shape, kept);
    cost.denseMacs += size * positions;
    cost.macs += kept * positions;
  });
  return cost;
}

/** Bytes of a [Cout, Cin, K] tensor with `kept` survivors in compressed sparse rows. */
function csrBytes(shape: readonly number[], kept: number): number {
  const [rows, ...rest] = shape as [number, ...number[]];
  const columns = rest.reduce((product, extent) => product * extent, 1);
  const indexBytes = columns <= 2 ** 16 ? 2 : 4;
  return kept * (4 + indexBytes) + 4 * (rows + 1);
}
