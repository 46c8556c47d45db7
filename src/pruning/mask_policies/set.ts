/**
 * Sparse Evolutionary Training (Mocanu et al. 2018, "Scalable training of artificial neural networks with
 * adaptive sparse connectivity inspired by network science").
 *
 * @module
 */
import { dropAndGrow } from "../drop_grow.ts";
import { changeSteps, type MaskPolicy, type MaskTiming } from "../mask_policy.ts";
import { randomMasks } from "../random.ts";

/** Settings of policies that drop and grow. */
export interface DropSettings extends MaskTiming {
  /** Share of each layer's weights that a change replaces; for rigl, at the beginning. */
  readonly share: number;
}

export const set: MaskPolicy<DropSettings> = {
  start: "erk",
  growth: "random",
  description: "one sparse training; the smallest weights of each layer move to random places",
  source: "Mocanu et al. 2018",
  changes: (settings, { keep }, length) =>
    changeSteps({ ...settings, begin: 0 }, length)
      .map((step) => ({ step, keep, share: settings.share })),
  masks: ({ candidates, change: { step, share }, seed }) =>
    candidates.map(({ name, parameter }) =>
      dropAndGrow(
        { mask: parameter.readMask(), weights: parameter.read("value") },
        share,
        (open, keep) => randomMasks([open], { keep, seed, stream: ["growth", step, name] })[0]!,
      )
    ),
};
