/**
 * The verdict of an interval in words.
 *
 * @module
 */
import { decimals } from "../core/decimals.ts";
import { matchesDense } from "./matches.ts";

/** The parts of an estimate that a sentence needs. */
export interface Limits {
  /** Of two scores. */
  difference: number;
  /** Lower bound of its 95 % interval. */
  low: number;
  /** Upper bound. */
  high: number;
}

/**
 * The verdict of a pruned network against dense. "not tested": its interval would match, but a network with
 * more weights was not shown to match.
 */
export type DenseVerdict = "better" | "matches" | "worse" | "not resolved" | "not tested";
/** The verdict of one method against another at equal density. */
export type PairVerdict = "better" | "equal" | "worse" | "not resolved";

/**
 * "better" if the whole interval is above 0; "matches" if its lower bound is above -margin, even
 * if the whole interval is below 0 (worse, but by less than the margin); "worse" if it is below 0
 * otherwise; "not resolved" if the data allow both a match and a loss beyond the margin.
 *
 * @param margin Largest loss that counts as a match, above 0.
 * @param tested Whether all networks with more weights match; if not, the best verdict is "not tested".
 */
export function denseVerdict(limits: Limits, margin: number, tested = true): DenseVerdict {
  if (matchesDense(limits, margin)) {
    if (!tested) return "not tested";
    return limits.low > 0 ? "better" : "matches";
  }
  return limits.high < 0 ? "worse" : "not resolved";
}

/** Like {@linkcode denseVerdict}, but two-sided: "equal" needs the interval within ±margin. */
export function pairVerdict({ low, high }: Limits, margin: number): PairVerdict {
  if (low > 0) return "better";
  if (high < 0) return "worse";
  return low > -margin && high < margin ? "equal" : "not resolved";
}

/** E.g. "matches dense: difference −0.004, 95 % [−0.016, 0.008]". */
export function denseSentence(limits: Limits, margin: number, tested = true): string {
  const verdict = denseVerdict(limits, margin, tested);
  return `${denseWords({ ...limits, verdict }, margin)}: ${intervalText(limits)}`;
}

/**
 * A verdict in words, e.g. "worse than dense".
 *
 * @param dense The dense networks that it is about, if they are not simply dense.
 */
export function denseWords(
  { verdict, high }: Limits & { verdict: DenseVerdict },
  margin: number,
  dense?: string,
): string {
  const name = dense ?? "dense";
  const against = dense === undefined ? "" : ` against ${dense}`;
  const words: Record<DenseVerdict, string> = {
    better: `better than ${name}`,
    matches: high < 0 ? `below ${name}, by less than ${margin}` : `matches ${name}`,
    worse: `worse than ${name}`,
    "not resolved": `not resolved (a loss of ${margin} or more is not excluded)${against}`,
    "not tested": `not tested (a network with more weights was not shown to match)${against}`,
  };
  return words[verdict];
}

/** E.g. "not resolved: difference 0.004, 95 % [−0.016, 0.024]". */
export function pairSentence(limits: Limits, margin: number): string {
  const kind = pairVerdict(limits, margin);
  return `${kind === "equal" ? `equal within ${margin}` : kind}: ${intervalText(limits)}`;
}

/** E.g. "difference −0.004, 95 % [−0.016, 0.008]". */
export function intervalText(limits: Limits): string {
  return `difference ${decimals(limits.difference)}, 95 % ${limitsText(limits)}`;
}

/** E.g. "−0.004 [−0.016, 0.008]", for tables. */
export function intervalShort(limits: Limits): string {
  return `${decimals(limits.difference)} ${limitsText(limits)}`;
}

/** E.g. "[−0.016, 0.008]". */
export function limitsText({ low, high }: Pick<Limits, "low" | "high">): string {
  return `[${decimals(low)}, ${decimals(high)}]`;
}
