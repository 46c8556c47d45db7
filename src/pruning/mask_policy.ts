/**
 * The interface of mask policies. A mask policy changes the mask of a network while the network trains, in
 * a single training. It is one file below mask_policies/ and one line of the registry in mask_policies.ts.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { iterationOf, parseStepPoint } from "../core/step.ts";
import type { NamedParameter } from "../model/layers.ts";
import type { Workbench } from "../training/workbench.ts";
import type { Criterion } from "./criteria.ts";

/** The length of a training. */
export interface TrainingLength {
  /** Number of updates. */
  readonly steps: number;
  /** Number of updates of one epoch. */
  readonly stepsPerEpoch: number;
}

/** A change of the mask. It happens after `step` updates, before the next one. */
export interface MaskChange {
  /** Number of updates before it. */
  readonly step: number;
  /** Number of prunable weights that are left after it, kept layers included. */
  readonly keep: number;
  /** Share of each layer's weights that are dropped and grown elsewhere. */
  readonly share: number;
}

/** The settings that all policies have. */
export interface MaskTiming {
  /** Distance of two changes, as core/step.ts reads it. */
  readonly every: string;
  /** No change comes later, as a share of the training. */
  readonly end: number;
}

/** Changes a mask during a training. Each change follows from its numbers, the settings and the step. */
export interface MaskPolicy<Settings extends MaskTiming> {
  /** "dense": training starts with all weights. "erk": with a random mask; layers by the rule of erk.ts. */
  readonly start: "dense" | "erk";
  /**
   * "none": the run's criterion chooses which weights are dropped, and none grow.
   * "random", "gradient": the smallest weights of each layer are dropped, and as many others grow: drawn
   * at random, or those with the largest gradient.
   */
  readonly growth: "none" | "random" | "gradient";
  /** One line for tables. */
  readonly description: string;
  /** Where it was published. */
  readonly source: string;
  /**
   * All changes of a training, by ascending step. The first comes after at least one update.
   *
   * @param weights.total Prunable weights, and `keep`, how many are left at the end.
   */
  changes(
    settings: Settings,
    weights: { total: number; keep: number },
    length: TrainingLength,
  ): MaskChange[];
  /** One mask per tensor of `candidates`, with exactly `keep` survivors. */
  masks(task: ChangeTask): Uint8Array[];
}

/** The task of changing masks. */
export interface ChangeTask {
  /** The network, its data and its device. */
  readonly bench: Workbench;
  /** Prunable tensors except the kept layers, under their present masks. */
  readonly candidates: readonly NamedParameter[];
  /** The change that is due. */
  readonly change: MaskChange;
  /** Number of weights of the candidates to keep. */
  readonly keep: number;
  /** The run's criterion, for policies without growth. */
  readonly criterion: Criterion;
  /** Seed of the run. */
  readonly seed: number;
  /** Gradients of all weights of the candidates, pruned ones included; null unless growth needs them. */
  readonly gradients: readonly Float32Array[] | null;
}

/**
 * The steps after which masks change: `begin` + `every`, `begin` + 2 `every`, ... up to `end`, and before
 * the last update.
 *
 * @param timing.begin A share of the training.
 * @throws {UsageError} If no change fits in.
 */
export function changeSteps(
  { every, begin, end }: MaskTiming & { readonly begin: number },
  { steps, stepsPerEpoch }: TrainingLength,
): number[] {
  const distance = iterationOf(parseStepPoint(every), stepsPerEpoch);
  if (distance === 0) {
    throw new UsageError(
      `Cannot change the mask every ${every} updates: expected a distance such as 100it or 1ep ` +
        "(--mask-every)",
    );
  }
  const first = Math.floor(begin * steps);
  const last = Math.min(Math.floor(end * steps), steps - 1);
  const count = Math.floor((last - first) / distance);
  if (count < 1) {
    throw new UsageError(
      `Cannot change the mask every ${every}: of the ${steps} updates of this training, changes fit ` +
        `only between ${first} and ${
          Math.max(first, last)
        }; choose a smaller --mask-every or another --mask-end`,
    );
  }
  return Array.from({ length: count }, (_, i) => first + (i + 1) * distance);
}
