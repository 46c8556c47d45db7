/**
 * Lists the comparisons in the folder of reports.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Value } from "./data.ts";
import { finite } from "./finite.ts";

/** One line of the list of comparisons. */
export interface ListedComparison {
  name: string;
  /** The page's file name. */
  page: string;
  answer: string;
  split: string;
  methods: number;
  runs: number;
  records: Value;
  /** Largest compression that is shown to match dense; null if none is. */
  matching: Value;
  /** Mean score by density of every method; a dense network that is trained on has one density and no curve. */
  curves: Value[][];
}

/** The parts of `comparison.json` that the list shows. */
interface Known {
  format: string;
  name: string;
  split: string;
  records: number;
  sentences: { answer: string };
  methods: {
    /** Absent in older files, which drew all methods. */
    continued?: boolean;
    levels: { theta: number; mean: number }[];
    matching: { byInterval: number | null };
  }[];
  runs: unknown[];
}

/** Comparisons in `reports` that have a page, ordered by name; and those whose results cannot be read. */
export function listedComparisons(
  reports: string,
): { comparisons: ListedComparison[]; unreadable: string[] } {
  const comparisons: ListedComparison[] = [];
  const unreadable: string[] = [];
  for (const name of fs.existsSync(reports) ? fs.readdirSync(reports).sort() : []) {
    const file = path.join(reports, name, "comparison.json");
    const page = `${name}.html`;
    if (!fs.existsSync(file) || !fs.existsSync(path.join(reports, page))) continue;
    try {
      comparisons.push(listed(JSON.parse(fs.readFileSync(file, "utf8")), page));
    } catch {
      unreadable.push(name);
    }
  }
  return { comparisons, unreadable };
}

/** @throws {Error} If `known` is not a comparison. */
function listed(known: Known, page: string): ListedComparison {
  if (known.format !== "lth-ecg-comparison/1") throw new Error(`unknown format ${known.format}`);
  const thetas = known.methods.flatMap(({ levels, matching: { byInterval } }) =>
    byInterval === null ? [] : [levels[byInterval]!.theta]
  );
  return {
    name: String(known.name),
    page,
    answer: String(known.sentences.answer),
    split: String(known.split),
    methods: known.methods.length,
    runs: known.runs.length,
    records: finite(known.records),
    matching: thetas.length === 0 ? null : Math.max(...thetas),
    curves: known.methods.filter(({ continued }) => !continued).map(({ levels }) =>
      levels.map(({ mean }) => finite(mean))
    ),
  };
}
