/**
 * Made-up single trainings for tests.
 *
 * @module
 */
import { PRESETS } from "../config/presets.ts";
import type { MaskPolicyName } from "../pruning/mask_policies.ts";
import type { Summary } from "../results/summary.ts";
import { fixtureSummary } from "./fixture.ts";

/**
 * Leaves one round of a single training: round `pruned` under the number 1, trained for as many epochs as all
 * rounds up to it, at the mean cost of a forward pass given by `macs`.
 */
export function singleTraining(
  summary: Summary,
  { pruned, macs }: { pruned: number; macs: number },
): void {
  const round = summary.rounds[pruned]!;
  const { length } = round.epochs;
  const steps = round.epochs[0]!.step;
  round.round = 1;
  round.afterPruning = round.afterPruningRecalibrated = null;
  round.epochs = Array.from({ length: length * (pruned + 1) }, (_, i) => ({
    ...round.epochs[i % length]!,
    epoch: i + 1,
    step: steps * (i + 1),
  }));
  round.training = { maskChanges: 3, denseGradients: 0, density: round.density, macs };
  Object.assign(summary, { rounds: [round], plannedRounds: 1 });
}

const SCHEDULES = {
  gradual: { kind: "gradual", every: "1ep", begin: 0, end: 0.75 },
  set: { kind: "set", every: "1ep", share: 0.3, end: 1 },
  rigl: { kind: "rigl", every: "1ep", share: 0.3, end: 0.75 },
} as const;

/** A made-up single training of 60 epochs with settings that can be read. */
export function singleSummary(mode: MaskPolicyName): Summary {
  const summary = fixtureSummary({ rounds: 5, name: mode });
  singleTraining(summary, { pruned: 4, macs: summary.rounds[4]!.macs });
  const [round] = summary.rounds;
  const { pruning, training, ...others } = PRESETS.quick;
  summary.mode = mode;
  summary.config = {
    ...others,
    mode,
    pruning: { ...pruning, rounds: 1, target: round!.theta, schedule: SCHEDULES[mode] },
    training: { ...training, epochs: round!.epochs.length, kernels: "density" },
  };
  return summary;
}
