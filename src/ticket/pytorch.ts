/**
 * Writes a network as a PyTorch state dict in a safetensors file, with its graph; `python/lth_ecg.py`
 * builds and runs it. model/pytorch_names.ts gives the names. In a sparse file a convolution's weight is
 * replaced by `<name>.rows` [Cout + 1], `<name>.columns` [kept] (cin * K + k) and `<name>.values` [kept];
 * the metadata lists their shapes under `sparse`.
 *
 * @module
 */
import { encodeSafetensors, type StoredTensor } from "../core/safetensors.ts";
import { type Graph, INPUT, tensorsOf } from "../model/graph.ts";
import { pytorchModule, pytorchName } from "../model/pytorch_names.ts";
import { tensorOf, type TrainedNetwork } from "./network.ts";
import { storeSparse } from "./sparse_tensor.ts";

/** The bytes of the file, dense with zeros or with weights in compressed sparse rows. */
export function encodePytorch(
  network: TrainedNetwork,
  options: { sparse: boolean; metadata?: Readonly<Record<string, string>> },
): Uint8Array<ArrayBuffer> {
  const tensors = new Map<string, StoredTensor>();
  const sparse: Record<string, number[]> = {};
  for (const { name, shape } of tensorsOf(network.graph)) {
    const data = tensorOf(network, name);
    const target = pytorchName(name);
    if (!options.sparse || shape.length === 1) {
      tensors.set(target, { shape: [...shape], data });
      continue;
    }
    sparse[target] = [...shape];
    for (const [key, tensor] of storeSparse(target, { weight: data, shape, form: "csr" })) {
      // PyTorch's sparse rows take 32-bit indices.
      const { shape, data } = tensor;
      const wide = data instanceof Int16Array ? Int32Array.from(data) : data;
      tensors.set(key, { shape, data: wide });
    }
  }
  return encodeSafetensors({
    tensors,
    metadata: {
      ...options.metadata,
      format: "pt",
      network: JSON.stringify({
        name: network.graph.name,
        epsilon: network.epsilon,
        nodes: modulesOf(network.graph),
      }),
      sparse: JSON.stringify(sparse),
    },
  });
}

/** The nodes with their names in the state dict. */
function modulesOf({ nodes }: Graph): object[] {
  const module = (name: string) => name === INPUT ? INPUT : pytorchModule(name);
  return nodes.map((node) => ({
    ...node,
    name: module(node.name),
    input: module(node.input),
    ...(node.op === "conv" && node.add !== undefined ? { add: module(node.add) } : {}),
  }));
}
