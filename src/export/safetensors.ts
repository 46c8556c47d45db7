/**
 * `--format safetensors`: a PyTorch state dict.
 *
 * @module
 */
import { encodePytorch } from "../ticket/pytorch.ts";
import type { Exporter } from "./exporter.ts";
import { metadataOf } from "./metadata.ts";

const ENDING = ".safetensors";

export const safetensors: Exporter<{ readonly sparse?: true }> = {
  ending: ENDING,
  flags: {
    sparse: {
      flags: "--sparse",
      help: "weights in compressed sparse rows instead of with zeros",
    },
  },
  defaultName: (base, { sparse }) => sparse ? `${base}-sparse` : base,
  encode: ({ ticket, options: { sparse = false } }) => {
    const bytes = encodePytorch(ticket.network, { sparse, metadata: metadataOf(ticket) });
    return { files: [[ENDING, bytes]], lines: [] };
  },
};
