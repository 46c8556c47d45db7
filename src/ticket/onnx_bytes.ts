/**
 * Counts what the bytes of an ONNX file are.
 *
 * @module
 */
import { FLOAT16, ModelProto } from "./onnx_schema.ts";

/** Bytes of a model; they add up to the file. */
export interface OnnxBytes {
  /** Weights of convolutions that are not 0. */
  readonly survivors: number;
  /** Weights of convolutions that are 0. */
  readonly zeros: number;
  /** Places of survivors where the zeros are left out. */
  readonly places: number;
  /** All other numbers: biases, norms, constants. */
  readonly others: number;
  /** Nodes, names, metadata. */
  readonly rest: number;
}

/** The parts of the messages that are counted. */
interface Model {
  readonly graph: {
    readonly initializer: readonly TensorProto[];
    readonly sparseInitializer: readonly {
      readonly values: TensorProto;
      readonly indices: TensorProto;
    }[];
  };
}
interface TensorProto {
  readonly dims: readonly unknown[];
  readonly dataType: number;
  readonly rawData: Uint8Array;
}

/** @param file The bytes of a model that onnx.ts wrote. */
export function onnxBytes(file: Uint8Array): OnnxBytes {
  const { graph } = ModelProto.decode(file) as unknown as Model;
  let [survivors, zeros, places, others] = [0, 0, 0, 0];
  for (const { dims, dataType, rawData } of graph.initializer) {
    if (dims.length < 3) {
      others += rawData.length;
      continue;
    }
    const width = dataType === FLOAT16 ? 2 : 4;
    for (let at = 0; at < rawData.length; at += width) {
      if (isZero(rawData.subarray(at, at + width))) zeros += width;
      else survivors += width;
    }
  }
  for (const { values, indices } of graph.sparseInitializer) {
    survivors += values.rawData.length;
    places += indices.rawData.length;
  }
  return {
    survivors,
    zeros,
    places,
    others,
    rest: file.length - survivors - zeros - places - others,
  };
}

/** Whether a little-endian float is 0 or -0. */
function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte, i) => (i === bytes.length - 1 ? byte & 0x7f : byte) === 0);
}
