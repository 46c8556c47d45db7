/**
 * The names of a network's modules and tensors in PyTorch: in the state dict of
 * `python/lth_ecg.py`.
 *
 * A module has its node's name, with underscores for dots and dashes; `block3.conv1` is `blocks.3.conv1`.
 * The residual network has `stem.*`, `stem_norm.*`, `blocks.<i>.norm1.*` (not in block 0),
 * `blocks.<i>.conv1.*`, `blocks.<i>.norm2.*`, `blocks.<i>.conv2.*`, `head_norm.*`, `head.*`. A norm has
 * `weight` (gamma), `bias` (beta), `running_mean` and `running_var`.
 *
 * @module
 */

/** The module of a node. */
export function pytorchModule(node: string): string {
  const flat = (name: string) => name.replaceAll(/[.-]/g, "_");
  const block = /^block(\d+)\.(.+)$/.exec(node);
  return block ? `blocks.${block[1]}.${flat(block[2]!)}` : flat(node);
}

/** The name in the state dict of one of our tensors; ours is the node's name and the tensor's. */
export function pytorchName(name: string): string {
  const dot = name.lastIndexOf(".");
  const tensor = name.slice(dot + 1);
  return `${pytorchModule(name.slice(0, dot))}.${RENAMED[tensor] ?? tensor}`;
}

const RENAMED: Readonly<Record<string, string>> = {
  gamma: "weight",
  beta: "bias",
  running_variance: "running_var",
};
