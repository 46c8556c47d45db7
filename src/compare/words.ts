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
    "Runs that differ in nothing but seed and fold are replicates of one method. Folds of one seed, or folds " +
    "with a seed each, are pooled: their predictions make one confusion matrix.",
  ],
  [
    "Difference",
    "Mean score over the replicates minus the mean of dense networks of the same replicates, or of " +
    "another method’s networks with about as many weights.",
  ],
  [
    "Dense of equal training",
    "The dense network trained on without pruning (control “continue”), at the round whose epochs in all are " +
    "nearest to those of the pruned network. “To dense once” is the difference to the dense network that the " +
    "pruned one began with, which had fewer epochs.",
  ],
  [
    "95 % interval",
    "With several seeds it allows for other seeds and other records: the spread of the difference from seed " +
    "to seed, and how much all seeds move together when records are drawn with replacement, the same for " +
    "all networks. With folds it comes from the spread over folds. Few seeds or folds get the wider t " +
    "distribution. With one seed it is the middle 95 % of the draws of records alone. A class that neither " +
    "occurs in a draw nor is predicted is left out of it.",
  ],
  [
    "Deviation over seeds or folds",
    "Standard deviation of the difference from seed to seed, or from fold to fold.",
  ],
  [
    "Matches",
    "The lower bound of the difference to dense is above minus the margin, for this network and for every one " +
    "of the method with more weights. Networks are tested from dense to sparse and the first that is not shown " +
    "to match ends the tests; a later one is “not tested”, whatever its interval.",
  ],
  [
    "Planned, exploratory, adjusted p",
    "Differences that were named before the results were seen are planned. Their p values are adjusted together " +
    "by Holm’s method, so that at most one such family in twenty has a false claim. All others are exploratory.",
  ],
  [
    "Not resolved",
    "The records allow both no loss and a loss beyond the margin. It is no sign of equality.",
  ],
  ["Equal", "Between methods: the whole interval lies within the margin to both sides."],
  [
    "Epochs in all",
    "Of every round trained until this network was there, the dense round included; a control counts " +
    "the rounds that its mask came from. “Of its weights” leaves those rounds out: it is what the weights " +
    "themselves went through since their first values. Multiply-adds are nominal: three passes of the surviving weights " +
    "over a 30 s record for each training record and epoch. Time is wall-clock time of training on the " +
    "machine that it ran on, whatever else that did.",
  ],
];

/** The list of words. */
export function words(): Html {
  return wordList(WORDS);
}
