/**
 * Divides records into train, dev and test.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";
import { distribute } from "./distribute.ts";
import { type Side, SIDES } from "./format.ts";
import { PythonRandom } from "./python_random.ts";

/** A split that is drawn. Fractions are of the usable records; dev + test < 1. */
export interface DrawnSplit {
  method: "stratified" | "awni";
  dev: number;
  /** 0 with `awni`, which has no test set. */
  test: number;
  seed: number;
}

/** A split that the data set's authors published: which of its folds are dev and test. */
export interface PublishedSplit {
  method: "published";
  dev: readonly string[];
  test: readonly string[];
}

/** The kinds of split. */
export type SplitOptions = DrawnSplit | PublishedSplit;

/** The properties of a record that a split uses. */
export interface SplitRecord {
  label: string;
  /** Equal for recordings with equal samples. */
  digest: string;
  /** Equal for recordings that must be on one side, e.g. those of a patient; absent if unknown. */
  group?: string;
  /** The published fold; absent if there is none. */
  fold?: string;
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
  if (options.method === "published") return published(records, options);
  const drawn = {
    method: options.method,
    dev: options.dev,
    test: options.test,
    seed: options.seed,
  };
  if (drawn.method === "awni") return awni(records, drawn);
  return isGrouped(records) ? stratifiedGroups(records, drawn) : stratified(records, drawn);
}

/** Every record on the side that its published fold is on. */
function published(
  records: readonly SplitRecord[],
  { dev, test }: PublishedSplit,
): Assignment {
  const sideOf = ({ fold }: SplitRecord): Side =>
    fold !== undefined && test.includes(fold)
      ? "test"
      : fold !== undefined && dev.includes(fold)
      ? "dev"
      : "train";
  return {
    sides: Uint8Array.from(records, (record) => CODE[sideOf(record)]),
    order: records.map((_, i) => i),
  };
}

/**
 * The split of awni/ecg's `build_datasets.py` under Python 3: shuffle all, the first int(dev * n) are
 * dev. It ignores classes and duplicates.
 */
function awni(records: readonly SplitRecord[], { dev, seed }: DrawnSplit): Assignment {
  const order = new PythonRandom(seed).shuffle(records.map((_, i) => i));
  const sides = new Uint8Array(records.length).fill(CODE.train);
  for (const i of order.slice(0, Math.trunc(dev * records.length))) sides[i] = CODE.dev;
  return { sides, order };
}

/**
 * Every class has the same proportion on each side. Recordings with equal samples stay together, so that no
 * recording is on two sides. A class of three or more records is on every requested side.
 */
function stratified(
  records: readonly SplitRecord[],
  { dev, test, seed }: DrawnSplit,
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

/**
 * Like {@linkcode stratified}, for records with groups: a group is on one side, and the classes keep their
 * proportions as far as this allows.
 */
function stratifiedGroups(
  records: readonly SplitRecord[],
  { dev, test, seed }: DrawnSplit,
): Assignment {
  const units = inseparable(records);
  const { labels, counts } = classCounts(records, units);
  const targets = SIDES.map(() => labels.map(() => 0));
  for (const c of labels.keys()) {
    const total = counts.reduce((sum, unit) => sum + unit[c]!, 0);
    const left = quotas(total, { dev, test });
    targets[CODE.dev]![c] = left.dev;
    targets[CODE.test]![c] = left.test;
    targets[CODE.train]![c] = total - left.dev - left.test;
  }
  const rng = createRng(seed, "split", "groups");
  const sideOf = distribute({ units: counts, targets, rng });
  const sides = new Uint8Array(records.length);
  for (const [u, unit] of units.entries()) for (const i of unit) sides[i] = sideOf[u]!;
  return { sides, order: records.map((_, i) => i) };
}

/** Whether any of the records has a group. */
export function isGrouped(records: readonly SplitRecord[]): boolean {
  return records.some(({ group }) => group !== undefined);
}

/** Records of each class in each unit, and the classes in that order. */
export function classCounts(
  records: readonly SplitRecord[],
  units: readonly (readonly number[])[],
): { labels: string[]; counts: number[][] } {
  const labels = [...new Set(records.map(({ label }) => label))];
  const position = new Map(labels.map((label, c) => [label, c]));
  const counts = units.map((unit) => {
    const own = labels.map(() => 0);
    for (const i of unit) own[position.get(records[i]!.label)!]!++;
    return own;
  });
  return { labels, counts };
}

/**
 * The records as units that must stay together, in order of appearance. Records of one group and records with
 * equal samples are in one unit, and so are records that a chain of such links connects.
 */
export function inseparable(records: readonly SplitRecord[]): number[][] {
  const parent = records.map((_, i) => i);
  const root = (i: number): number => {
    while (parent[i] !== i) i = parent[i] = parent[parent[i]!]!;
    return i;
  };
  const first = new Map<string, number>();
  const link = (key: string, i: number) => {
    const other = first.get(key);
    if (other === undefined) first.set(key, i);
    else parent[Math.max(root(i), root(other))] = Math.min(root(i), root(other));
  };
  for (const [i, { digest, group }] of records.entries()) {
    link(`samples ${digest}`, i);
    if (group !== undefined) link(`group ${group}`, i);
  }
  const units = new Map<number, number[]>();
  for (const i of records.keys()) {
    const unit = units.get(root(i));
    if (unit) unit.push(i);
    else units.set(root(i), [i]);
  }
  return [...units.values()];
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
