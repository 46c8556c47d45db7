/**
 * The paired bootstrap over records (Efron and Tibshirani 1993, chapter 13). Records are drawn with
 * replacement, and every network is scored on the same draw, so that the difficulty of a record, which all
 * networks share, cancels in a difference.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";
import type { Statistic } from "./f1.ts";

/** How records are drawn. */
export interface BootstrapOptions {
  /** Size of the confusion matrix: classes * classes. */
  cells: number;
  /** The score of a confusion matrix. */
  statistic: Statistic;
  /** Number of draws. */
  draws: number;
  /** Seed of the draws. */
  seed: number;
  /**
   * Group number of each record, from 0 to the number of groups - 1. Whole groups are drawn, with all their
   * records. null: records are drawn.
   */
  groups?: Uint32Array | null;
}

/**
 * The statistic of every network on every draw. Draw d is the same multiset of records for all
 * networks, and for every call with the same seed and number of records.
 *
 * @param outcomes Per network the confusion cell of each record; all of one length.
 * @returns Per network [draws].
 */
export function bootstrap(
  outcomes: readonly Uint16Array[],
  { cells, statistic, draws, seed, groups = null }: BootstrapOptions,
): Float64Array[] {
  const records = outcomes[0]?.length ?? 0;
  if (records === 0 || outcomes.some((outcome) => outcome.length !== records)) {
    throw new RangeError(
      `Cannot draw records: the networks have ${
        outcomes.map(({ length }) => length)
      } of them, expected the same number above 0`,
    );
  }
  // Networks agree on most records, so for each network only the differences from the first are counted.
  const [reference] = outcomes as [Uint16Array];
  const whole = runsOf(reference.keys(), (i) => reference[i]!);
  const changes = outcomes.map((outcome) =>
    runsOf(
      reference.keys().filter((i) => outcome[i] !== reference[i]),
      (i) => reference[i]! * cells + outcome[i]!,
    )
  );
  const results = outcomes.map(() => new Float64Array(draws));
  const rng = createRng(seed, "compare", "bootstrap");
  const drawn = new Uint16Array(groups ? Math.max(...new Set(groups)) + 1 : records);
  const times = groups ? new Uint16Array(records) : drawn;
  const common = new Float64Array(cells);
  const counts = new Float64Array(cells);
  for (let draw = 0; draw < draws; draw++) {
    drawn.fill(0);
    for (let i = 0; i < drawn.length; i++) drawn[rng.integer(drawn.length)]! += 1;
    if (groups) { for (let i = 0; i < records; i++) times[i] = drawn[groups[i]!]!; }
    common.fill(0);
    sumRuns(whole, times, (cell, sum) => common[cell] = sum);
    for (let n = 0; n < changes.length; n++) {
      counts.set(common);
      sumRuns(changes[n]!, times, (change, sum) => {
        counts[Math.floor(change / cells)]! -= sum;
        counts[change % cells]! += sum;
      });
      results[n]![draw] = statistic(counts);
    }
  }
  return results;
}

/** The statistic on the records as they are. */
export function observed(
  outcome: Uint16Array,
  { cells, statistic }: Pick<BootstrapOptions, "cells" | "statistic">,
): number {
  const counts = new Float64Array(cells);
  for (const cell of outcome) counts[cell]! += 1;
  return statistic(counts);
}

/** Records sorted by a key, so that the records of a key are neighbours. */
interface Runs {
  order: Uint32Array;
  /** Each key that occurs, and where its records end in `order`. */
  keys: number[];
  ends: number[];
}

function runsOf(records: Iterable<number>, keyOf: (record: number) => number): Runs {
  const byKey = new Map<number, number[]>();
  for (const record of records) {
    const key = keyOf(record);
    const own = byKey.get(key);
    if (own) own.push(record);
    else byKey.set(key, [record]);
  }
  const runs: Runs = { order: Uint32Array.from([...byKey.values()].flat()), keys: [], ends: [] };
  let end = 0;
  for (const [key, own] of byKey) {
    runs.keys.push(key);
    runs.ends.push(end += own.length);
  }
  return runs;
}

/** Calls back with the sum of `times` over each key's records. */
function sumRuns(
  { order, keys, ends }: Runs,
  times: Uint16Array,
  tell: (key: number, sum: number) => void,
): void {
  for (let k = 0, i = 0; k < keys.length; k++) {
    const end = ends[k]!;
    let sum = 0;
    for (; i < end; i++) sum += times[order[i]!]!;
    tell(keys[k]!, sum);
  }
}
