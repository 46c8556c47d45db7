/**
 * Writes a comparison to disk.
 *
 * @module
 */
import * as crypto from "node:crypto";
import * as path from "node:path";
import { jsonText, writeFilesAtomic } from "../core/files.ts";
import { REPORTS } from "../core/paths.ts";
import { csvText } from "../report/csv.ts";
import { rebuildIndex } from "../report/index_page.ts";
import type { Comparison } from "./comparison.ts";
import { comparisonPage } from "./page.ts";
import { allTable } from "./tables.ts";

/** Longest name that is made from names of runs. */
const LONGEST = 80;

/** The files of a comparison. */
export interface ComparisonFiles {
  json: string;
  csv: string;
  page: string;
}

/**
 * Writes `OUT.html` and, in the directory `OUT`, `comparison.json` and `comparison.csv`; in `reports/`
 * it also renews the list there.
 *
 * @param out Path without an extension.
 */
export function writeComparison(comparison: Comparison, out: string): ComparisonFiles {
  const files = {
    json: path.join(out, "comparison.json"),
    csv: path.join(out, "comparison.csv"),
    page: `${out}.html`,
  };
  writeFilesAtomic([
    [files.json, jsonText(comparison)],
    [files.csv, csvText(allTable(comparison))],
    [files.page, comparisonPage(comparison)],
  ]);
  if (path.dirname(path.resolve(out)) === REPORTS) rebuildIndex();
  return files;
}

/**
 * `reports/compare-` and the runs' names; or, if that is too long, the part the names have in common and a
 * hash. The order of the runs does not matter.
 */
export function defaultOut({ runs, split }: Comparison): string {
  const names = runs.map(({ name }) => name.replace(/[^\w.-]+/g, "_")).sort();
  const all = names.join("-");
  const text = all.length <= LONGEST
    ? all
    : `${names.length}-runs-${
      crypto.createHash("sha256").update(JSON.stringify(names)).digest("hex").slice(0, 8)
    }`;
  return path.join(REPORTS, `compare-${text}${split === "dev" ? "-dev" : ""}`);
}
