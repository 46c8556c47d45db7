/**
 * The paired bootstrap over records (Efron and Tibshirani 1993, chapter 13): records are drawn with
 * replacement, and every network is scored on the same draw, so that what makes a record easy or hard
 * for all of them cancels in a difference.
 *
 * @module
 */
import { createRng } from "../core/rng.ts";
import type { Statistic } from "./macro_f1.ts";

/** How records are drawn. */
export interface BootstrapOptions {
  /** Size of the confusion matrix: classes * classes. */
  cells: number;
  statistic: Statistic;
  draws: number;
  seed: number;
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
  { cells, statistic, draws, seed }: BootstrapOptions,
): Float64Array[] {
  const records = outcomes[0]?.length ?? 0;
  if (records === 0 || outcomes.some((outcome) => outcome.length !== records)) {
    throw new RangeError(
      `Cannot draw records: the networks have ${
        outcomes.map(({ length }) => length)
      } of them, expected the same number above 0`,
    );
  }
  const sorted = outcomes.map((outcome) => byCell(outcome, cells));
  const results = outcomes.map(() => new Float64Array(draws));
  const rng = createRng(seed, "compare", "bootstrap");
  const times = new Uint16Array(records);
  const counts = new Float64Array(cells);
  for (let draw = 0; draw < draws; draw++) {
    times.fill(0);
    for (let i = 0; i < records; i++) times[rng.integer(records)]! += 1;
    for (let n = 0; n < sorted.length; n++) {
      const { order, ends } = sorted[n]!;
      for (let cell = 0, i = 0; cell < cells; cell++) {
        const end = ends[cell]!;
        let sum = 0;
        for (; i < end; i++) sum += times[order[i]!]!;
        counts[cell] = sum;
      }
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

/** Records in the order of their cells, so that a cell's count is a sum over neighbours. */
function byCell(
  outcome: Uint16Array,
  cells: number,
): { order: Uint32Array; ends: Uint32Array } {
  const order = Uint32Array.from(outcome.keys()).sort((a, b) => outcome[a]! - outcome[b]!);
  const ends = new Uint32Array(cells);
  for (const cell of outcome) ends[cell]! += 1;
  for (let cell = 1; cell < cells; cell++) ends[cell]! += ends[cell - 1]!;
  return { order, ends };
}
