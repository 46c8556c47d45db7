/**
 * PyTorch's float64 results for single ops, made by `scripts/golden/make_ops.py`.
 *
 * @module
 */
import { decodeSafetensors } from "../../../src/core/safetensors.ts";

/** One recorded op. */
export interface OpGolden {
  /** E.g. "conv1d.strided". */
  readonly name: string;
  /** The settings that the script stored with it. */
  readonly settings: Record<string, unknown>;
  /** The tensor of that name. */
  array(name: string): Float64Array;
  /** Its shape. */
  shape(name: string): number[];
}

/** The committed file. */
export const OP_GOLDENS: URL = new URL("./ops.safetensors", import.meta.url);

/** The recorded cases of one op. */
export function loadOpGoldens(op: string): OpGolden[] {
  const file = decodeSafetensors(Deno.readFileSync(OP_GOLDENS), "the golden ops");
  const names = Object.keys(file.metadata).filter((name) => name.startsWith(`${op}.`));
  return names.map((name) => {
    const stored = (key: string) => {
      const tensor = file.tensors.get(`${name}.${key}`);
      if (!tensor) throw new TypeError(`The golden file has no tensor ${name}.${key}`);
      return tensor;
    };
    return {
      name,
      settings: JSON.parse(file.metadata[name]!) as Record<string, unknown>,
      array: (key) => stored(key).data as Float64Array,
      shape: (key) => stored(key).shape,
    };
  });
}
