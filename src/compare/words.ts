/**
 * The words of a comparison.
 *
 * @module
 */
import type { Html } from "../report/html.ts";
import { wordList } from "../report/word_list.ts";

const WORDS: [word: string, meaning: string][] = [
  [
    "Method, replicate",
    "Runs that differ in nothing but seed and fold are replicates of one method. Folds of one seed are " +
    "pooled: their predictions make one confusion matrix.",
  ],
  [
    "Difference",
    "Mean score over the replicates minus the mean of the dense networks of the same replicates, or of " +
    "another method’s networks with about as many weights.",
  ],
  [
    "95 % interval",
    "Records are drawn with replacement, all networks are scored on the same draw, and the interval " +
    "holds the middle 95 % of the differences (percentile bootstrap). It says what other records would " +
    "change, given these seeds. A class that neither occurs in a draw nor is predicted is left out of it.",
  ],
  [
    "Deviation over seeds",
    "Standard deviation of the difference from seed to seed. It contains what the choice of records does " +
    "not: initialisation and data order.",
  ],
  [
    "Matches",
    "The lower bound of the difference to dense is above minus the margin: a loss as large as the margin " +
    "is excluded.",
  ],
  [
    "Not resolved",
    "The records allow both no loss and a loss beyond the margin. It is no sign of equality.",
  ],
  ["Equal", "Between methods: the whole interval lies within the margin to both sides."],
  [
    "Epochs in all",
    "Of every round trained until this network was there, the dense round included; a control counts " +
    "the rounds that its mask came from. Multiply-adds are nominal: three passes of the surviving weights " +
    "over a 30 s record for each training record and epoch. Time is wall-clock time of training on the " +
    "machine that it ran on, whatever else that did.",
  ],
];

/** The list of words. */
export function words(): Html {
  return wordList(WORDS);
}
