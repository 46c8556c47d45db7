/**
 * What a network's modules and tensors are called in PyTorch: the state dict of
 * `src/ticket/python/ecg_network.py`.
 *
 * A module has its node's name, with underscores for dots and dashes; `block3.conv1` is `blocks.3.conv1`. Of
 * the residual network: `stem.*`, `stem_norm.*`, `blocks.<i>.norm1.*` (not in block 0), `blocks.<i>.conv1.*`,
 * `blocks.<i>.norm2.*`, `blocks.<i>.conv2.*`, `head_norm.*`, `head.*`, where a norm has `weight` (gamma),
 * `bias` (beta), `running_mean` and `running_var`.
 *
 * @module
 */

/** The module of a node. */
export function pytorchModule(node: string): string {
  const flat = (name: string) => name.replaceAll(/[.-]/g, "_");
  const block = /^block(\d+)\.(.+)$/.exec(node);
  return block ? `blocks.${block[1]}.${flat(block[2]!)}` : flat(node);
}

/** The state dict's name of one of our tensors, a node's name and the tensor's own. */
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
