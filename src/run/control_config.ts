/**
 * From a finished run and the kind of control to the control's configuration.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Config } from "../config/config.ts";
import {
  type ControlBase,
  masksSha256,
  openBase,
  refuseOtherData,
  roundsOf,
} from "./control_base.ts";
import {
  type ControlKind,
  controlPolicy,
  FRESH_SEED_OFFSET,
  hasDenseRound,
  isSmallNetwork,
} from "../config/controls.ts";
import { type SmallNetwork, smallNetwork } from "./small_network.ts";

/** A control that is asked for. */
export interface ControlRequest {
  readonly kind: ControlKind;
  /** null for all rounds of the base that such a control can have. */
  readonly rounds: readonly number[] | null;
}

/**
 * The configuration of a control of `base`: the base's own, with what is controlled. Rounds whose small
 * dense network would be that of an earlier round are left out. Where a round begins with the control's
 * round before, those before the ones asked for are done, too.
 */
export function controlConfig(base: ControlBase, request: ControlRequest): Config {
  const { kind } = request;
  const policy = controlPolicy(kind);
  let rounds = roundsOf(base, { asked: request.rounds, dense: hasDenseRound(policy) });
  if (policy.weights === "previous") rounds = [...base.rounds.keys()].filter(between(1, rounds));
  if (isSmallNetwork(policy)) {
    const sizes = rounds.map((round) => JSON.stringify(smallNetworkOf(base, round)));
    rounds = rounds.filter((_, i) => sizes.indexOf(sizes[i]!) === i);
  }
  const { seed, orderSeed } = base.config;
  return {
    ...base.config,
    orderSeed: policy.order === "other" ? (orderSeed ?? seed) + FRESH_SEED_OFFSET : orderSeed,
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
  const dense = hasDenseRound(controlPolicy(control.kind));
  const rounds = roundsOf(base, { asked: control.rounds, dense });
  if (masksSha256(base, rounds) !== control.masksSha256) {
    throw new UsageError(
      `Cannot continue a control of ${control.base}: its masks are no longer those that the control ` +
        `began with; choose another --name`,
    );
  }
  return base;
}

/** The dense network that stands beside a round of the base. */
export function smallNetworkOf(base: ControlBase, round: number): SmallNetwork {
  const { kept } = base.rounds.get(round)!;
  return smallNetwork(base.config.network, {
    weights: kept,
    classes: base.summary.classes.length,
  });
}

/** Whether a round lies between `first` and the last of `rounds`. */
function between(first: number, rounds: readonly number[]): (round: number) => boolean {
  const last = Math.max(...rounds);
  return (round) => round >= first && round <= last;
}
