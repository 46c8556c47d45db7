/**
 * The glossary of a comparison.
 *
 * @module
 */
import type { Html } from "../report/html.ts";
import { wordList } from "../report/word_list.ts";

const WORDS: [word: string, meaning: string][] = [
  [
    "Method, replicate",
    "Runs that differ only in seed and fold are replicates of one method. Folds of one seed, or folds " +
    "with a seed each, are pooled: their predictions make one confusion matrix.",
  ],
  [
    "Difference",
    "Mean score over the replicates minus the mean of dense networks of the same replicates, or of " +
    "another method’s networks with about as many weights.",
  ],
  [
    "Dense of equal training",
    "The dense network trained on without pruning (control “continue”), at the round whose total of epochs is " +
    "nearest to that of the pruned network. “To the original dense” is the difference to the dense network that the " +
    "pruned one began with, which had fewer epochs. A single training (gradual, set, rigl) began with none: it is " +
    "compared with that of another method with the same seed and fold.",
  ],
  [
    "95 % interval",
    "With several seeds it covers other seeds and other records: it combines the spread of the difference from " +
    "seed to seed with how much all seeds move together when records are drawn with replacement, the same for " +
    "all networks. With folds it comes from the spread over folds. Few seeds or folds get the wider t " +
    "distribution. With one seed it is the middle 95 % of the draws of records alone. A class that neither " +
    "occurs in a draw nor is predicted is left out of that draw.",
  ],
  [
    "Deviation over seeds or folds",
    "Standard deviation of the difference from seed to seed, or from fold to fold.",
  ],
  [
    "Matches",
    "The lower bound of the difference to dense is above minus the margin, for this network and for every " +
    "network of the method with more weights. Networks are tested from dense to sparse, and the first that is " +
    "not shown to match ends the tests. Later ones are “not tested”, whatever their interval.",
  ],
  [
    "Planned, exploratory, adjusted p",
    "Planned differences were named before the results were seen. Their p values are adjusted together " +
    "by Holm’s method, so that at most one such family in twenty has a false claim. All others are exploratory.",
  ],
  [
    "Not resolved",
    "The records allow both no loss and a loss beyond the margin. This is no evidence of equality.",
  ],
  ["Equal", "Between methods: the whole interval lies within the margin on both sides of 0."],
  [
    "Epochs in all",
    "Epochs of every round trained to obtain this network, the dense round included; a control also counts " +
    "the rounds that its mask came from. “Of its weights” leaves those rounds out: it counts only the epochs " +
    "since the weights were initialised. Multiply-adds are nominal: three passes of the surviving weights " +
    "over a 30 s record for each training record and epoch; where the mask changed during training, the mean over " +
    "its steps. Time is the wall-clock time of training, which " +
    "depends on the machine and its other load.",
  ],
];

/** The glossary as HTML. */
export function words(): Html {
  return wordList(WORDS);
}
