/**
 * Softmax cross-entropy averaged over the valid steps of a batch.
 *
 * @module
 */
import { type Signals, type Summed, zeros } from "./signals.ts";

/** What the op returns. */
export interface CrossEntropyResult {
  /** Mean of -log softmax(logits)[label] over the valid steps; 0 if there are none. */
  readonly loss: number;
  /** Sum of the magnitudes whose rounding the loss inherits, divided by the valid steps. */
  readonly lossTerms: number;
  readonly valid: number;
  /** Valid steps whose first largest logit is the label's. */
  readonly correct: number;
  /** (softmax - onehot) / valid */
  readonly dlogits: Summed<Signals>;
}

/**
 * @param logits [N, classes, T]
 * @param labels [N], the class of all steps of a record.
 */
export function crossEntropy(logits: Signals, labels: ArrayLike<number>): CrossEntropyResult {
  const { channels: classes, length } = logits;
  const valid = logits.lengths.reduce((sum, steps) => sum + steps, 0);
  const dlogits = zeros(logits);
  const terms = new Float64Array(dlogits.values.length);
  let loss = 0, lossTerms = 0, correct = 0;
  for (let n = 0; n < logits.records; n++) {
    const label = labels[n]!;
    for (let t = 0; t < logits.lengths[n]!; t++) {
      const at = (c: number) => (n * classes + c) * length + t;
      const z = Array.from({ length: classes }, (_, c) => logits.values[at(c)]!);
      const largest = Math.max(...z);
      const exponentials = z.map((value) => Math.exp(value - largest));
      const total = exponentials.reduce((sum, value) => sum + value, 0);
      loss += largest + Math.log(total) - z[label]!;
      // log(total) is off by total's relative error (each exponential's argument was rounded), and
      // the three summands are rounded once each.
      const softmax = exponentials.map((value) => value / total);
      const argumentError = softmax.reduce((sum, p, c) => sum + p * (largest - z[c]!), 0);
      lossTerms += Math.abs(largest) + Math.abs(z[label]!) + Math.log(total) + 1 + argumentError;
      if (z.indexOf(largest) === label) correct++;
      softmax.forEach((p, c) => {
        const target = c === label ? 1 : 0;
        dlogits.values[at(c)] = (p - target) / valid;
        terms[at(c)] = (p * (1 + (largest - z[c]!) + argumentError) + target) / valid;
      });
    }
  }
  const steps = Math.max(valid, 1);
  return {
    loss: loss / steps,
    lossTerms: lossTerms / steps,
    valid,
    correct,
    dlogits: { value: dlogits, terms },
  };
}
