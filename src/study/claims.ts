/**
 * Holds published claims against the differences of a comparison.
 *
 * @module
 */
import type { Comparison } from "../compare/comparison.ts";
import { findPair, fullName, levelNear, withSign } from "../compare/pairs.ts";
import { decisive } from "../compare/reference.ts";
import type { Claim } from "./group.ts";

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
  const { methods, pairs } = comparison;
  const levelsOf = (name: string) => methods.find((method) => method.name === name)!.levels;
  if (b === "dense") {
    const names = methods.map(({ name }) => name);
    const name = fullName(a, names);
    const pruned = names.includes(name) ? levelsOf(name).slice(1) : [];
    const level = levelNear(percent, pruned.map(({ density }) => density));
    return level === null ? null : decisive(pruned[level]!);
  }
  const found = findPair(pairs, { a, b });
  if (!found) return null;
  const { pair: { a: first, levels }, sign } = found;
  const level = levelNear(
    percent,
    levels.map(({ levelA }) => levelsOf(first)[levelA]!.density),
  );
  return level === null ? null : withSign(sign, levels[level]!);
}
