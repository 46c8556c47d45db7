import assert from "node:assert/strict";
import * as fs from "node:fs";
import { DOCUMENTS } from "./build.ts";

const REGION = /^<!-- study: .* -->\n[^]*?^<!-- end -->$/gm;
const INTERVAL = /\[(−?\d\.\d{3}),\s+(−?\d\.\d{3})\]/g;

/** Intervals that no table has, with what they come from. */
const OF_NO_TABLE: Readonly<Record<string, string>> = {
  "[−0.001, 0.039]": "corrected, the ticket of 2.6 % and dense of 12 epochs",
  "[0.005, 0.042]": "fold 1 alone",
  "[0.823, 0.843]": "the default ticket in cross-validation, on its card",
  "[−0.027, 0.025]": "on dev, three seeds, 40 %",
  "[−0.029, 0.011]": "the same at 16 %",
  "[−0.079, 0.061]": "the same at 6.4 %",
};

function intervals(text: string): string[] {
  return [...text.matchAll(INTERVAL)].map(([, low, high]) => `[${low}, ${high}]`);
}

/** The interval of the difference taken the other way round. */
function reversed(interval: string): string {
  const negative = (text: string) =>
    text === "0.000" ? text : text.startsWith("−") ? text.slice(1) : `−${text}`;
  const [low, high] = interval.slice(1, -1).split(", ");
  return `[${negative(high!)}, ${negative(low!)}]`;
}

Deno.test("an interval in a sentence about the study is that of a table", () => {
  const texts = DOCUMENTS.map((file) => fs.readFileSync(file, "utf8"));
  const tables = new Set(texts.flatMap((text) => text.match(REGION) ?? []).flatMap(intervals));
  assert.ok(tables.size > 100);
  const sentences = texts.flatMap((text) =>
    // Tables that are written by hand are left out, too.
    intervals(text.replaceAll(REGION, "").replaceAll(/^\|.*$/gm, ""))
  );
  assert.ok(sentences.length > 30);
  const unknown = sentences.filter((interval) =>
    !tables.has(interval) && !tables.has(reversed(interval))
  );
  assert.deepEqual([...new Set(unknown)].sort(), Object.keys(OF_NO_TABLE).sort());
});
