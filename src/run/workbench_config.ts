/**
 * Makes the settings of a workbench from a run's configuration.
 *
 * @module
 */
import type { LossSettings } from "../addon/native.ts";
import { UsageError } from "../core/errors.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { analyse } from "../model/analyse.ts";
import { CLASSES } from "../model/graph_file.ts";
import { graphProblems } from "../model/graph_problems.ts";
import type { NetworkConfig } from "../model/network.ts";
import type { WorkbenchConfig } from "../training/workbench.ts";
import { croppedLength, nativeAugmentation } from "../config/augmentation.ts";
import type { Config } from "../config/config.ts";
import { networkGraph, networkHop } from "../config/network_config.ts";

/**
 * The settings with which the programs of a run are traced.
 *
 * @throws {UsageError} If the settings name other classes than the data set has.
 */
export function workbenchConfig(config: Config, dataset: LoadedDataset): WorkbenchConfig {
  const { training } = config;
  return {
    network: networkConfig(config, dataset),
    optimizer: {
      kind: training.optimizer,
      beta1: training.beta1,
      beta2: training.beta2,
      epsilon: training.epsilon,
      weightDecay: training.weightDecay,
      clipNorm: training.clipNorm,
    },
    loss: lossSettings(config, dataset),
    average: training.average,
    batchSize: training.batchSize,
    flip: training.flip,
    augment: training.augment && nativeAugmentation(training.augment, dataset.sampleRate),
    longest: croppedLength(training.augment, dataset.sampleRate),
    seed: config.orderSeed ?? config.seed,
    rule: config.score,
    flipAverage: config.flipAverage,
  };
}

/**
 * The network of a run on a data set.
 *
 * @throws {UsageError} If its head has another number of channels than the data set has classes, or adds
 * a node that has.
 */
export function networkConfig({ network }: Config, { classes }: LoadedDataset): NetworkConfig {
  const graph = networkGraph(network, classes.length);
  const { head } = analyse(graph);
  if (head.outChannels !== classes.length) {
    throw new UsageError(
      `Cannot use the network ${graph.name}: its head "${head.node.name}" has ${head.outChannels} ` +
        `channels, and the data set ${classes.length} classes, ${classes.join(", ")}; write ` +
        `"${CLASSES}" for its channels`,
    );
  }
  const problems = graphProblems(graph);
  if (problems.length > 0) {
    throw new UsageError(
      `Cannot use the network ${graph.name} with the ${classes.length} classes of the data set, ` +
        `${classes.join(", ")}: ${problems.join("; ")}`,
    );
  }
  return {
    graph,
    init: network.init,
    norm: { epsilon: network.normEpsilon, momentum: network.normMomentum },
  };
}

/** Settings of the loss, without the teachers' outputs; a program has those. */
function lossSettings(config: Config, dataset: LoadedDataset): LossSettings {
  const { loss: { labelSmoothing, focal, classWeights }, teacher } = config.training;
  const weights = weightsOf(classWeights, { dataset, hop: networkHop(config.network) });
  return {
    labelSmoothing,
    focal,
    ...weights === null ? {} : { classWeights: weights },
    ...teacher === null ? {} : { temperature: teacher.temperature, teacherWeight: teacher.weight },
  };
}

/** A weight for each class; null for none. */
function weightsOf(
  asked: Config["training"]["loss"]["classWeights"],
  { dataset, hop }: { dataset: LoadedDataset; hop: number },
): readonly number[] | null {
  if (asked === "none") return null;
  if (asked === "balanced") return balancedWeights(dataset, hop);
  const { classes } = dataset;
  if (asked.length === classes.length) return asked;
  throw new UsageError(
    `Cannot use ${asked.length} class weights: the data set has ${classes.length} classes, ` +
      `${classes.join(", ")}, and there must be one for each, in this order`,
  );
}

/**
 * A class's weight: all steps of the training set, divided by the steps of the class and by the number of
 * classes. Each class then has the same share of the loss, and the mean weight of a step is 1. A class
 * without steps has weight 0.
 */
function balancedWeights({ classes, splits: { train } }: LoadedDataset, hop: number): number[] {
  const steps = classes.map(() => 0);
  train.labels.forEach((label, i) => steps[label]! += Math.floor(train.lengths[i]! / hop));
  const present = steps.filter((count) => count > 0).length;
  const all = steps.reduce((sum, count) => sum + count, 0);
  return steps.map((count) => count === 0 ? 0 : all / (present * count));
}
