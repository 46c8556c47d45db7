/**
 * `--format html`: one offline page that labels ECGs.
 *
 * @module
 */
import type { Exporter } from "./exporter.ts";
import { labellingPage } from "./page/page.ts";

const ENDING = ".html";

export const html: Exporter = {
  ending: ENDING,
  flags: {},
  defaultName: (base) => base,
  encode: ({ ticket }) => ({
    files: [[ENDING, labellingPage(ticket)]],
    lines: ["open it in a browser and drop recordings on it; it needs no network"],
  }),
};
