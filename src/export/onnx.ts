/**
 * `--format onnx`: a model that takes stored units and gives logits.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { onnxModel } from "../ticket/onnx.ts";
import { OPSETS } from "../ticket/onnx_graph.ts";
import type { Exporter } from "./exporter.ts";
import { metadataOf } from "./metadata.ts";

const ENDING = ".onnx";

export const onnx: Exporter<{ readonly opset?: number }> = {
  ending: ENDING,
  flags: {
    opset: {
      flags: "--opset <n>",
      help: `operator set, ${OPSETS[0]} to ${OPSETS.at(-1)} (default: ${OPSETS[0]}, which most ` +
        "runtimes take)",
      parse: opsetOf,
    },
  },
  defaultName: (base) => base,
  encode: ({ ticket, options: { opset = OPSETS[0] } }) => {
    const { network, normalisation } = ticket;
    const bytes = onnxModel(network, { normalisation, opset, metadata: metadataOf(ticket) });
    return { files: [[ENDING, bytes]], lines: [`operator set ${opset}`] };
  },
};

function opsetOf(text: string): number {
  const opset = OPSETS.find((each) => String(each) === text);
  if (opset !== undefined) return opset;
  throw new UsageError(`--opset must be one of ${OPSETS.join(", ")}, got ${JSON.stringify(text)}`);
}
