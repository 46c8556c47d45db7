/**
 * Counts what the steps of a record say. Pages use it too, so nothing here needs a package or the program.
 *
 * @module
 */

/** How the steps of a record become its label. */
export const DECISIONS = ["vote", "mean"] as const;
export type Decision = (typeof DECISIONS)[number];

/** A rule with priors put in, ready to decide. */
export interface Decider {
  readonly decision: Decision;
  /** By class, what softmax is multiplied by: (smallest prior / prior)^exponent, so 1 at most. */
  readonly weights: Float64Array;
}

/** Sums over the steps of a record so far. The label is the one of the record so far. */
export class Tally {
  steps = 0;
  /** Steps that voted for each class. */
  readonly votes: Float64Array;
  private readonly decider: Decider;
  private readonly sums: Float64Array;

  constructor(decider: Decider) {
    this.decider = decider;
    this.votes = new Float64Array(decider.weights.length);
    this.sums = new Float64Array(decider.weights.length);
  }

  /** @param softmax Of the next step [classes]. @returns The class that the step votes for. */
  add(softmax: ArrayLike<number>): number {
    const { weights } = this.decider;
    let best = 0;
    let largest = -Infinity;
    for (let c = 0; c < weights.length; c++) {
      const share = softmax[c]! * weights[c]!;
      this.sums[c]! += softmax[c]!;
      if (share > largest) [best, largest] = [c, share];
    }
    this.votes[best]! += 1;
    this.steps += 1;
    return best;
  }

  /** The class that the rule decides for. */
  get label(): number {
    const { decision, weights } = this.decider;
    const share = (c: number) => this.sums[c]! * weights[c]!;
    let label = 0;
    for (let c = 1; c < weights.length; c++) {
      const more = decision === "vote" ? this.votes[c]! - this.votes[label]! : 0;
      if (more > 0 || (more === 0 && share(c) > share(label))) label = c;
    }
    return label;
  }

  /** Mean softmax of the steps by class; 0 without steps. */
  get probabilities(): number[] {
    return Array.from(this.sums, (sum) => this.steps > 0 ? sum / this.steps : 0);
  }

  /**
   * The decision score by class: mean softmax / prior^exponent, scaled to sum 1. The rule "mean" decides
   * for the largest; "vote" counts steps, so its label is usually, not always, the largest one.
   */
  get scores(): number[] {
    const shares = Array.from(this.sums, (sum, c) => sum * this.decider.weights[c]!);
    const total = shares.reduce((sum, share) => sum + share, 0);
    return shares.map((share) => total > 0 ? share / total : 0);
  }
}
