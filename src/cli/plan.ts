/**
 * `deno task lth --plan`: predicts time, memory and disk use of a run; trains and writes nothing.
 *
 * @module
 */
import type { NativeDevice } from "../addon/native.ts";
import { iterationOf, parseStepPoint } from "../core/step.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { withBuiltSample } from "../data/sample.ts";
import { refuseUnusableStretch } from "../config/augmentation.ts";
import type { Config } from "../config/config.ts";
import { trainingLength } from "../config/training_length.ts";
import { workbenchConfig } from "../run/workbench_config.ts";
import { openDataset } from "../run/dataset.ts";
import { type DiskNeed, diskOf } from "../run/disk_need.ts";
import {
  type ChangingMasks,
  changingMasks,
  heldWeights,
  keptWeights,
  longestOf,
  type MemoryNeed,
  memoryOf,
} from "../run/memory_need.ts";
import { memoryRefusal } from "../run/room.ts";
import { readTeachers } from "../run/teachers.ts";
import { stagesOf } from "../run/stages.ts";
import { costOf, REFERENCE_SAMPLES } from "../pruning/cost.ts";
import { countWeights } from "../pruning/prune.ts";
import { SPLITS, Workbench } from "../training/workbench.ts";
import { knownRates, type Rate, secondsPerEpoch } from "./plan_rates.ts";

/** One round of a plan. */
export interface PlannedRound {
  readonly round: number;
  readonly kept: number;
  readonly density: number;
  /** Compression: prunable weights / kept weights. */
  readonly theta: number;
  /** Multiply-adds of a reference record if every layer had the same density. */
  readonly evenMacs: number;
  /** Predicted training time, from measured rates; null if no rate is known. */
  readonly seconds: number | null;
}

/** The changes of the mask during the training. */
export interface PlannedChanges extends ChangingMasks {
  /** Mean density over the updates. */
  readonly density: number;
}

/** The predicted cost of a run. */
export interface RunPlan {
  readonly config: Config;
  readonly device: string;
  readonly records: Readonly<Record<(typeof SPLITS)[number], number>>;
  readonly prunable: number;
  readonly stepsPerEpoch: number;
  readonly denseMacs: number;
  /** Samples of the longest batch. */
  readonly longest: number;
  /** Step of the first round at which the network is kept for rewinding. */
  readonly rewindStep: number;
  readonly rounds: readonly PlannedRound[];
  /** null if masks do not change during a round; the round is that of the training's end. */
  readonly changing: PlannedChanges | null;
  readonly memory: MemoryNeed;
  /** Why the run would be refused for its memory; null if it fits. */
  readonly noMemory: string | null;
  readonly disk: DiskNeed;
  /** Runs whose times were used. */
  readonly rates: readonly Rate[];
}

/**
 * Plans a run.
 *
 * @throws {UsageError} For a configuration that cannot be carried out, as the run itself would.
 */
export function planRun(device: NativeDevice, config: Config): RunPlan {
  return withDataset(config, (dataset) => {
    refuseUnusableStretch(config.training.augment, dataset);
    const stages = stagesOf(config, dataset);
    const keeps = keptWeights(config, dataset);
    const teachers = readTeachers(config, { dataset });
    using bench = new Workbench(device, dataset, workbenchConfig(config, dataset), teachers);
    const { prunable } = countWeights(bench.network);
    const { denseMacs } = costOf(bench.network);
    const rates = knownRates(config, { device: `${device.name}: ${device.description}`, dataset });
    const { steps, stepsPerEpoch } = trainingLength(config, dataset);
    const changing = changingMasks(config, dataset);
    const rounds = keeps.map(({ round, kept }) => {
      const density = kept / prunable;
      const stretches = changing === null
        ? [{ updates: steps, kept }]
        : [...changing.stretches, { updates: changing.denseGradients, kept: prunable }];
      const seconds = stretches.map(({ updates, kept }) =>
        (secondsPerEpoch(rates, kept / prunable) ?? NaN) * (updates / stepsPerEpoch)
      ).reduce((sum, own) => sum + own);
      return {
        round,
        kept,
        density,
        theta: prunable / kept,
        evenMacs: denseMacs * density,
        seconds: Number.isNaN(seconds) ? null : seconds,
      };
    });
    const asked = {
      kept: heldWeights(config, dataset),
      precision: config.precision,
      gradientSteps: (changing?.denseGradients ?? 0) > 0,
    };
    const memory = memoryOf(bench, asked);
    const disk = diskOf(bench, stages);
    return {
      config,
      device: `${device.name}: ${device.description}`,
      records: {
        train: dataset.splits.train.lengths.length,
        dev: dataset.splits.dev.lengths.length,
        test: dataset.splits.test.lengths.length,
      },
      prunable,
      stepsPerEpoch: bench.stepsPerEpoch,
      denseMacs,
      longest: Math.max(...SPLITS.map((name) => longestOf(dataset.splits[name]))),
      rewindStep: iterationOf(parseStepPoint(config.rewindTo), bench.stepsPerEpoch),
      rounds,
      changing: changing && {
        ...changing,
        density: changing.stretches.reduce((sum, s) => sum + s.updates * s.kept, 0) / steps /
          prunable,
      },
      memory,
      noMemory: memoryRefusal(bench, asked),
      disk,
      rates,
    };
  });
}

/** Opens the run's data set. A sample that is not built is built in a folder that does not stay. */
function withDataset<Result>(config: Config, body: (dataset: LoadedDataset) => Result): Result {
  if (config.data !== "sample") return body(openDataset(config));
  return withBuiltSample((data) => body(openDataset({ ...config, data })));
}

/** Shown under the table. */
export const REFERENCE = `${REFERENCE_SAMPLES.toLocaleString("en")} samples`;
