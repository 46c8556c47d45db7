/**
 * A network as a PyTorch state dict in a safetensors file; `python/resnet1d.py` loads and runs it.
 *
 * Names: `stem.weight`, `stem.bias`, `stem_norm.*`, `blocks.<i>.norm1.*` (not in block 0),
 * `blocks.<i>.conv1.*`, `blocks.<i>.norm2.*`, `blocks.<i>.conv2.*`, `head_norm.*`, `head.*`, where a norm
 * has `weight` (gamma), `bias` (beta), `running_mean` and `running_var`. A sparse file holds, instead of a
 * convolution's weight, `<name>.rows` [Cout + 1], `<name>.columns` [kept] (cin * K + k) and
 * `<name>.values` [kept], and lists their shapes under `sparse` in its metadata.
 *
 * @module
 */
import { encodeSafetensors, type StoredTensor } from "../core/safetensors.ts";
import { tensorOf, tensorShapes, type TrainedNetwork } from "./network.ts";
import { storeSparse } from "./sparse_tensor.ts";

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

/** The bytes of the file, dense with zeros or with weights in compressed sparse rows. */
export function encodePytorch(
  network: TrainedNetwork,
  options: { sparse: boolean; metadata?: Readonly<Record<string, string>> },
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, StoredTensor>();
  const sparse: Record<string, number[]> = {};
  for (const { name, shape } of tensorShapes(network.shape)) {
    const data = tensorOf(network, name);
    const target = pytorchName(name);
    if (!options.sparse || shape.length === 1) {
      tensors.set(target, { shape, data });
      continue;
    }
    sparse[target] = shape;
    for (const [key, tensor] of storeSparse(target, { weight: data, shape, form: "csr" })) {
      // PyTorch's sparse rows take 32-bit indices.
      const { shape, data } = tensor;
      const wide = data instanceof Int16Array ? Int32Array.from(data) : data;
      tensors.set(key, { shape, data: wide });
    }
  }
  const sizes = { ...network.shape, epsilon: network.epsilon };
  return encodeSafetensors({
    tensors,
    metadata: {
      ...options.metadata,
      format: "pt",
      network: JSON.stringify(sizes),
      sparse: JSON.stringify(sparse),
    },
  });
}
