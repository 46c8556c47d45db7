/**
 * What an interval says, in words.
 *
 * @module
 */
import type { Estimate } from "./interval.ts";

/** Of a pruned network against its own dense one. */
export type DenseVerdict = "better" | "matches" | "worse" | "not resolved";
/** Of one method against another at equal density. */
export type PairVerdict = "better" | "equal" | "worse" | "not resolved";

/**
 * "better" when the whole interval is above 0; "matches" when its lower bound is above -margin, even
 * if the whole interval is below 0 (worse, but by less than the margin); "worse" when it is below 0
 * otherwise; "not resolved" when the records allow both a match and a loss beyond the margin.
 *
 * @param margin The loss that still counts as a match, above 0.
 */
export function denseVerdict({ low, high }: Estimate, margin: number): DenseVerdict {
  if (low > 0) return "better";
  if (low > -margin) return "matches";
  return high < 0 ? "worse" : "not resolved";
}

/** As {@linkcode denseVerdict}, but both ways: "equal" needs the interval within ±margin. */
export function pairVerdict({ low, high }: Estimate, margin: number): PairVerdict {
  if (low > 0) return "better";
  if (high < 0) return "worse";
  return low > -margin && high < margin ? "equal" : "not resolved";
}

/** E.g. "matches dense: difference -0.004, 95 % [-0.016, 0.008]". */
export function denseSentence(estimate: Estimate, margin: number): string {
  const kind = denseVerdict(estimate, margin);
  const words = {
    better: "better than dense",
    matches: estimate.high < 0 ? `below dense, by less than ${margin}` : "matches dense",
    worse: "worse than dense",
    "not resolved": `not resolved (a loss of ${margin} or more is not excluded)`,
  };
  return `${words[kind]}: ${intervalText(estimate)}`;
}

/** E.g. "not resolved: difference 0.004, 95 % [-0.016, 0.024]". */
export function pairSentence(estimate: Estimate, margin: number): string {
  const kind = pairVerdict(estimate, margin);
  return `${kind === "equal" ? `equal within ${margin}` : kind}: ${intervalText(estimate)}`;
}

/** E.g. "difference -0.004, 95 % [-0.016, 0.008]". */
export function intervalText({ difference, low, high }: Estimate): string {
  return `difference ${signed(difference)}, 95 % [${signed(low)}, ${signed(high)}]`;
}

/** Three decimals, without a minus sign before zero. */
export function signed(x: number): string {
  const text = x.toFixed(3);
  return Number(text) === 0 ? "0.000" : text;
}
