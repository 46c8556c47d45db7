/**
 * The dense networks that decide about a network of a comparison (see statistics/reference.ts).
 *
 * @module
 */
import { commonKind, referenceOf } from "../statistics/reference.ts";
import type { DenseVerdict } from "../statistics/verdict.ts";
import type { Difference, EqualTraining, LevelResult, MethodResult } from "./comparison.ts";

/** The difference that decides about a network; null for the dense network itself. */
export function decisive(level: LevelResult): Difference<DenseVerdict> | null {
  return referenceOf<Difference<DenseVerdict>, EqualTraining>(level)?.found ?? null;
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
  const reference = referenceOf(level);
  if (reference === null) return null;
  return reference.kind === "equal"
    ? reference.found.epochs.dense
    : levels[0]!.cost?.epochs ?? null;
}
