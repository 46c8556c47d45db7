/**
 * Builds an ONNX model node by node.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { ATTRIBUTE, FLOAT, FLOAT16, INT64, ModelProto } from "./onnx_schema.ts";

/** Operator sets that a model may use; all operations here are the same in each. */
export const OPSETS = [13, 14, 15, 16, 17] as const;

/** The file format that belongs to an operator set; 8 is the newest that old runtimes accept. */
function irVersion(opset: number): number {
  return opset < 15 ? 7 : 8;
}

/** An attribute's value: numbers are floats if given as `{ float }`. */
export type Attribute = number | string | readonly number[] | { readonly float: number };

/** An input or output of the graph; named dimensions are free. */
export interface Port {
  readonly name: string;
  readonly dims: readonly (number | string)[];
}

/** How weights are stored. */
export interface WeightStorage {
  /** As 16-bit floats, which a Cast widens; every runtime then computes in 32 bits. */
  readonly float16: boolean;
  /** As survivors with their places, where that takes fewer bytes. */
  readonly sparse: boolean;
}

/** Bytes of the place of a survivor: ONNX allows 64-bit integers alone. */
const PLACE_BYTES = 8;

export class OnnxGraph {
  private readonly nodes: object[] = [];
  private readonly initializers: object[] = [];
  private readonly sparseInitializers: object[] = [];
  private readonly used = new Set<string>();

  /** @throws {RangeError} If the operator set is not one of {@linkcode OPSETS}. */
  constructor(private readonly opset: number) {
    if (!OPSETS.some((each) => each === opset)) {
      throw new RangeError(`opset must be one of ${OPSETS.join(", ")}, got ${opset}`);
    }
  }

  /** A tensor that is part of the model. Returns its name. */
  tensor(name: string, dims: readonly number[], data: Float32Array | BigInt64Array): string {
    this.initializers.push(tensorProto(this.claim(name), dims, data));
    return name;
  }

  /**
   * A weight that may be pruned. Returns its name.
   *
   * @throws {UsageError} If a value does not fit 16 bits.
   */
  weight(
    name: string,
    { dims, data, float16, sparse }: WeightStorage & {
      readonly dims: readonly number[];
      readonly data: Float32Array;
    },
  ): string {
    const stored = float16 ? `${name}.float16` : name;
    const numbers = float16 ? halved(name, data) : data;
    const places = [...data.keys()].filter((i) => numbers[i] !== 0);
    const width = numbers.BYTES_PER_ELEMENT;
    if (sparse && places.length * (width + PLACE_BYTES) < data.length * width) {
      const indices = BigInt64Array.from(places, BigInt);
      this.sparseInitializers.push({
        values: tensorProto(
          this.claim(stored),
          [places.length],
          numbers.filter((value) => value !== 0),
        ),
        indices: tensorProto("", [places.length], indices),
        dims,
      });
    } else {
      this.initializers.push(tensorProto(this.claim(stored), dims, numbers));
    }
    return float16 ? this.node("Cast", [stored], { name, to: FLOAT }) : name;
  }

  /** An operation with one result, which is named like the node. Returns that name. */
  node(
    opType: string,
    inputs: readonly string[],
    { name, ...attributes }: { name: string } & Record<string, Attribute>,
  ): string {
    this.nodes.push({
      opType,
      name: this.claim(name),
      input: inputs,
      output: [name],
      attribute: Object.entries(attributes).map(([key, value]) => attribute(key, value)),
    });
    return name;
  }

  /** The file's bytes. */
  encode(
    options: {
      input: Port;
      output: Port;
      name: string;
      description: string;
      metadata: Readonly<Record<string, string>>;
    },
  ): Uint8Array {
    const message = ModelProto.create({
      irVersion: irVersion(this.opset),
      producerName: "lth-ecg",
      docString: options.description,
      opsetImport: [{ domain: "", version: this.opset }],
      graph: {
        name: options.name,
        node: this.nodes,
        initializer: this.initializers,
        sparseInitializer: this.sparseInitializers,
        input: [port(options.input)],
        output: [port(options.output)],
      },
      metadataProps: Object.entries(options.metadata).map(([key, value]) => ({ key, value })),
    });
    return ModelProto.encode(message).finish();
  }

  private claim(name: string): string {
    if (this.used.has(name)) throw new Error(`The graph already has a value named ${name}`);
    this.used.add(name);
    return name;
  }
}

function tensorProto(
  name: string,
  dims: readonly number[],
  data: Float32Array | Float16Array | BigInt64Array,
): object {
  const dataType = data instanceof Float32Array
    ? FLOAT
    : data instanceof Float16Array
    ? FLOAT16
    : INT64;
  const rawData = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return { name, dims, dataType, rawData };
}

function halved(name: string, data: Float32Array): Float16Array {
  const numbers = Float16Array.from(data);
  const wrong = numbers.findIndex((value) => !Number.isFinite(value));
  if (wrong < 0) return numbers;
  throw new UsageError(
    `Cannot store ${name} as 16-bit floats: it has a weight of ${data[wrong]}, at most 65504 ` +
      "fit; leave out --float16",
  );
}

function attribute(name: string, value: Attribute): object {
  if (typeof value === "number") return { name, i: value, type: ATTRIBUTE.int };
  if (typeof value === "string") {
    return { name, s: new TextEncoder().encode(value), type: ATTRIBUTE.string };
  }
  if ("float" in value) return { name, f: value.float, type: ATTRIBUTE.float };
  return { name, ints: value, type: ATTRIBUTE.ints };
}

function port({ name, dims }: Port): object {
  const dim = dims.map((each) =>
    typeof each === "number" ? { dimValue: each } : { dimParam: each }
  );
  return { name, type: { tensorType: { elemType: FLOAT, shape: { dim } } } };
}
