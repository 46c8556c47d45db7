/**
 * Times whole epochs of a real run, as `deno task lth` does it: batches, steps, evaluation, results on disk
 * and the report. The run has one epoch per round, a dense round and a pruned one, and a folder that is
 * deleted afterwards.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { NativeDevice } from "../src/addon/native.ts";
import { RunReport } from "../src/cli/run_report.ts";
import type { Config } from "../src/config/config.ts";
import { presetConfig } from "../src/config/presets.ts";
import type { LoadedDataset } from "../src/data/dataset.ts";
import { applyOverrides } from "../src/run/resolve.ts";
import { doRun } from "../src/run/run.ts";
import { PLAIN, type StepShape } from "./shape.ts";

/** Seconds of one epoch and of what belongs to it. */
export interface EpochTiming {
  /** Share of the prunable weights that survives. */
  readonly density: number;
  /** Batches, steps, and the scores on dev after the epoch. */
  readonly training: number;
  /** Final scores on dev and test, weights and predictions on disk. */
  readonly results: number;
  readonly report: number;
}

/** What is timed. */
export interface EpochOptions extends Omit<StepShape, "length"> {
  /** "sample", or the folder of a data set. */
  readonly data: string;
  /** Share of the weights that the pruned round keeps, less than 1. */
  readonly density: number;
}

/** The settings of the run: the plain network of the step tables, one epoch per round. */
export function epochConfig(
  device: NativeDevice,
  { data, density, filters, batchSize }: EpochOptions,
): Config {
  return applyOverrides(presetConfig("cinc2017", device.name), {
    ...PLAIN,
    ...{ data, filters, batchSize, mode: "weight-rewind", rewindTo: "0" },
    ...{ epochs: 1, warmup: 0, rounds: 1, prune: 1 - density },
  });
}

/** Records of each side of a data set. */
export function recordCounts(
  { splits: { train, dev, test } }: LoadedDataset,
): { train: number; dev: number; test: number } {
  return { train: train.lengths.length, dev: dev.lengths.length, test: test.lengths.length };
}

/** Times the dense epoch and the pruned one; returns the data set that they ran on, too. */
export async function timeEpochs(
  device: NativeDevice,
  config: Config,
): Promise<{ dataset: LoadedDataset; timings: EpochTiming[] }> {
  const parent = fs.mkdtempSync(path.join(os.tmpdir(), "lth-bench-"));
  const directory = path.join(parent, "epoch");
  const report = new RunReport(directory, {
    file: path.join(parent, "epoch.html"),
    showTest: true,
  });
  const timings: EpochTiming[] = [];
  let dataset!: LoadedDataset;
  let started = 0, density = 1, training = 0, results = 0;
  const seconds = (since: number) => (performance.now() - since) / 1000;
  try {
    await doRun({ directory, config, device, checkpointEvery: Infinity }, {
      opened: (bench) => dataset = bench.dataset,
      roundStarted(_round, share) {
        density = share;
        started = performance.now();
      },
      advanced: () => {},
      epochDone() {
        training = seconds(started);
        started = performance.now();
      },
      roundDone() {
        results = seconds(started);
        started = performance.now();
      },
      summarised(summary, environment) {
        if (timings.length === summary.rounds.length) return; // the last summary again
        report.write(summary, { ...environment });
        timings.push({ density, training, results, report: seconds(started) });
      },
      note: () => {},
      stopRequested: () => false,
    });
    return { dataset, timings };
  } finally {
    fs.rmSync(parent, { recursive: true, force: true });
  }
}
