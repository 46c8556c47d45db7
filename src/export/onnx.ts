/**
 * `--format onnx`: a model that takes stored units and gives logits.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { onnxModel } from "../ticket/onnx.ts";
import { onnxBytes } from "../ticket/onnx_bytes.ts";
import { OPSETS } from "../ticket/onnx_graph.ts";
import type { Exporter } from "./exporter.ts";
import { metadataOf } from "./metadata.ts";

const ENDING = ".onnx";

interface OnnxFlags {
  readonly opset?: number;
  readonly float16?: true;
  readonly sparseWeights?: true;
}

export const onnx: Exporter<OnnxFlags> = {
  ending: ENDING,
  flags: {
    opset: {
      flags: "--opset <n>",
      help: `operator set, ${OPSETS[0]} to ${OPSETS.at(-1)} (default: ${OPSETS[0]}, which most ` +
        "runtimes take)",
      parse: opsetOf,
    },
    float16: {
      flags: "--float16",
      help: "weights as 16-bit floats; runtimes still compute in 32 bits",
    },
    sparseWeights: {
      flags: "--sparse-weights",
      help: "surviving weights with their places where that is smaller; for onnxruntime",
    },
  },
  defaultName: (base) => base,
  encode: ({ ticket, options }) => {
    const { opset = OPSETS[0], float16 = false, sparseWeights: sparse = false } = options;
    const { network, normalisation } = ticket;
    const metadata = metadataOf(ticket);
    const bytes = onnxModel(network, { normalisation, opset, float16, sparse, metadata });
    return { files: [[ENDING, bytes]], lines: [`operator set ${opset}`, bytesLine(bytes)] };
  },
};

/** What the bytes of a model are, in words. */
function bytesLine(model: Uint8Array): string {
  const count = (n: number) => n.toLocaleString("en");
  const { survivors, zeros, places, others, rest } = onnxBytes(model);
  return [
    `bytes: ${count(survivors)} surviving weights`,
    ...(zeros > 0 ? [`${count(zeros)} zeros of pruned weights`] : []),
    ...(places > 0 ? [`${count(places)} places of survivors`] : []),
    `${count(others)} biases, norms and constants`,
    `${count(rest)} graph and texts`,
  ].join(", ");
}

function opsetOf(text: string): number {
  const opset = OPSETS.find((each) => String(each) === text);
  if (opset !== undefined) return opset;
  throw new UsageError(`--opset must be one of ${OPSETS.join(", ")}, got ${JSON.stringify(text)}`);
}
