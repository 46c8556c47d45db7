/**
 * What changed during a single training, in words.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import type { RoundSummary } from "../results/summary.ts";
import { format } from "./format.ts";

/** The changes of the mask and what the training had on average; null for a round whose mask stayed. */
export function trainingSentence(
  { training, denseMacs }: Pick<RoundSummary, "training" | "denseMacs">,
): string | null {
  if (training === undefined) return null;
  const { maskChanges, density, macs } = training;
  return `The mask changed ${counted(maskChanges, "time")}; on average, training had ` +
    `${format(density, "percent")} of the weights and ${format(macs / denseMacs, "percent")} of ` +
    "the multiply-adds.";
}
