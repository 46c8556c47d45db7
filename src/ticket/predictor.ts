/**
 * A ticket at work: recordings in, labels out.
 *
 * @module
 */
import type { NativeInference } from "../backend/native.ts";
import { hopOf } from "../model/resnet1d.ts";
import { predictRecord } from "../training/metrics.ts";
import { openInference } from "./network.ts";
import { reachOf } from "../model/shape.ts";
import type { Ticket } from "./ticket.ts";

/** What a ticket says about a record. */
export interface RecordPrediction {
  /** The class with most of the steps' votes. */
  readonly label: string;
  /**
   * By class: the mean over the steps of softmax divided by the training priors, scaled to sum 1. A
   * vote counts steps, so the label is usually, not always, the class with the largest one.
   */
  readonly probabilities: Readonly<Record<string, number>>;
  /** The class of each step of `hop` samples. */
  readonly steps: readonly string[];
}

/** A prediction with how sure it is of every step. */
export interface RecordJudgement extends RecordPrediction {
  /** By step and class, as they enter `probabilities` [steps][classes]; each step's sum is 1. */
  readonly shares: readonly (readonly number[])[];
}

export class Predictor implements Disposable {
  /** Samples per step: 256 for a network of 16 blocks. */
  readonly hop: number;
  private readonly inference: NativeInference;
  private readonly priors: Float64Array;

  /**
   * @param options.mostSteps Longer records are done in parts of so many steps, each with all that its
   * steps can see, so that memory stays bounded and logits stay the same.
   */
  constructor(
    readonly ticket: Ticket,
    private readonly options: { readonly mostSteps: number } = { mostSteps: 2048 },
  ) {
    this.hop = hopOf(ticket.network.shape);
    this.priors = Float64Array.from(ticket.priors);
    this.inference = openInference(ticket.network);
  }

  /**
   * @param samples Stored units at the ticket's rate [length]; a last part of less than a step is
   * left out, as in training.
   * @returns [classes, steps]
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
    return length / this.hop <= this.options.mostSteps
      ? this.inference.run(input)
      : this.inParts(input);
  }

  private inParts(input: Float32Array): Float32Array {
    const { hop, options: { mostSteps }, ticket: { network, classes } } = this;
    const steps = input.length / hop;
    const margin = Math.ceil(reachOf(network.shape) / hop);
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

  /** As {@linkcode Predictor.logits}, judged as in training. */
  predict(samples: ArrayLike<number>): RecordPrediction {
    const { label, probabilities, steps } = this.judge(samples);
    return { label, probabilities, steps };
  }

  /** As {@linkcode Predictor.predict}, with every step's shares. */
  judge(samples: ArrayLike<number>): RecordJudgement {
    const { priors, ticket: { classes } } = this;
    const logits = this.logits(samples);
    const steps = logits.length / classes.length;
    const { label } = predictRecord(logits, { rowLength: steps, steps, priors, truth: 0 });
    const sums = new Float64Array(classes.length);
    const labels: string[] = [];
    const all: number[][] = [];
    for (let t = 0; t < steps; t++) {
      const shares = this.corrected(logits, { steps, t });
      const total = shares.reduce((sum, share) => sum + share, 0);
      let best = 0;
      shares.forEach((share, c) => {
        sums[c]! += share / total / steps;
        if (share > shares[best]!) best = c;
      });
      all.push(Array.from(shares, (share) => share / total));
      labels.push(classes[best]!);
    }
    return {
      label: classes[label]!,
      probabilities: Object.fromEntries(classes.map((name, c) => [name, sums[c]!])),
      steps: labels,
      shares: all,
    };
  }

  /** Softmax of one step over the priors, up to a factor. */
  private corrected(
    logits: Float32Array,
    { steps, t }: { steps: number; t: number },
  ): Float64Array {
    const { priors } = this;
    let largest = -Infinity;
    for (let c = 0; c < priors.length; c++) largest = Math.max(largest, logits[c * steps + t]!);
    return priors.map((prior, c) => Math.exp(logits[c * steps + t]! - largest) / prior);
  }

  dispose(): void {
    this.inference.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
