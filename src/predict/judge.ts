/**
 * From a recording to its label, whatever computes the network: the native engine in `predict`, or the one
 * in a page. Nothing here uses Deno or Node.js.
 *
 * @module
 */
import { averagedLogits } from "../training/flip_average.ts";
import { softmaxOfStep } from "../training/softmax.ts";
import { type Decider, Tally } from "../training/tally.ts";

/** What a ticket says about a record. */
export interface RecordPrediction {
  /** What the ticket's rule decides; see training/decision.ts. */
  readonly label: string;
  /** By class: the mean over the steps of softmax(logits / temperature), which sums to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** By class: mean softmax / prior^exponent, scaled to sum 1. A vote's label may be another class. */
  readonly decisionScores: Readonly<Record<string, number>>;
  /** By class: how many steps voted for it. */
  readonly votes: Readonly<Record<string, number>>;
  /** The class that each step of `hop` samples votes for. */
  readonly steps: readonly string[];
}

/** A prediction with how sure it is of every step. */
export interface RecordJudgement extends RecordPrediction {
  /** Softmax(logits / temperature) [steps][classes]; `probabilities` is its mean. */
  readonly stepProbabilities: readonly (readonly number[])[];
}

/** A network at work: one normalised record [length] to logits [classes, steps]. */
export type RunNetwork = (input: Float32Array) => Float32Array;

/** What turns a network's logits into labels. */
export interface Judging {
  /** In the order of the logits. */
  readonly classes: readonly string[];
  /** Of stored units: the network takes (sample - mean) / std. */
  readonly normalisation: { readonly mean: number; readonly std: number };
  /** Samples per step. */
  readonly hop: number;
  /** Steps on either side of a step that can reach its logits. */
  readonly margin: number;
  readonly decider: Decider;
  readonly temperature: number;
  /** Whether softmax is the mean over the record and its negative. */
  readonly flipAverage: boolean;
}

/** Steps that are done at once, so that memory stays bounded: half an hour of steps of 256 samples. */
export const MOST_STEPS = 2048;

/**
 * @param samples Stored units at the ticket's rate [length]; a last part of less than a step is left out,
 * as in training.
 * @param options.mostSteps Longer records are done in parts of so many steps, each with all that its steps
 * can see: logits stay the same.
 * @returns [classes, steps]; with sign-flip averaging, of the mean softmax.
 * @throws {RangeError} If there is no whole step.
 */
export function logitsOf(
  samples: ArrayLike<number>,
  judging: Omit<Judging, "decider" | "temperature">,
  { run, mostSteps = MOST_STEPS }: { run: RunNetwork; mostSteps?: number },
): Float32Array {
  const { hop, normalisation: { mean, std }, flipAverage } = judging;
  const length = samples.length - (samples.length % hop);
  if (length === 0) {
    throw new RangeError(`A record needs ${hop} samples, got ${samples.length}`);
  }
  const [middle, factor] = [Math.fround(mean), Math.fround(1 / std)];
  const input = Float32Array.from({ length }, (_, i) => (samples[i]! - middle) * factor);
  const runAll = (whole: Float32Array) =>
    length / hop <= mostSteps ? run(whole) : inParts(whole, judging, { run, mostSteps });
  const logits = runAll(input);
  if (!flipAverage) return logits;
  const classes = judging.classes.length;
  const negated = runAll(input.map((x) => -x));
  return averagedLogits(logits, negated, { classes, rowLength: logits.length / classes });
}

function inParts(
  input: Float32Array,
  { hop, margin, classes }: Pick<Judging, "hop" | "margin" | "classes">,
  { run, mostSteps }: { run: RunNetwork; mostSteps: number },
): Float32Array {
  const steps = input.length / hop;
  const logits = new Float32Array(classes.length * steps);
  for (let first = 0; first < steps; first += mostSteps) {
    const end = Math.min(first + mostSteps, steps);
    const from = Math.max(0, first - margin);
    const part = run(input.subarray(from * hop, Math.min(end + margin, steps) * hop));
    const partSteps = part.length / classes.length;
    classes.forEach((_, c) => {
      const row = c * partSteps - from;
      logits.set(part.subarray(row + first, row + end), c * steps + first);
    });
  }
  return logits;
}

/** Decides a record as in training. @param logits [classes, steps] */
export function judgementOf(
  logits: Float32Array,
  { classes, decider, temperature }: Pick<Judging, "classes" | "decider" | "temperature">,
): RecordJudgement {
  const rowLength = logits.length / classes.length;
  const tally = new Tally(decider);
  const softmax = new Float64Array(classes.length);
  const sums = new Float64Array(classes.length);
  const steps: string[] = [];
  const stepProbabilities: number[][] = [];
  for (let step = 0; step < rowLength; step++) {
    softmaxOfStep(logits, { rowLength, step, temperature: 1 }, softmax);
    steps.push(classes[tally.add(softmax)]!);
    softmaxOfStep(logits, { rowLength, step, temperature }, softmax);
    softmax.forEach((p, c) => sums[c]! += p);
    stepProbabilities.push([...softmax]);
  }
  const named = (values: ArrayLike<number>) =>
    Object.fromEntries(classes.map((name, c) => [name, values[c]!]));
  return {
    label: classes[tally.label]!,
    probabilities: named(sums.map((sum) => sum / rowLength)),
    decisionScores: named(tally.scores),
    votes: named(tally.votes),
    steps,
    stepProbabilities,
  };
}
