/**
 * Seconds per epoch, as earlier runs measured them.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { UsageError } from "../core/errors.ts";
import { CHECKPOINTS, ROOT, runFiles } from "../core/paths.ts";
import { croppedLength } from "../config/augmentation.ts";
import { type Config, parseConfig } from "../config/config.ts";
import { trainingLength } from "../config/training_length.ts";
import { planBatches } from "../data/batches.ts";
import { loadDataset, type LoadedDataset } from "../data/dataset.ts";
import { foldOf } from "../data/folds.ts";
import { SAMPLE_BUILT } from "../data/sample.ts";
import { readSummary, readTiming } from "../results/read.ts";

/** Seconds of an epoch at a density, evaluation included. */
export interface Rate {
  readonly run: string;
  readonly density: number;
  readonly seconds: number;
  /** Whether they were measured on other data. */
  readonly isScaled: boolean;
}

/** What a time is predicted for, besides the configuration. */
interface Planned {
  /** The device as `environment.json` describes it, e.g. "cpu: AVX-512, 2 threads". */
  readonly device: string;
  /** Divided as the run divides it. */
  readonly dataset: LoadedDataset;
}

/** Batches of two data sets have the same shape if their mean lengths differ by less than this factor. */
const SAME_SHAPE = 1.1;

/**
 * Rates of the runs below `directory` that did the same work with the same network on the same kind of device,
 * in proportion to the steps of an epoch. If none of them had the same data, those on other data whose batches
 * have the same shape.
 */
export function knownRates(config: Config, planned: Planned, directory = CHECKPOINTS): Rate[] {
  if (!fs.existsSync(directory)) return [];
  const found = fs.readdirSync(directory).sort().flatMap((name) => {
    try {
      return measured(path.join(directory, name), { config, ...planned });
    } catch {
      return []; // Not a run, or one that has only begun.
    }
  });
  const own = found.filter(({ isScaled }) => !isScaled);
  const usable = own.length > 0 ? own : found.filter(hasShapeOf(config, planned.dataset));
  return usable.flatMap(({ rates }) => rates);
}

/** The times of a run. */
interface Measured {
  readonly saved: Config;
  readonly sha256: string;
  readonly isScaled: boolean;
  readonly rates: readonly Rate[];
}

function measured(
  run: string,
  { config, device, dataset }: { config: Config } & Planned,
): Measured[] {
  const read = (file: string) => JSON.parse(fs.readFileSync(file, "utf8"));
  const summary = readSummary(run);
  const timing = readTiming(run) ?? { rounds: [] };
  if (read(runFiles.environment(run)).device !== device) return [];
  const saved = parseConfig(summary.config, run);
  const same = isDeepStrictEqual(saved.network, config.network) &&
    isDeepStrictEqual(work(saved), work(config));
  if (!same) return [];
  const isScaled = saved.data !== config.data;
  const { stepsPerEpoch } = trainingLength(config, dataset);
  const rates = timing.rounds.flatMap(({ round, trainSeconds, epochs }): Rate[] => {
    const known = summary.rounds.find((each) => each.round === round);
    const steps = known?.epochs[0]?.step;
    if (!known || !steps || !(epochs > 0)) return [];
    // The timed epochs of a round whose mask changed may have had any of its densities.
    if (known.training !== undefined && known.training.density !== known.density) return [];
    const seconds = trainSeconds / epochs * (stepsPerEpoch / steps);
    return [{ run: summary.name, density: known.density, seconds, isScaled }];
  });
  return [{ saved, sha256: summary.dataset.sha256, isScaled, rates }];
}

/** Whether the data of a run, if they are still there, make batches of the same shape as `dataset`. */
function hasShapeOf(config: Config, dataset: LoadedDataset): (run: Measured) => boolean {
  const asked = meanBatchLength(config, dataset);
  const known = new Map<string, number | null>();
  return ({ saved, sha256 }) => {
    const key = JSON.stringify([saved.data, saved.folds, sha256]);
    const then = known.has(key) ? known.get(key)! : lengthThen(saved, sha256);
    known.set(key, then);
    return then !== null && Math.max(asked / then, then / asked) < SAME_SHAPE;
  };
}

/** Mean samples of a run's training batches; null if its data have changed or cannot be read. */
function lengthThen(saved: Config, sha256: string): number | null {
  try {
    // Nothing is built here, not even the sample.
    const whole = loadDataset(
      saved.data === "sample" ? SAMPLE_BUILT : path.resolve(ROOT, saved.data),
    );
    const dataset = saved.folds === null ? whole : foldOf(whole, saved.folds);
    return dataset.sha256 === sha256 ? meanBatchLength(saved, dataset) : null;
  } catch (error) {
    if (error instanceof UsageError) return null;
    throw error;
  }
}

/** Mean samples of the batches of a training epoch. */
function meanBatchLength({ training }: Config, { splits, sampleRate }: LoadedDataset): number {
  const longest = croppedLength(training.augment, sampleRate);
  const lengths = splits.train.lengths.map((length) => Math.min(length, longest));
  const batches = planBatches(lengths, { batchSize: training.batchSize, shuffle: null });
  return batches.reduce((sum, { length }) => sum + length, 0) / batches.length;
}

/** The settings, other than network and data, that an epoch's time depends on. */
function work({ flipAverage, training }: Config): unknown {
  const { batchSize, teacher, augment, average } = training;
  return { flipAverage, batchSize, teachers: teacher?.runs, augment, averages: average > 0 };
}

/**
 * Seconds of an epoch at `density`: interpolated between the nearest measured densities on a logarithmic
 * scale; outside their range, those of the nearest one. null without rates.
 */
export function secondsPerEpoch(rates: readonly Rate[], density: number): number | null {
  const points = [...Map.groupBy(rates, (rate) => rate.density)]
    .map(([at, same]) => ({
      at: Math.log(at),
      seconds: same.reduce((sum, { seconds }) => sum + seconds, 0) / same.length,
    }))
    .sort((a, b) => a.at - b.at);
  const x = Math.log(density);
  const above = points.find(({ at }) => at >= x);
  const below = points.findLast(({ at }) => at <= x);
  if (!above || !below) return (above ?? below)?.seconds ?? null;
  if (above.at === below.at) return above.seconds;
  const share = (x - below.at) / (above.at - below.at);
  return below.seconds + share * (above.seconds - below.seconds);
}
