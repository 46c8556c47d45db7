/**
 * Who is in train, dev and test.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";
import { type Side, SIDES } from "./format.ts";
import { PythonRandom } from "./python_random.ts";

/** How to split. Fractions are of the usable records; dev + test < 1. */
export interface SplitOptions {
  method: "stratified" | "awni";
  dev: number;
  /** 0 with `awni`, which has no test set. */
  test: number;
  seed: number;
}

/** What a split needs to know of a record. */
export interface SplitRecord {
  label: string;
  /** Equal for recordings with equal samples. */
  digest: string;
}

/** The result of a split. */
export interface Assignment {
  /** Each record's side, as an index of {@linkcode SIDES} [records]. */
  sides: Uint8Array;
  /** The order in which a manifest lists records: indices [records]. */
  order: number[];
}

const CODE = Object.fromEntries(SIDES.map((side, code) => [side, code])) as Record<Side, number>;

/** Splits `records`, which come in the order of the label file. */
export function splitRecords(
  records: readonly SplitRecord[],
  options: SplitOptions,
): Assignment {
  return options.method === "awni" ? awni(records, options) : stratified(records, options);
}

/**
 * The split of awni/ecg's `build_datasets.py` under Python 3: shuffle all, the first int(dev * n) are
 * dev. It neither stratifies nor looks at duplicates.
 */
function awni(records: readonly SplitRecord[], { dev, seed }: SplitOptions): Assignment {
  const order = new PythonRandom(seed).shuffle(records.map((_, i) => i));
  const sides = new Uint8Array(records.length).fill(CODE.train);
  for (const i of order.slice(0, Math.trunc(dev * records.length))) sides[i] = CODE.dev;
  return { sides, order };
}

/**
 * Every class in the same proportions on each side, and recordings with equal samples together, so
 * that no side has seen another's. A class of three or more is on every side that is asked for.
 */
function stratified(
  records: readonly SplitRecord[],
  { dev, test, seed }: SplitOptions,
): Assignment {
  const sides = new Uint8Array(records.length).fill(CODE.train);
  for (const [label, units] of unitsByClass(records)) {
    const left = quotas(units.reduce((total, unit) => total + unit.length, 0), { dev, test });
    for (const unit of createRng(seed, "split", label).shuffle(units)) {
      const side = (["test", "dev"] as const).find((side) => left[side] >= unit.length);
      if (!side) continue;
      left[side] -= unit.length;
      for (const i of unit) sides[i] = CODE[side];
    }
  }
  return { sides, order: records.map((_, i) => i) };
}

/** Groups of equal recordings, by the class of the first of each. */
export function unitsByClass(records: readonly SplitRecord[]): Map<string, number[][]> {
  const classes = new Map<string, number[][]>();
  for (const unit of equalRecordings(records)) {
    const { label } = records[unit[0]!]!;
    const units = classes.get(label);
    if (units) units.push(unit);
    else classes.set(label, [unit]);
  }
  return classes;
}

/** The records as groups with equal samples, most of them groups of one, in order of appearance. */
export function equalRecordings(records: readonly SplitRecord[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [i, { digest }] of records.entries()) {
    const group = groups.get(digest);
    if (group) group.push(i);
    else groups.set(digest, [i]);
  }
  return [...groups.values()];
}

/** How many of a class's `count` records go to dev and test; at least one stays for training. */
function quotas(count: number, { dev, test }: { dev: number; test: number }) {
  const share = (fraction: number) =>
    fraction === 0 ? 0 : Math.max(1, Math.round(fraction * count));
  const left = { dev: share(dev), test: share(test) };
  while (left.dev + left.test > count - 1 && left.dev + left.test > 0) {
    left[left.test >= left.dev ? "test" : "dev"]--;
  }
  return left;
}
