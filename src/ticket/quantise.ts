/**
 * Rounds weights to 8-bit or 16-bit integers with one scale per output channel.
 *
 * @module
 */
import { tensorOf, type TrainedNetwork } from "./network.ts";

/** Types of rounded weights with their largest magnitude. */
export const WEIGHT_MAX = { int8: 127, int16: 32767 } as const;

export type RoundedWeights = keyof typeof WEIGHT_MAX;

/**
 * A copy of the network whose convolution weights are rounded to multiples of the output channel's unit:
 * its largest |weight| over the largest magnitude of the type. Biases and norms are not changed.
 */
export function quantiseNetwork(
  network: TrainedNetwork,
  type: RoundedWeights = "int8",
): TrainedNetwork {
  const tensors = new Map(network.tensors);
  const units = new Map<string, Float32Array>();
  for (const node of network.graph.nodes) {
    if (node.op !== "conv") continue;
    const name = `${node.name}.weight`;
    const weight = tensorOf(network, name);
    const unit = unitsOf(weight, { rows: node.channels, most: WEIGHT_MAX[type] });
    const row = weight.length / node.channels;
    units.set(node.name, unit);
    tensors.set(name, weight.map((value, i) => rounded(value, unit[Math.floor(i / row)]!)));
  }
  return { ...network, tensors, units };
}

function unitsOf(
  weight: Float32Array,
  { rows, most }: { rows: number; most: number },
): Float32Array {
  const length = weight.length / rows;
  return Float32Array.from({ length: rows }, (_, row) => {
    let largest = 0;
    for (let i = row * length; i < (row + 1) * length; i++) {
      largest = Math.max(largest, Math.abs(weight[i]!));
    }
    return largest / most;
  });
}

function rounded(value: number, unit: number): number {
  return unit > 0 ? Math.round(value / unit) * unit : 0;
}
