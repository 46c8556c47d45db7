/**
 * Predicts the label of a recording with any engine: the native one of `predict`, or the one of a page.
 * Nothing here uses Deno or Node.js.
 *
 * @module
 */
import { averagedLogits } from "../training/flip_average.ts";
import { softmaxOfStep } from "../training/softmax.ts";
import { type Decider, Tally } from "../training/tally.ts";

/** A ticket's prediction for a record. */
export interface RecordPrediction {
  /** What the ticket's rule decides; see training/decision.ts. */
  readonly label: string;
  /** By class: the mean over the steps of softmax(logits / temperature), which sums to 1. */
  readonly probabilities: Readonly<Record<string, number>>;
  /** By class: mean softmax / prior^exponent, scaled to sum 1. A vote's label may be another class. */
  readonly decisionScores: Readonly<Record<string, number>>;
  /** By class: the number of steps that voted for it. */
  readonly votes: Readonly<Record<string, number>>;
  /** The class that each step of `hop` samples votes for. */
  readonly steps: readonly string[];
}

/** A prediction with the probabilities of every step. */
export interface RecordJudgement extends RecordPrediction {
  /** Softmax(logits / temperature) [steps][classes]; `probabilities` is its mean. */
  readonly stepProbabilities: readonly (readonly number[])[];
}

/** Runs a network on one normalised record [length]; gives logits [classes, steps]. */
export type RunNetwork = (input: Float32Array) => Float32Array;

/** Settings that turn a network's logits into labels. */
export interface Judging {
  /** In the order of the logits. */
  readonly classes: readonly string[];
  /** For stored units: the network takes (sample - mean) / std. */
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

/** Largest number of steps at once, to bound memory: half an hour of steps of 256 samples. */
export const MOST_STEPS = 2048;

/** How a network's logits are computed. */
export interface Running {
  readonly run: RunNetwork;
  /**
   * Longer records are done in parts of so many steps, each with all that its steps can see: logits stay
   * the same.
   */
  readonly mostSteps?: number;
}

/**
 * @param samples Stored units at the ticket's rate [length]. An incomplete last step is left out, as in
 * training.
 * @returns [classes, steps]; with sign-flip averaging, the logits of the mean softmax.
 * @throws {RangeError} If there is no whole step.
 */
export function logitsOf(
  samples: ArrayLike<number>,
  judging: Omit<Judging, "decider" | "temperature">,
  running: Running,
): Float32Array {
  const parts = logitsInParts(samples, judging, running);
  for (;;) {
    const { done, value } = parts.next();
    if (done) return value;
  }
}

/** As {@linkcode logitsOf}; after every part it stops and says which share, 0 to 1, is done. */
export function* logitsInParts(
  samples: ArrayLike<number>,
  judging: Omit<Judging, "decider" | "temperature">,
  running: Running,
): Generator<number, Float32Array> {
  const { hop, normalisation: { mean, std }, flipAverage } = judging;
  const length = samples.length - (samples.length % hop);
  if (length === 0) {
    throw new RangeError(`A record needs ${hop} samples, got ${samples.length}`);
  }
  const [middle, factor] = [Math.fround(mean), Math.fround(1 / std)];
  const input = Float32Array.from({ length }, (_, i) => (samples[i]! - middle) * factor);
  if (!flipAverage) return yield* inParts(input, judging, { ...running, from: 0, to: 1 });
  const logits = yield* inParts(input, judging, { ...running, from: 0, to: 0.5 });
  const negative = input.map((x) => -x);
  const negated = yield* inParts(negative, judging, { ...running, from: 0.5, to: 1 });
  const classes = judging.classes.length;
  return averagedLogits(logits, negated, { classes, rowLength: logits.length / classes });
}

/** The network's logits; what it says is done goes from `from` to `to`. */
function* inParts(
  input: Float32Array,
  { hop, margin, classes }: Pick<Judging, "hop" | "margin" | "classes">,
  { run, mostSteps = MOST_STEPS, from: start, to }: Running & { from: number; to: number },
): Generator<number, Float32Array> {
  const steps = input.length / hop;
  if (steps <= mostSteps) return run(input);
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
    yield start + (to - start) * end / steps;
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
