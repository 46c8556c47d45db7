/**
 * The difference between two networks of one run.
 *
 * @module
 */
import * as fs from "node:fs";
import { Failure } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Summary } from "../experiment/summary.ts";
import type { PairedInterval } from "../report/extras.ts";
import { bootstrap } from "./bootstrap.ts";
import { estimate, minus } from "./interval.ts";
import { readPredictions } from "./predictions.ts";
import { cellOf, compareText, statisticOf } from "./run.ts";

const DRAWS = 10_000;
const SEED = 1;

/**
 * The 95 % interval of score(a) - score(b), with the draws that a comparison of the run makes by default;
 * null if predictions of either round were not saved.
 *
 * @throws {Failure} If the rounds were not scored on the same records.
 */
export function pairedInterval(
  directory: string,
  summary: Summary,
  { a, b }: { a: number; b: number },
): PairedInterval | null {
  const rounds = [a, b];
  const file = (round: number) => roundFiles.predictions(runFiles.round(directory, round));
  if (!rounds.every((round) => fs.existsSync(file(round)))) return null;
  const split = summary.rounds.every(({ test }) => test !== null) ? "test" : "dev";
  const { classes } = summary;
  const [of, than] = rounds.map((round) => readPredictions(directory, { round, split, classes }));
  const names = [...of!.keys()].sort(compareText);
  if (names.length === 0 || names.length !== than!.size || names.some((name) => !than!.has(name))) {
    throw new Failure(
      `Cannot use the predictions of ${directory}: rounds ${a} and ${b} have different ${split} ` +
        `records (${of!.size} and ${than!.size})`,
    );
  }
  const cells = [of!, than!].map((outcomes) =>
    Uint16Array.from(names, (name) => cellOf(outcomes.get(name)!, classes.length))
  );
  const [x, y] = bootstrap(cells, {
    cells: classes.length ** 2,
    statistic: statisticOf(summary),
    draws: DRAWS,
    seed: SEED,
  });
  const { low, high } = estimate(0, minus(x!, y!));
  return { low, high, draws: DRAWS };
}
