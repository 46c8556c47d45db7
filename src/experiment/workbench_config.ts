/**
 * From a run's configuration to the settings of its workbench.
 *
 * @module
 */
import type { LoadedDataset } from "../data/dataset.ts";
import type { WorkbenchConfig } from "../training/workbench.ts";
import type { Config } from "./config.ts";

/** The settings of a run that its programs are recorded with. */
export function workbenchConfig(config: Config, dataset: LoadedDataset): WorkbenchConfig {
  const { network, training } = config;
  return {
    network: {
      ...network,
      classes: dataset.classes.length,
      norm: { epsilon: network.normEpsilon, momentum: network.normMomentum },
    },
    optimizer: {
      kind: training.optimizer,
      beta1: training.beta1,
      beta2: training.beta2,
      epsilon: training.epsilon,
      weightDecay: training.weightDecay,
      clipNorm: training.clipNorm,
    },
    batchSize: training.batchSize,
    flip: training.flip,
    seed: config.orderSeed ?? config.seed,
    rule: config.score,
  };
}
