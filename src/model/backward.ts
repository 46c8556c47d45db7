/**
 * Recording the gradient of a network's recorded forward pass.
 *
 * @module
 */
import type { NativeBuilder, Value } from "../addon/native.ts";
import { Failure } from "../core/errors.ts";
import type { Network } from "./network.ts";
import type { Recorded } from "./record.ts";

/** Gradients of every parameter, from that of the logits. */
export function recordBackward(
  builder: NativeBuilder,
  network: Network,
  { values, dlogits }: Recorded & { dlogits: Value },
): void {
  const { nodes, head } = network.analysis;
  const sums = new Map<number, Value>([[head.index, dlogits]]);
  const give = (index: number, gradient: Value) => {
    if (index < 0) return;
    if (sums.has(index)) {
      throw new Failure(`Cannot train this network yet: ${nodes[index]!.node.name} is added twice`);
    }
    sums.set(index, gradient);
  };
  for (const { node, index, input, add: added } of nodes.toReversed()) {
    const y = values[index]!;
    const dy = sums.get(index)!;
    const add = sums.get(input);
    const options = { dy, ...(add === undefined ? {} : { add }) };
    builder.label(node.name);
    if (node.op === "shortcut") give(input, builder.shortcutBackward(y, dy));
    if (node.op === "norm") sums.set(input, builder.normBackward(y, options));
    if (node.op !== "conv") continue;
    if (added !== null) give(added, dy);
    builder.conv1dWgrad(y, dy);
    if (input >= 0) sums.set(input, builder.conv1dDgrad(y, options));
  }
}
