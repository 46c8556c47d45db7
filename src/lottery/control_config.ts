/**
 * From a finished run and the kind of control to the control's configuration.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Config, ControlKind } from "../experiment/config.ts";
import { prunableWeights, type ShapeConfig } from "../model/prunable_shapes.ts";
import {
  type ControlBase,
  masksSha256,
  openBase,
  refuseOtherData,
  roundsOf,
} from "./control_base.ts";
import { FRESH_SEED_OFFSET } from "./controls.ts";

/** A control that is asked for. */
export interface ControlRequest {
  readonly kind: ControlKind;
  /** null for all rounds of the base that such a control can have. */
  readonly rounds: readonly number[] | null;
}

/**
 * The configuration of a control of `base`: the base's own, with what is controlled. Rounds whose small
 * dense network would be that of an earlier round are left out.
 */
export function controlConfig(base: ControlBase, request: ControlRequest): Config {
  const { kind } = request;
  let rounds = roundsOf(base, { asked: request.rounds, dense: kind === "reorder" });
  if (kind === "dense-small") {
    const filters = rounds.map((round) => smallFilters(base, round));
    rounds = rounds.filter((_, i) => filters.indexOf(filters[i]!) === i);
  }
  const { seed, orderSeed } = base.config;
  return {
    ...base.config,
    orderSeed: kind === "reorder" ? (orderSeed ?? seed) + FRESH_SEED_OFFSET : orderSeed,
    control: {
      kind,
      base: base.name,
      masksSha256: masksSha256(base, rounds),
      rounds,
    },
  };
}

/**
 * The base of a control that is to be run, checked to be the one it was made for.
 *
 * @throws {UsageError} If the base is no longer there, or has other masks, or other data.
 */
export function baseOfControl(
  control: NonNullable<Config["control"]>,
  datasetSha256: string,
): ControlBase {
  const base = openBase(control.base, "take masks from");
  refuseOtherData(base, datasetSha256);
  const rounds = roundsOf(base, { asked: control.rounds, dense: control.kind === "reorder" });
  if (masksSha256(base, rounds) !== control.masksSha256) {
    throw new UsageError(
      `Cannot continue a control of ${control.base}: its masks are no longer those that the control ` +
        `began with; choose another --name`,
    );
  }
  return base;
}

/** The number of filters whose dense network has the number of weights nearest to a round's. */
export function smallFilters(base: ControlBase, round: number): number {
  const { kept } = base.rounds.get(round)!;
  return nearestFilters({ ...base.config.network, classes: base.summary.classes.length }, kept);
}

/** 1 to the network's own number of filters; the smaller of two equally near. */
export function nearestFilters(network: ShapeConfig, weights: number): number {
  let best = 1;
  const distance = (filters: number) =>
    Math.abs(prunableWeights({ ...network, filters }) - weights);
  for (let filters = 2; filters <= network.filters; filters++) {
    if (distance(filters) < distance(best)) best = filters;
  }
  return best;
}
