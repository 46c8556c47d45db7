/**
 * Traces a network's forward pass: one op per node, in the order of the graph.
 *
 * @module
 */
import type { NativeBuilder, Value } from "../addon/native.ts";
import type { Pass } from "./layers.ts";
import type { Network } from "./network.ts";

/** The values of a traced forward pass. */
export interface Recorded {
  /** [N, 1, L] */
  readonly input: Value;
  /** The output of each node, in the order of the graph. */
  readonly values: readonly Value[];
  /** The head's output [N, classes, T]. */
  readonly logits: Value;
}

/**
 * Traces a network's forward pass. Ops are labelled with the names of their nodes.
 *
 * @param x [N, 1, L]
 */
export function recordForward(
  builder: NativeBuilder,
  network: Network,
  options: { x: Value; pass: Pass },
): Recorded {
  const { x: input, pass } = options;
  const values: Value[] = [];
  const valueOf = (index: number) => index < 0 ? input : values[index]!;
  for (const { node, index, input: read, add } of network.analysis.nodes) {
    builder.label(node.name);
    const reads = { x: valueOf(read), add: add === null ? undefined : valueOf(add) };
    values.push(network.layers[index]!.record(builder, reads, pass));
  }
  return { input, values, logits: values.at(-1)! };
}
