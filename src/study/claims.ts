/**
 * Holds published claims against the differences of a comparison.
 *
 * @module
 */
import type { Comparison, Difference } from "../compare/comparison.ts";
import { DENSITY_FACTOR } from "../compare/match_levels.ts";
import { decisive } from "../compare/sentences.ts";
import { type Claim, methodNamed } from "./group.ts";

/** "not run": a method of the claim is not among the runs, or not at that density. */
export type ClaimVerdict = "holds" | "fails" | "not resolved" | "not run";

/** A claim and what the runs say about it. */
export interface Judged {
  claim: Claim;
  verdict: ClaimVerdict;
  /** a minus b with its 95 % interval; null if it was not run. */
  found: { difference: number; low: number; high: number } | null;
}

/**
 * A claim "a is better" holds if the whole interval of a - b is above 0, and fails if none of it is.
 * A claim "a loses at most x" holds if the whole interval is above -x, and fails if none of it is.
 */
export function judge(comparison: Comparison, claim: Claim): Judged {
  const found = differenceOf(comparison, claim);
  if (found === null) return { claim, verdict: "not run", found };
  const least = claim.expects === "better" ? 0 : -claim.expects;
  const verdict = found.low > least ? "holds" : found.high <= least ? "fails" : "not resolved";
  return { claim, verdict, found };
}

function differenceOf(comparison: Comparison, { a, b, percent }: Claim): Judged["found"] {
  const method = methodNamed(comparison, a);
  const near = (density: number) =>
    Math.abs(Math.log(100 * density / percent)) <= Math.log(DENSITY_FACTOR);
  const level = method?.levels.findIndex(({ density }, i) => i > 0 && near(density)) ?? -1;
  if (!method || level < 0) return null;
  if (b === "dense") return decisive(method.levels[level]!);
  const other = methodNamed(comparison, b)?.name;
  const pair = comparison.pairs.find((pair) =>
    [pair.a, pair.b].includes(method.name) && [pair.a, pair.b].includes(other ?? "")
  );
  if (!pair) return null;
  const first = pair.a === method.name;
  const at = pair.levels.find(({ levelA, levelB }) => (first ? levelA : levelB) === level);
  return at ? (first ? at : turned(at)) : null;
}

function turned({ difference, low, high }: Difference<string>): Judged["found"] {
  return { difference: -difference, low: -high, high: -low };
}
