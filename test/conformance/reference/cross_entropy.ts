/**
 * The loss averaged over the valid steps of a batch: softmax cross-entropy, with label smoothing
 * (Szegedy et al. 2016), class weights, the focal factor (Lin et al. 2017), teachers (Hinton et al.
 * 2015) and two labels a record (Zhang et al. 2018) as asked for.
 *
 * @module
 */
import { type Signals, type Summed, zeros } from "./signals.ts";

/** What differs from plain cross-entropy; native/include/lth/backend.h has the formula. */
export interface LossOptions {
  readonly labelSmoothing?: number;
  /** Gamma. */
  readonly focal?: number;
  /** [classes] */
  readonly classWeights?: readonly number[];
  /** Logits of the same shape. */
  readonly teachers?: readonly Signals[];
  readonly temperature?: number;
  readonly teacherWeight?: number;
  /** Mixup: the other label of each record [N], and the share [N] of its first one. */
  readonly second?: { readonly labels: ArrayLike<number>; readonly shares: ArrayLike<number> };
}

/** The results of the op. */
export interface CrossEntropyResult {
  /** Mean over the valid steps; 0 if there are none. */
  readonly loss: number;
  /** Sum of the magnitudes whose rounding the loss inherits, divided by the valid steps. */
  readonly lossTerms: number;
  readonly valid: number;
  /** Valid steps whose first largest logit is the label's. */
  readonly correct: number;
  /** The loss's gradient: (softmax - onehot) / valid of plain cross-entropy. */
  readonly dlogits: Summed<Signals>;
}

/**
 * @param logits [N, classes, T]
 * @param labels [N], the class of all steps of a record.
 */
export function crossEntropy(
  logits: Signals,
  labels: ArrayLike<number>,
  options: LossOptions = {},
): CrossEntropyResult {
  const { channels: classes, length } = logits;
  const valid = logits.lengths.reduce((sum, steps) => sum + steps, 0);
  const dlogits = zeros(logits);
  const terms = new Float64Array(dlogits.values.length);
  const targetOf = (n: number): number[] => {
    const one = (label: number) => labelTarget(label, classes, options);
    const { second } = options;
    if (second === undefined) return one(labels[n]!);
    const share = second.shares[n]!, other = one(second.labels[n]!);
    return one(labels[n]!).map((t, c) => share * t + (1 - share) * other[c]!);
  };
  let loss = 0, lossTerms = 0, correct = 0;
  for (let n = 0; n < logits.records; n++) {
    const label = labels[n]!;
    for (let t = 0; t < logits.lengths[n]!; t++) {
      const at = (c: number) => (n * classes + c) * length + t;
      const stepOf = (x: Signals) => Array.from({ length: classes }, (_, c) => x.values[at(c)]!);
      const z = stepOf(logits);
      const hard = hardLoss(z, targetOf(n), options);
      const soft = softLoss(z, (options.teachers ?? []).map(stepOf), options);
      const share = 1 - (options.teacherWeight ?? 0);
      loss += share * hard.loss + soft.loss;
      lossTerms += share * hard.lossTerms + soft.lossTerms;
      if (z.indexOf(Math.max(...z)) === label) correct++;
      for (let c = 0; c < classes; c++) {
        dlogits.values[at(c)] = (share * hard.slopes[c]! + soft.slopes[c]!) / valid;
        terms[at(c)] = (share * hard.slopeTerms[c]! + soft.slopeTerms[c]!) / valid;
      }
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

/** Of one step, before the mean; slopes [classes] are derivatives with respect to the logits. */
interface StepLoss {
  readonly loss: number;
  readonly lossTerms: number;
  readonly slopes: readonly number[];
  readonly slopeTerms: readonly number[];
}

/** Softmax with its logarithm and, for each class, the magnitudes whose rounding the share inherits. */
function softmax(z: readonly number[], temperature: number) {
  const largest = Math.max(...z);
  const arguments_ = z.map((value) => (value - largest) / temperature);
  const total = arguments_.reduce((sum, x) => sum + Math.exp(x), 0);
  const shares = arguments_.map((x) => Math.exp(x) / total);
  // The total is off by its relative error: each exponential's argument was rounded.
  const argumentError = shares.reduce((sum, p, c) => sum - p * arguments_[c]!, 0);
  return {
    shares,
    logarithms: arguments_.map((x) => x - Math.log(total)),
    shareTerms: shares.map((p, c) => p * (1 - arguments_[c]! + argumentError)),
    logTerms: z.map((value) =>
      (Math.abs(largest) + Math.abs(value)) / temperature + Math.log(total) + 1 + argumentError
    ),
  };
}

/** What one label asks of each class. */
function labelTarget(label: number, classes: number, options: LossOptions): number[] {
  const { labelSmoothing = 0, classWeights } = options;
  const weight = classWeights?.[label] ?? 1;
  return Array.from(
    { length: classes },
    (_, c) => weight * ((c === label ? 1 - labelSmoothing : 0) + labelSmoothing / classes),
  );
}

/** Of the labels. */
function hardLoss(
  z: readonly number[],
  targets: readonly number[],
  { focal = 0 }: LossOptions,
): StepLoss {
  const { shares, logarithms, shareTerms, logTerms } = softmax(z, 1);
  const factors = shares.map((p) => (1 - p) ** focal);
  // The derivative of (1 - p)^focal * -log p by log p, negated.
  const pulls = shares.map((p, c) => {
    const bend = focal > 0 && p < 1 ? focal * p * (1 - p) ** (focal - 1) * -logarithms[c]! : 0;
    return targets[c]! * (factors[c]! + bend);
  });
  const allPulls = pulls.reduce((sum, pull) => sum + pull, 0);
  const sumOf = (values: (c: number) => number) => targets.reduce((s, _, c) => s + values(c), 0);
  return {
    loss: sumOf((c) => targets[c]! === 0 ? 0 : -targets[c]! * factors[c]! * logarithms[c]!),
    lossTerms: sumOf((c) => targets[c]! * factors[c]! * logTerms[c]!),
    slopes: shares.map((p, c) => p * allPulls - pulls[c]!),
    slopeTerms: shareTerms.map((p, c) => p * allPulls + pulls[c]!),
  };
}

/** Of the teachers: T^2 KL(mean of their softened shares || the network's), by the teachers' weight. */
function softLoss(
  z: readonly number[],
  teachers: readonly (readonly number[])[],
  { temperature = 1, teacherWeight = 0 }: LossOptions,
): StepLoss {
  const none = z.map(() => 0);
  if (teachers.length === 0) return { loss: 0, lossTerms: 0, slopes: none, slopeTerms: none };
  const own = softmax(z, temperature);
  const taught = teachers.map((teacher) => softmax(teacher, temperature));
  const mean = (of: (c: (typeof taught)[number]) => readonly number[]) =>
    z.map((_, c) => taught.reduce((sum, one) => sum + of(one)[c]! / teachers.length, 0));
  const [q, qTerms] = [mean((one) => one.shares), mean((one) => one.shareTerms)];
  const scale = teacherWeight * temperature;
  const sumOf = (value: (share: number, c: number) => number) =>
    q.reduce((sum, share, c) => share > 0 ? sum + value(share, c) : sum, 0);
  return {
    loss: scale * temperature * sumOf((share, c) => share * (Math.log(share) - own.logarithms[c]!)),
    lossTerms: scale * temperature *
      sumOf((share, c) => qTerms[c]! * (Math.abs(Math.log(share)) + own.logTerms[c]!)),
    slopes: q.map((share, c) => scale * (own.shares[c]! - share)),
    slopeTerms: qTerms.map((share, c) => scale * (own.shareTerms[c]! + share)),
  };
}
