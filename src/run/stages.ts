/**
 * The networks of a run and the rounds that are trained on each. A lottery and most controls have one
 * network; a control with small dense networks has one per round.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { hasDenseRound } from "../config/dense_round.ts";
import { isSingleTraining } from "../config/modes.ts";
import { networkGraph } from "../config/network_config.ts";
import { trainingLength } from "../config/training_length.ts";
import { prunableTensors } from "../model/graph.ts";
import { maskChanges } from "../pruning/mask_policies.ts";
import { keepCounts } from "../pruning/plan.ts";
import { refuseKeepLayers } from "../pruning/prune.ts";
import { Control } from "./control.ts";
import { baseOfControl, smallNetworkOf } from "./control_config.ts";
import { hasSmallNetworks } from "../config/controls.ts";
import { Experiment } from "./experiment.ts";
import { refuseUnreachableRewindPoint } from "../config/rewind_point.ts";
import type { Rounds, RoundsContext } from "./rounds.ts";
import { SingleTraining } from "./single_training.ts";

/** One network of a run with its rounds. */
export interface Stage {
  /** The run's own network, or a smaller one. */
  readonly network: Config["network"];
  open(context: RoundsContext): Rounds;
}

/** The plan of a run before anything is opened. */
export interface Stages {
  /** Number of pruned rounds of the complete run. */
  readonly plannedRounds: number;
  /** Whether the dense round 0 is among its rounds. */
  readonly hasDense: boolean;
  /** Whether the masks change during a round. */
  readonly changesMasks: boolean;
  readonly stages: readonly Stage[];
}

/**
 * @throws {UsageError} If the configuration cannot be carried out. Nothing is written then.
 */
export function stagesOf(config: Config, dataset: LoadedDataset): Stages {
  const { control, network } = config;
  if (control === null) {
    refuseUnreachableRewindPoint(config, dataset);
    const layers = prunableTensors(networkGraph(network, dataset.classes.length))
      .map(({ name, shape: [out, inner, kernel] }) => ({ name, size: out * inner * kernel }));
    const total = layers.reduce((sum, { size }) => sum + size, 0);
    const keeps = keepCounts(total, config.pruning);
    const { keepLayers } = config.pruning;
    if (keeps.length > 0) refuseKeepLayers(layers, { keepLayers, keep: keeps.at(-1)! });
    const single = isSingleTraining(config.mode);
    if (single) maskChanges(config.pruning, { total, ...trainingLength(config, dataset) });
    const open = (context: RoundsContext) =>
      single ? new SingleTraining(context) : new Experiment(context);
    return {
      plannedRounds: keeps.length,
      hasDense: hasDenseRound(config),
      changesMasks: single,
      stages: [{ network, open }],
    };
  }
  const base = baseOfControl(control, dataset.sha256);
  const stage = (rounds: readonly number[], own: Partial<Config["network"]>): Stage => ({
    network: { ...network, ...own },
    open: (context) =>
      new Control({ ...context, config: { ...context.config, control } }, base, rounds),
  });
  return {
    plannedRounds: control.rounds.length,
    hasDense: hasDenseRound(config),
    changesMasks: false,
    stages: hasSmallNetworks(config)
      ? control.rounds.map((round) => stage([round], smallNetworkOf(base, round)))
      : [stage(control.rounds, {})],
  };
}
