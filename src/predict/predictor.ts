/**
 * Predicts labels of recordings with a ticket.
 *
 * @module
 */
import type { NativeInference } from "../addon/native.ts";
import { analyse } from "../model/analyse.ts";
import { deciderOf } from "../training/decision.ts";
import { type HeartRate, heartRate } from "./heart_rate.ts";
import { openInference } from "../ticket/network.ts";
import { ruleOf, temperatureOf, type Ticket } from "../ticket/ticket.ts";
import {
  judgementOf,
  type Judging,
  logitsOf,
  MOST_STEPS,
  type RecordJudgement,
  type RecordPrediction,
} from "./judge.ts";

/** What is said about a recording: the ticket's prediction, and the heart rate, which no network knows. */
export interface RecordingPrediction extends RecordPrediction {
  /** The beats found in it, and how many a minute. */
  readonly heartRate: HeartRate;
}

/** A prediction for a recording with the probabilities of every step. */
export interface RecordingJudgement extends RecordJudgement, RecordingPrediction {}

/** How a ticket judges the logits of its network. */
export function judgingOf(ticket: Ticket): Judging {
  const { hop, reach } = analyse(ticket.network.graph);
  const { classes, normalisation, priors, flipAverage = false } = ticket;
  return {
    classes,
    normalisation,
    hop,
    margin: Math.ceil(reach / hop),
    decider: deciderOf(ruleOf(ticket), priors),
    temperature: temperatureOf(ticket),
    flipAverage,
  };
}

/** Labels recordings with a ticket. Dispose it after use: it holds native memory. */
export class Predictor implements Disposable {
  private readonly judging: Judging;
  private readonly inference: NativeInference;

  /**
   * Opens the ticket's network.
   *
   * @param options.mostSteps Longer records are done in parts of this many steps. Each part includes all
   * samples that its steps can see, so memory is bounded and logits are the same.
   */
  constructor(
    readonly ticket: Ticket,
    private readonly options: { readonly mostSteps: number } = { mostSteps: MOST_STEPS },
  ) {
    this.judging = judgingOf(ticket);
    this.inference = openInference(ticket.network);
  }

  /** Samples per step. */
  get hop(): number {
    return this.judging.hop;
  }

  /**
   * The network's outputs for a record.
   *
   * @param samples Stored units at the ticket's rate [length]. An incomplete last step is left out, as in
   * training.
   * @returns [classes, steps]; with sign-flip averaging, the logits of the mean softmax.
   * @throws {RangeError} If there is no whole step.
   */
  logits(samples: ArrayLike<number>): Float32Array {
    const run = (input: Float32Array) => this.inference.run(input);
    return logitsOf(samples, this.judging, { run, ...this.options });
  }

  /** Predicts a record; arguments as in {@linkcode Predictor.logits}, decision as in training. */
  predict(samples: ArrayLike<number>): RecordingPrediction {
    const { stepProbabilities: _, ...prediction } = this.judge(samples);
    return prediction;
  }

  /** Like {@linkcode Predictor.predict}, with every step's probabilities. */
  judge(samples: ArrayLike<number>): RecordingJudgement {
    return {
      ...judgementOf(this.logits(samples), this.judging),
      heartRate: heartRate(samples, this.ticket.normalisation.rate),
    };
  }

  /** Frees the native network. */
  dispose(): void {
    this.inference.dispose();
  }

  /** Frees the native network. */
  [Symbol.dispose](): void {
    this.dispose();
  }
}
