/**
 * The glossary of the report.
 *
 * @module
 */
import { type Mode, POLICIES } from "../config/modes.ts";
import { PRIMARY_MARGIN, SECONDARY_MARGIN } from "../statistics/matches.ts";
import type { ReportData } from "./data.ts";
import type { Html } from "./html.ts";
import { wordList } from "./word_list.ts";

type Word = [word: string, meaning: string];

/** The terms of a run of several rounds, or with `single` of a single training. */
const words = (single: boolean): Word[] => [
  ...ofRounds(single, [
    "Round",
    "Round 0 trains the dense network; round r has been pruned r times and trained again.",
  ]),
  [
    "Density, sparsity",
    "Density is the fraction of prunable weights (the convolutions' and the head's) that are kept; " +
    "sparsity is the rest.",
  ],
  [
    "θ (theta)",
    "Compression: prunable weights over kept weights. The θ of all parameters also counts biases and " +
    "batch normalisation, which are never pruned.",
  ],
  [
    "Score",
    "The mean F1 over the scored classes, from the confusion matrix of whole records. " +
    "F1 = 2 · hits / (records of the class + predictions of the class). A class that neither occurs " +
    "nor is predicted has no F1 and is shown as –.",
  ],
  [
    "Decision",
    "How the steps of a record become its label: by vote of the steps or by their mean softmax, which is " +
    `divided by a power of the class's prior. It is a setting of the run${
      single ? "" : ", the same for all its rounds"
    }, and ` +
    "was chosen on dev over several networks.",
  ],
  [
    "Probability, temperature",
    "A record's probability of a class is the mean over its steps of softmax(logits / T). T is one number" +
    `${
      single ? "" : " per round"
    }, fitted on dev so that probabilities match the true classes (Guo et al. 2017); above 1 the network ` +
    "was overconfident.",
  ],
  [
    "Calibration error, Brier score",
    "Expected calibration error: over 15 bins of the largest probability, the mean distance between it and " +
    "the share of records that are right, weighted by records. Brier score: the mean of the squared " +
    "distances of all probabilities from 0 or 1, summed over classes (0 to 2). Lower is better.",
  ],
  ...ofRounds(single, [
    "After retraining",
    "A round's score is always the score after its training. It is the score of a ticket.",
  ], [
    "Right after pruning",
    "The same network before any retraining, on dev. It mostly shows how large the pruning step was, " +
    "not how good the ticket is; batch-normalisation statistics are those of the network before pruning. " +
    "“With statistics renewed”: means and variances are first estimated again on training batches, and no " +
    "weight is changed.",
  ]),
  [
    "Train, dev, test",
    "Train fits the weights and supplies mean and standard deviation of the signal. Dev is " +
    "scored after every epoch; it decides the learning rate where the schedule waits for a plateau, and " +
    `when early stopping ends ${single ? "the training" : "a round"}. Test is scored once${
      single ? "" : " per round"
    }, decides nothing and is shown when ` +
    "the run is complete.",
  ],
  ...ofRounds(single, [
    "Rewind",
    "weight-rewind returns the surviving weights and the learning-rate schedule to the rewind point " +
    "before each retraining; lr-rewind keeps the weights and replays the schedule; finetune keeps them " +
    "and trains on at the final low learning rate.",
  ]),
  [
    "Standard error",
    "How much a score would vary with other records of the same kind: the confusion matrix is taken as a " +
    "multinomial sample, and Var = (1/n) Σ p g² with g the derivative of the score by each cell's share p " +
    `(delta method). ${
      single ? "Intervals" : "Whiskers"
    } are 1.96 standard errors on both sides. The effect of another seed is not ` +
    "included.",
  ],
  [
    "Interval of a difference",
    "Records are drawn with replacement, both networks are scored on the same draw, and the interval holds the " +
    "middle 95 % of the differences. The effect of another seed is not included. If predictions were " +
    "not saved it is 1.96 · √(se² + se²) of the two scores, as if they came from different records, and usually " +
    "too wide.",
  ],
  [
    "Dense of equal training",
    "The dense network trained on without pruning (control “continue”), at the round whose total of epochs is " +
    "nearest to that of the pruned network." +
    (single ? "" : " The dense network that the run began with had fewer epochs."),
  ],
  [
    "Matches dense",
    `The lower end of the interval is above −${PRIMARY_MARGIN} (second margin: −${SECONDARY_MARGIN})` +
    (single
      ? "."
      : ", for this round and for every round with more weights. Rounds are tested from dense to sparse, and " +
        "the first that is not shown to match ends the tests."),
  ],
  [
    "Multiply-adds",
    "Of one forward pass over one 30 s record, with the surviving weights only.",
  ],
  [
    "Bytes stored",
    "Surviving weights with their index (compressed sparse rows), plus all parameters that are not pruned.",
  ],
];

/** Terms that mean nothing in a single training. */
function ofRounds(single: boolean, ...terms: Word[]): Word[] {
  return single ? [] : terms;
}

/** What the mode of a single training does, since its name says little. */
function modeWord(mode: Mode): Word {
  const { description, source } = POLICIES[mode];
  return [`Mode ${mode}`, `${description[0]!.toUpperCase()}${description.slice(1)} (${source}).`];
}

/** The glossary of a run as HTML. */
export function glossary({ mode, single }: Pick<ReportData, "mode" | "single">): Html {
  return wordList([...(single ? [modeWord(mode as Mode)] : []), ...words(single)]);
}
