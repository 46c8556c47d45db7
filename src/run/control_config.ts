/**
 * Makes the configuration of a control from a finished run and a kind of control.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Config } from "../config/config.ts";
import { isSingleTraining } from "../config/modes.ts";
import {
  type ControlBase,
  isPruned,
  masksSha256,
  openBase,
  refuseOtherData,
  roundsOf,
} from "./control_base.ts";
import {
  type ControlKind,
  controlPolicy,
  FRESH_SEED_OFFSET,
  isSmallNetwork,
  repeatsDenseRound,
  trainsOn,
} from "../config/controls.ts";
import { type SmallNetwork, smallNetwork } from "./small_network.ts";

/** A request for a control. */
export interface ControlRequest {
  readonly kind: ControlKind;
  /** null for all rounds of the base that such a control can have. */
  readonly rounds: readonly number[] | null;
}

/**
 * The rounds that a control of this kind is asked to train, in order. A control that trains the dense network
 * further needs none of the base's masks, so it can have more rounds than the base.
 *
 * @throws {UsageError} If there can be no such round.
 */
export function askedRounds(base: ControlBase, { kind, rounds: asked }: ControlRequest): number[] {
  const policy = controlPolicy(kind);
  const ofBase = () => roundsOf(base, { asked, dense: repeatsDenseRound(policy) });
  if (!trainsOn(policy)) return ofBase();
  if (asked === null) {
    if (isPruned(base)) return ofBase();
    throw new UsageError(
      `Cannot train ${base.name} further as often as it was pruned: it has no pruned round; ` +
        "say how often, as in --rounds 1,2",
    );
  }
  if (asked.includes(0)) {
    throw new UsageError(
      `Cannot train round 0 of ${base.name} further: it is where this control begins; ask for round 1 and later ones`,
    );
  }
  return [...new Set(asked)].sort((a, b) => a - b);
}

/**
 * The configuration of a control of `base`: the base's configuration plus the control's settings. A round is
 * left out if its small dense network equals that of an earlier round. If each round starts from the
 * control's previous round, the rounds before the requested ones are included.
 *
 * @throws {UsageError} If there can be no such round, or the base has nothing that such a control could start from.
 */
export function controlConfig(base: ControlBase, request: ControlRequest): Config {
  const { kind } = request;
  const policy = controlPolicy(kind);
  if (isSingleTraining(base.config.mode)) refuseOfSingleTraining(base, kind);
  let rounds = askedRounds(base, request);
  if (policy.weights === "previous") {
    rounds = Array.from({ length: Math.max(...rounds) }, (_, i) => i + 1);
  }
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

/** The mask of the base changed while it trained; a control trains its last mask from the beginning. */
function refuseOfSingleTraining({ name, config: { mode } }: ControlBase, kind: ControlKind): void {
  const { weights } = controlPolicy(kind);
  if (weights !== "previous" && weights !== "ticket") return;
  throw new UsageError(
    `Cannot make the control ${kind} of ${name}: ${
      weights === "previous"
        ? `mode ${mode} trains no dense network that could be trained on`
        : `it repeats the training of a fixed mask, and mode ${mode} changes the mask during training`
    }`,
  );
}

/**
 * Opens the base of a control and checks that it has not changed since the control was made.
 *
 * @throws {UsageError} If the base no longer exists, has other masks, or other data.
 */
export function baseOfControl(
  control: NonNullable<Config["control"]>,
  datasetSha256: string,
): ControlBase {
  const base = openBase(control.base, "take masks from");
  refuseOtherData(base, datasetSha256);
  const rounds = askedRounds(base, control);
  if (masksSha256(base, rounds) !== control.masksSha256) {
    throw new UsageError(
      `Cannot continue a control of ${control.base}: its masks are not the ones that the control ` +
        `began with; choose another --name`,
    );
  }
  return base;
}

/** The dense network that is compared with a round of the base. */
export function smallNetworkOf(base: ControlBase, round: number): SmallNetwork {
  const { kept } = base.rounds.get(round)!;
  return smallNetwork(base.config.network, {
    weights: kept,
    classes: base.summary.classes.length,
  });
}
