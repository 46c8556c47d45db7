/**
 * Seconds per epoch, as earlier runs measured them.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { isDeepStrictEqual } from "node:util";
import { CHECKPOINTS, runFiles } from "../core/paths.ts";
import { type Config, parseConfig } from "../config/config.ts";
import { readSummary, readTiming } from "../results/read.ts";

/** Seconds of an epoch at a density, evaluation included. */
export interface Rate {
  readonly run: string;
  readonly density: number;
  readonly seconds: number;
}

/**
 * Rates of the runs below `directory` that did the same work with the same network, data and kind of
 * device.
 *
 * @param device The device as `environment.json` describes it, e.g. "cpu: AVX-512, 2 threads".
 */
export function knownRates(config: Config, device: string, directory = CHECKPOINTS): Rate[] {
  if (!fs.existsSync(directory)) return [];
  return fs.readdirSync(directory).sort().flatMap((name) => {
    try {
      return ratesOf(path.join(directory, name), { config, device });
    } catch {
      return []; // Not a run, or one that has only begun.
    }
  });
}

function ratesOf(run: string, { config, device }: { config: Config; device: string }): Rate[] {
  const read = (file: string) => JSON.parse(fs.readFileSync(file, "utf8"));
  const summary = readSummary(run);
  const timing = readTiming(run) ?? { rounds: [] };
  if (read(runFiles.environment(run)).device !== device) return [];
  const saved = parseConfig(summary.config, run);
  const { network, data } = saved;
  const same = isDeepStrictEqual(network, config.network) && data === config.data &&
    isDeepStrictEqual(work(saved), work(config));
  if (!same) return [];
  return timing.rounds.flatMap(({ round, trainSeconds, epochs }) => {
    const known = summary.rounds.find((each) => each.round === round);
    if (!known || !(epochs > 0)) return [];
    // The timed epochs of a round whose mask changed may have had any of its densities.
    if (known.training !== undefined && known.training.density !== known.density) return [];
    return [{ run: summary.name, density: known.density, seconds: trainSeconds / epochs }];
  });
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
