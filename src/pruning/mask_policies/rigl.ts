/**
 * RigL (Evci et al. 2020, "Rigging the lottery: making all tickets winners", section 3 and algorithm 1).
 *
 * @module
 */
import { dropAndGrow } from "../drop_grow.ts";
import { changeSteps, type MaskPolicy } from "../mask_policy.ts";
import { selectHighest } from "../select.ts";
import type { DropSettings } from "./set.ts";

/** The share that a change at `step` replaces: alpha / 2 (1 + cos(pi step / end)). */
export function cosineShare(alpha: number, { step, end }: { step: number; end: number }): number {
  return alpha / 2 * (1 + Math.cos(Math.PI * step / end));
}

export const rigl: MaskPolicy<DropSettings> = {
  start: "erk",
  growth: "gradient",
  description: "one sparse training; the smallest weights of each layer move to large gradients",
  source: "Evci et al. 2020",
  changes(settings, { keep }, length) {
    const end = settings.end * length.steps;
    return changeSteps({ ...settings, begin: 0 }, length)
      .map((step) => ({ step, keep, share: cosineShare(settings.share, { step, end }) }));
  },
  masks: ({ candidates, change: { share }, gradients }) =>
    candidates.map(({ parameter }, i) =>
      dropAndGrow(
        { mask: parameter.readMask(), weights: parameter.read("value") },
        share,
        (open, keep) =>
          selectHighest([Float64Array.from(gradients![i]!, Math.abs)], { alive: [open], keep })[0]!,
      )
    ),
};
