/**
 * A network as a PyTorch state dict in a safetensors file; `python/resnet1d.py` loads and runs it.
 * The names are those of model/pytorch_names.ts. A sparse file holds, instead of a
 * convolution's weight, `<name>.rows` [Cout + 1], `<name>.columns` [kept] (cin * K + k) and
 * `<name>.values` [kept], and lists their shapes under `sparse` in its metadata.
 *
 * @module
 */
import { encodeSafetensors, type StoredTensor } from "../core/safetensors.ts";
import { pytorchName } from "../model/pytorch_names.ts";
import { tensorShapes } from "../model/shape.ts";
import { tensorOf, type TrainedNetwork } from "./network.ts";
import { storeSparse } from "./sparse_tensor.ts";

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
