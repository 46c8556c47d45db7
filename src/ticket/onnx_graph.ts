/**
 * Builds an ONNX model node by node.
 *
 * @module
 */
import { ATTRIBUTE, FLOAT, INT64, ModelProto } from "./onnx_schema.ts";

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

export class OnnxGraph {
  private readonly nodes: object[] = [];
  private readonly initializers: object[] = [];
  private readonly used = new Set<string>();

  /** @throws {RangeError} If the operator set is not one of {@linkcode OPSETS}. */
  constructor(private readonly opset: number) {
    if (!OPSETS.some((each) => each === opset)) {
      throw new RangeError(`opset must be one of ${OPSETS.join(", ")}, got ${opset}`);
    }
  }

  /** A tensor that is part of the model. Returns its name. */
  tensor(name: string, dims: readonly number[], data: Float32Array | BigInt64Array): string {
    this.initializers.push({
      name: this.claim(name),
      dims,
      dataType: data instanceof Float32Array ? FLOAT : INT64,
      rawData: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
    });
    return name;
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
