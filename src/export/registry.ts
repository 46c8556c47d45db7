/**
 * The formats of `deno task export`: its choices, its options and their help come from this table.
 *
 * @module
 */
import { c } from "./c.ts";
import type { Exporter } from "./exporter.ts";
import { hub } from "./hub.ts";
import { html } from "./html.ts";
import { onnx } from "./onnx.ts";
import { safetensors } from "./safetensors.ts";
import { ticket } from "./ticket.ts";

/** A line a format. */
const EXPORTERS = { ticket, safetensors, onnx, c, html, hub };

export type Format = keyof typeof EXPORTERS;

export const FORMATS = Object.keys(EXPORTERS) as Format[];

/** A format's exporter; whoever calls it passes on what its own flags were parsed to. */
export function exporterOf(format: Format): Exporter<Record<string, unknown>> {
  return EXPORTERS[format] as Exporter<Record<string, unknown>>;
}
