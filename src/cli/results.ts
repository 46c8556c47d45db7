/**
 * The end of a run as the terminal shows it: a table, the scores in a sentence, the report's path.
 *
 * @module
 */
import type { Summary } from "../results/summary.ts";
import type { Headline } from "../report/headline.ts";
import { trainingSentence } from "../report/training_sentence.ts";
import { decimals, percent, table } from "./format.ts";

/** The two compressions of the table. */
const THETA =
  "theta: prunable weights over those left; of all: all parameters, with biases and norms.";

/** Prints the results of a run. */
export function printResults(
  summary: Summary,
  options: { headline: Pick<Headline, "answer" | "advice">; report: string },
): void {
  const head = ["round", "weights", "left", "theta", "of all", "MACs"];
  head.push("pruned dev F1", "recalibrated", "dev F1", "test F1");
  const rows = summary.rounds.map((round) => [
    String(round.round),
    round.kept.toLocaleString("en"),
    percent(round.density),
    `${round.theta.toFixed(1)}x`,
    `${round.thetaAll.toFixed(1)}x`,
    percent(round.macs / round.denseMacs),
    round.afterPruning ? decimals(round.afterPruning.score) : "-",
    round.afterPruningRecalibrated ? decimals(round.afterPruningRecalibrated.score) : "-",
    decimals(round.dev.score),
    round.test ? decimals(round.test.score) : "-",
  ]);
  console.log(`\n${table([head, ...rows])}\n`);
  console.log(THETA);
  for (const round of summary.rounds) {
    const sentence = trainingSentence(round);
    if (sentence !== null) console.log(sentence);
  }

  const { answer, advice } = options.headline;
  console.log(answer);
  if (advice !== null) console.log(advice);
  console.log(`Report: ${options.report}`);
}
