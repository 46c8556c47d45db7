/**
 * `--format ticket`: the file that predict, footprint and export read.
 *
 * @module
 */
import { encodeTicket, TICKET_ENDING } from "../ticket/ticket_file.ts";
import type { Exporter } from "./exporter.ts";

export const ticket: Exporter = {
  ending: TICKET_ENDING,
  flags: {},
  defaultName: (base) => base,
  encode: ({ ticket }) => ({ files: [[TICKET_ENDING, encodeTicket(ticket)]], lines: [] }),
};
