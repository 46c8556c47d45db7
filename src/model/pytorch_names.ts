/**
 * What the network's tensors are called in PyTorch: the state dict of `src/ticket/python/resnet1d.py`.
 *
 * Names: `stem.weight`, `stem.bias`, `stem_norm.*`, `blocks.<i>.norm1.*` (not in block 0),
 * `blocks.<i>.conv1.*`, `blocks.<i>.norm2.*`, `blocks.<i>.conv2.*`, `head_norm.*`, `head.*`, where a norm
 * has `weight` (gamma), `bias` (beta), `running_mean` and `running_var`.
 *
 * @module
 */

/** The state dict's name of one of our tensors. */
export function pytorchName(name: string): string {
  const renamed = name
    .replace(/^block(\d+)\./, "blocks.$1.")
    .replace(/^(stem|head)\.norm\./, "$1_norm.");
  if (!/norm\d?\.[a-z_]+$/.test(renamed)) return renamed;
  return renamed
    .replace(/\.gamma$/, ".weight")
    .replace(/\.beta$/, ".bias")
    .replace(/\.running_variance$/, ".running_var");
}
