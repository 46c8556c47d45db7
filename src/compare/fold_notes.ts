/**
 * Notes on intervals over folds: what the other intervals of the same differences say.
 *
 * @module
 */
import { format } from "../report/format.ts";
import { limitsText } from "../statistics/verdict.ts";
import type { Comparison } from "./comparison.ts";
import { decisive } from "./reference.ts";

/** The corrected interval of the level that decides, and intervals that are too short. */
export function foldIntervalNotes(comparison: Comparison): string[] {
  return [...checkNote(comparison), ...shortNote(comparison)];
}

/** The corrected variance, for intervals over folds. */
function checkNote({ methods, margin }: Comparison): string[] {
  const rows = methods.flatMap(({ name, levels, matching: { byInterval }, continued }) => {
    if (continued || levels.length < 2) return [];
    const level = levels[byInterval ?? levels.length - 1]!;
    const found = decisive(level);
    if (!found?.corrected) return [];
    const holds = byInterval === null
      ? ""
      : found.corrected.low > -margin
      ? ": it still matches"
      : ": it no longer matches";
    return [
      `${name} at ${format(level.theta, "factor")} ${limitsText(found.corrected)}${holds}`,
    ];
  });
  return rows.length === 0 ? [] : [
    "The training sets of folds overlap, and the spread over folds ignores that. With the corrected variance " +
    `of Nadeau and Bengio (2003): ${rows.join("; ")}.`,
  ];
}

/** Intervals over folds that are shorter than those over records, which the folds contain. */
function shortNote({ methods, pairs }: Comparison): string[] {
  const found = [
    ...methods.flatMap(({ name, levels }) =>
      levels.flatMap((level) => {
        const difference = decisive(level);
        return difference
          ? [{ about: `${name} at ${format(level.theta, "factor")}`, difference }]
          : [];
      })
    ),
    ...pairs.flatMap(({ a, b, levels }) =>
      levels.map((difference) => {
        const { theta } = methods.find(({ name }) => name === a)!.levels[difference.levelA]!;
        return { about: `${a} against ${b} at ${format(theta, "factor")}`, difference };
      })
    ),
  ];
  const width = ({ low, high }: { low: number; high: number }) => high - low;
  const rows = found.flatMap(({ about, difference }) => {
    const { records } = difference;
    if (records === null || width(difference) >= width(records)) return [];
    return [`${about} ${limitsText(records)}`];
  });
  return rows.length === 0 ? [] : [
    "The differences of folds were closer to each other than their records allow, so these intervals are too short. " +
    `Over records alone they are: ${rows.join("; ")}.`,
  ];
}
