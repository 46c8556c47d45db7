/**
 * The dense networks that decide about a network of a comparison (see statistics/reference.ts).
 *
 * @module
 */
import { commonKind, type Reference, referenceOf } from "../statistics/reference.ts";
import type { DenseVerdict } from "../statistics/verdict.ts";
import type { Difference, EqualTraining, LevelResult, MethodResult } from "./comparison.ts";

/** The dense networks that decide about a network, and the difference to them; null for the dense network itself. */
export function levelReference(
  level: LevelResult,
): Reference<Difference<DenseVerdict>, EqualTraining> | null {
  return referenceOf<Difference<DenseVerdict>, EqualTraining>(level);
}

/** The difference that decides about a network; null for the dense network itself. */
export function decisive(level: LevelResult): Difference<DenseVerdict> | null {
  return levelReference(level)?.found ?? null;
}

/** Whether any network of a method is compared with a dense network of as many epochs. */
export function hasEqualTraining({ levels }: Pick<MethodResult, "levels">): boolean {
  return commonKind(levels) === "equal";
}

/** Total epochs of the dense networks that decide about a network; null if there are none or nobody knows. */
export function referenceEpochs(
  { levels }: Pick<MethodResult, "levels">,
  level: LevelResult,
): number | null {
  const reference = levelReference(level);
  if (reference === null) return null;
  return reference.kind === "equal"
    ? reference.found.epochs.dense
    : levels[0]!.cost?.epochs ?? null;
}
