/**
 * The frame of every page: one self-contained HTML text that needs no network and no other file.
 *
 * @module
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { bundleScript } from "./bundle.ts";
import { type Html, html, jsonForScript, scriptText, trusted } from "./html.ts";

const HERE = import.meta.dirname ?? ".";
const UPLOT = path.resolve(HERE, "../../node_modules/uplot/dist");

/** Later sheets win over earlier ones. */
const STYLES = ["base", "head", "figures", "tables", "reading", "media"];

/** The parts of a page around its body. */
export interface Shell {
  title: string;
  body: Html;
  /** Tables for the script, under the id "data". */
  data: unknown;
  /** The script's entry module: its name in `client/`, or a whole path. */
  script: string;
  /** Whether the page draws with uPlot. */
  charts: boolean;
  /** Further style sheets: names in `styles/`, or whole paths, without ending. */
  styles?: readonly string[];
}

/**
 * A self-contained HTML text. Its policy allows exactly the script and the style sheet that the page
 * contains, by their hashes. Everything else (network, frames, inline handlers) is forbidden.
 */
export function shell({ title, body, data, script, charts, styles: own = [] }: Shell): string {
  const read = (file: string) => fs.readFileSync(path.join(UPLOT, file), "utf8");
  const code = scriptText(
    (charts ? read("uPlot.iife.min.js") + "\n" : "") +
      bundleScript(path.resolve(HERE, "client", script)),
  );
  const styles = (charts ? read("uPlot.min.css") : "") +
    [...STYLES, ...own].map((name) =>
      fs.readFileSync(path.resolve(HERE, "styles", `${name}.css`), "utf8")
    ).join("");
  const policy = `default-src 'none'; script-src ${hash(code)}; style-src ${hash(styles)}; ` +
    "base-uri 'none'; form-action 'none'";
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta http-equiv="Content-Security-Policy" content="${policy}">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <meta name="color-scheme" content="light dark">
        <title>${title}</title>
        <style>${trusted(styles)}</style>
      </head>
      <body>
    ${body}
    <script type="application/json" id="data">${trusted(jsonForScript(data))}</script>
    <script>${trusted(code)}</script>
      </body>
    </html>
  `.text;
}

/** The drawing at the top of a page: one heartbeat, drawn with fewer and fewer points. */
export function heartbeats(): Html {
  const beat = (x: number) =>
    `M${x} 26h14c3 0 4-5 7-5s4 5 7 5h6l3 4 5-26 6 34 4-12h8c4 0 6-8 11-8s7 8 11 8h13`;
  const fade = ["", "7 2", "4 5", "2 8", "1.5 14"];
  return html`<svg class="beats" viewBox="0 0 480 42" aria-hidden="true">${
    fade.map((dash, i) =>
      html`
        <path d="${beat(i * 96)}" stroke-dasharray="${dash || "none"}" />
      `
    )
  }</svg>`;
}

function hash(text: string): string {
  return `'sha256-${crypto.createHash("sha256").update(text).digest("base64")}'`;
}
