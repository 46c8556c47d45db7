/**
 * A ticket at work: recordings in, labels out.
 *
 * @module
 */
import type { NativeInference } from "../addon/native.ts";
import { analyse } from "../model/analyse.ts";
import { type Decider, deciderOf, Tally } from "../training/decision.ts";
import { averagedLogits } from "../training/flip_average.ts";
import { softmaxOfStep } from "../training/softmax.ts";
import { openInference } from "../ticket/network.ts";
import { ruleOf, temperatureOf, type Ticket } from "../ticket/ticket.ts";

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

export class Predictor implements Disposable {
  /** Samples per step. */
  readonly hop: number;
  /** Steps on either side of a step that can reach its logits. */
  private readonly margin: number;
  private readonly inference: NativeInference;
  private readonly decider: Decider;

  /**
   * @param options.mostSteps Longer records are done in parts of so many steps, each with all that its
   * steps can see, so that memory stays bounded and logits stay the same.
   */
  constructor(
    readonly ticket: Ticket,
    private readonly options: { readonly mostSteps: number } = { mostSteps: 2048 },
  ) {
    const { hop, reach } = analyse(ticket.network.graph);
    this.hop = hop;
    this.margin = Math.ceil(reach / hop);
    this.decider = deciderOf(ruleOf(ticket), ticket.priors);
    this.inference = openInference(ticket.network);
  }

  /**
   * @param samples Stored units at the ticket's rate [length]; a last part of less than a step is
   * left out, as in training.
   * @returns [classes, steps]; of a ticket with sign-flip averaging, of the mean softmax.
   * @throws {RangeError} If there is no whole step.
   */
  logits(samples: ArrayLike<number>): Float32Array {
    const { mean, std } = this.ticket.normalisation;
    const length = samples.length - (samples.length % this.hop);
    if (length === 0) {
      throw new RangeError(`A record needs ${this.hop} samples, got ${samples.length}`);
    }
    const [middle, factor] = [Math.fround(mean), Math.fround(1 / std)];
    const input = Float32Array.from({ length }, (_, i) => (samples[i]! - middle) * factor);
    const logits = this.run(input);
    if (!this.ticket.flipAverage) return logits;
    const negated = this.run(input.map((x) => -x));
    const classes = this.ticket.classes.length;
    return averagedLogits(logits, negated, { classes, rowLength: logits.length / classes });
  }

  private run(input: Float32Array): Float32Array {
    return input.length / this.hop <= this.options.mostSteps
      ? this.inference.run(input)
      : this.inParts(input);
  }

  private inParts(input: Float32Array): Float32Array {
    const { hop, margin, options: { mostSteps }, ticket: { classes } } = this;
    const steps = input.length / hop;
    const logits = new Float32Array(classes.length * steps);
    for (let first = 0; first < steps; first += mostSteps) {
      const end = Math.min(first + mostSteps, steps);
      const from = Math.max(0, first - margin);
      const part = this.inference.run(
        input.subarray(from * hop, Math.min(end + margin, steps) * hop),
      );
      const partSteps = part.length / classes.length;
      classes.forEach((_, c) => {
        const row = c * partSteps - from;
        logits.set(part.subarray(row + first, row + end), c * steps + first);
      });
    }
    return logits;
  }

  /** As {@linkcode Predictor.logits}, decided as in training. */
  predict(samples: ArrayLike<number>): RecordPrediction {
    const { stepProbabilities: _, ...prediction } = this.judge(samples);
    return prediction;
  }

  /** As {@linkcode Predictor.predict}, with every step's probabilities. */
  judge(samples: ArrayLike<number>): RecordJudgement {
    const { decider, ticket } = this;
    const { classes } = ticket;
    const logits = this.logits(samples);
    const rowLength = logits.length / classes.length;
    const temperature = temperatureOf(ticket);
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

  dispose(): void {
    this.inference.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
