/**
 * Cross-validation: divides the records of a data set into folds.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import type { LoadedDataset, Split } from "./dataset.ts";
import { fingerprint } from "./fingerprint.ts";
import { type Side, SIDES } from "./format.ts";
import { digestOf } from "./scan.ts";
import { distribute } from "./distribute.ts";
import {
  classCounts,
  inseparable,
  isGrouped,
  type SplitRecord,
  splitRecords,
  unitsByClass,
} from "./split.ts";
import { statistics } from "./statistics.ts";

/** One fold of a division of all records into `count` folds. */
export interface Fold {
  readonly count: number;
  /** 1 to count. */
  readonly fold: number;
  /** Seed of the division. */
  readonly seed: number;
}

/** A record of any side. */
interface PooledRecord extends SplitRecord {
  id: string;
  code: number;
  offset: number;
  length: number;
}

/**
 * `dataset` with the records of one fold as its test side. Of the other records of each class, the same share
 * goes to dev as in the data set's own split of train and dev. The rest is training data, from which mean
 * and standard deviation are computed. Except for that share, the previous split has no effect: only the
 * recordings, their labels and the fold decide the result.
 *
 * @throws {UsageError} If the fold is not one of `count`, or a class has too few different recordings
 * to have one in every fold.
 */
export function foldOf(dataset: LoadedDataset, options: Fold): LoadedDataset {
  const { count, fold, seed } = options;
  if (!(Number.isInteger(fold) && fold >= 1 && fold <= count)) {
    throw new UsageError(`Cannot test on fold ${fold} of ${count}: expected 1 to ${count}`);
  }
  const records = pool(dataset);
  const folds = assignFolds(records, options);
  const sides = new Uint8Array(records.length).fill(SIDES.indexOf("test"));
  const rest = records.flatMap((_, i) => (folds[i] === fold ? [] : [i]));
  const { sides: restSides } = splitRecords(rest.map((i) => records[i]!), {
    method: "stratified",
    dev: devShare(dataset),
    test: 0,
    seed,
  });
  for (const [at, i] of rest.entries()) sides[i] = restSides[at]!;

  const membersOf = (side: Side) => records.filter((_, i) => SIDES[sides[i]!] === side);
  return {
    ...dataset,
    ...statistics(dataset.samples, membersOf("train")),
    sha256: fingerprint(records.map((record, i) => ({ ...record, side: SIDES[sides[i]!]! }))),
    splits: Object.fromEntries(SIDES.map((side) => [side, splitOf(membersOf(side))])) as Record<
      Side,
      Split
    >,
  };
}

/**
 * The fold (1 to count) in which each record is tested [records]. The number of records of two folds
 * differs by one at most, for each class and in total. Recordings with equal samples stay together, which may
 * increase the difference.
 *
 * @throws {UsageError} If a class has fewer groups of equal recordings than there are folds.
 */
export function assignFolds(
  records: readonly SplitRecord[],
  { count, seed }: Omit<Fold, "fold">,
): Int32Array {
  if (isGrouped(records)) return assignGroupFolds(records, { count, seed });
  const folds = new Int32Array(records.length);
  const total = new Array<number>(count).fill(0);
  for (const [label, units] of unitsByClass(records)) {
    if (units.length < count) {
      throw new UsageError(
        `Cannot make ${count} folds: class ${label} has ${units.length} different recordings, ` +
          `expected one for each fold; use fewer --folds`,
      );
    }
    createRng(seed, "folds", label).shuffle(units);
    // Groups are placed first, so that single recordings can balance the folds.
    units.sort((a, b) => b.length - a.length);
    const ofClass = new Array<number>(count).fill(0);
    for (const unit of units) {
      const least = smallest(ofClass, total);
      ofClass[least]! += unit.length;
      total[least]! += unit.length;
      for (const i of unit) folds[i] = least + 1;
    }
  }
  return folds;
}

/** Like {@linkcode assignFolds}, for records with groups: a group is tested in one fold. */
function assignGroupFolds(
  records: readonly SplitRecord[],
  { count, seed }: Omit<Fold, "fold">,
): Int32Array {
  const units = inseparable(records);
  const { labels, counts } = classCounts(records, units);
  for (const [c, label] of labels.entries()) {
    const having = counts.filter((unit) => unit[c]! > 0).length;
    if (having >= count) continue;
    throw new UsageError(
      `Cannot make ${count} folds: class ${label} is in ${having} groups, expected one for each ` +
        `fold; use fewer --folds`,
    );
  }
  const shares = labels.map((_, c) => counts.reduce((sum, unit) => sum + unit[c]!, 0) / count);
  const targets = Array.from({ length: count }, () => shares);
  const foldOf = distribute({ units: counts, targets, rng: createRng(seed, "folds", "groups") });
  const folds = new Int32Array(records.length);
  for (const [u, unit] of units.entries()) for (const i of unit) folds[i] = foldOf[u]! + 1;
  return folds;
}

/** The index of the smallest number. Ties are decided by the smallest in `then`, then by the first index. */
function smallest(numbers: readonly number[], then: readonly number[]): number {
  return numbers.reduce((best, _, i) => {
    const difference = numbers[i]! - numbers[best]! || then[i]! - then[best]!;
    return difference < 0 ? i : best;
  }, 0);
}

/** All records in the order of their samples, which is that of the label file. */
function pool({ splits, classes, samples }: LoadedDataset): PooledRecord[] {
  const records = SIDES.flatMap((side) => {
    const { ids, offsets, lengths, labels, groups } = splits[side];
    return ids.map((id, i) => ({
      id,
      ...(groups ? { group: groups[i]! } : {}),
      code: labels[i]!,
      label: classes[labels[i]!]!,
      offset: offsets[i]!,
      length: lengths[i]!,
      digest: "",
    }));
  }).sort((a, b) => a.offset - b.offset);
  for (const [i, record] of records.entries()) {
    const end = records[i + 1]?.offset ?? samples.length;
    record.digest = digestOf(samples.subarray(record.offset, end));
  }
  return records;
}

function devShare({ splits: { train, dev } }: LoadedDataset): number {
  return dev.ids.length / (train.ids.length + dev.ids.length);
}

function splitOf(records: readonly PooledRecord[]): Split {
  return {
    ids: records.map(({ id }) => id),
    offsets: Float64Array.from(records, ({ offset }) => offset),
    lengths: Int32Array.from(records, ({ length }) => length),
    labels: Int32Array.from(records, ({ code }) => code),
    ...(isGrouped(records) ? { groups: records.map(({ group }) => group!) } : {}),
  };
}
