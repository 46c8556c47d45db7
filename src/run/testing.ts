/**
 * A made-up data set and a tiny run for the tests of this directory: two classes with sines of different
 * frequency, records of unequal length, a network of two blocks.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { openTestDevice, TEST_BACKEND } from "../addon/testing.ts";
import { createRng } from "../core/rng.ts";
import { buildDataset } from "../data/build.ts";
import { loadDataset } from "../data/dataset.ts";
import { READING_DEFAULTS } from "../data/recording.ts";
import { inTemporaryDirectory, writeSource } from "../data/testing.ts";
import { type Config, parseConfig, type WrittenConfig } from "../config/config.ts";
import { PRESETS } from "../config/presets.ts";
import { RunStore } from "./run_store.ts";
import { Workbench } from "../training/workbench.ts";
import { Experiment } from "./experiment.ts";
import type { Snapshot } from "../training/snapshot.ts";
import type { RunObserver } from "./observer.ts";
import type { Rounds } from "./rounds.ts";
import { readTeachers } from "./teachers.ts";
import { workbenchConfig } from "./workbench_config.ts";
import { doRun } from "./run.ts";
import type { DenseSource } from "./shared_dense.ts";
import { stagesOf } from "./stages.ts";

const TONES: Record<string, number> = { slow: 40, fast: 15 };

/** Size of a toy data set. */
export interface ToySize {
  readonly recordsPerClass: number;
  /** Samples of the i-th record of a class. */
  readonly length: (i: number) => number;
  /** Samples per second of the data set; the recordings have 300. */
  readonly targetRate?: number;
}

const USUAL_SIZE: ToySize = { recordsPerClass: 20, length: (i) => 512 + 256 * (i % 4) + 10 * i };

/** Builds the data set in `directory`/data and returns that path. */
export function writeToyDataset(
  directory: string,
  { recordsPerClass, length, targetRate = READING_DEFAULTS.targetRate }: ToySize = USUAL_SIZE,
): string {
  const records = Object.entries(TONES).flatMap(([label, period]) =>
    Array.from({ length: recordsPerClass }, (_, i) => {
      const rng = createRng(i, label);
      const phase = rng.next() * period;
      const samples = Int16Array.from(
        { length: length(i) },
        (_, t) => 300 * Math.sin(2 * Math.PI * (t + phase) / period) + 200 * (rng.next() - 0.5),
      );
      return { id: `${label}${i}`, label, samples };
    })
  );
  writeSource(directory, records);
  const out = path.join(directory, "data");
  buildDataset({
    source: path.join(directory, "records"),
    labels: path.join(directory, "labels.csv"),
    ...READING_DEFAULTS,
    targetRate,
    out,
    split: { method: "stratified", dev: 0.2, test: 0.2, seed: 1 },
    skipBad: false,
  });
  return out;
}

/** A configuration whose whole run takes one or two seconds on a CPU. */
export function toyConfig(data: string, changes: Partial<WrittenConfig> = {}): Config {
  const { network, training } = PRESETS.quick;
  return parseConfig({
    format: "lth-ecg-config/1",
    preset: "toy",
    backend: TEST_BACKEND,
    precision: "fp32",
    seed: 3,
    mode: "weight-rewind",
    rewindTo: "0",
    data,
    pruning: halving(2),
    network: { ...network, filters: 4, blocks: 3, kernel: 8 },
    training: { ...training, epochs: 3, batchSize: 4, learningRate: 1e-2 },
    ...changes,
  }, "the toy configuration");
}

/** Rounds that each prune `fraction` of the remaining weights by global magnitude. */
export function halving(rounds: number, fraction = 0.5): Config["pruning"] {
  const schedule = { kind: "fixed", fraction } as const;
  return { rounds, target: null, schedule, criterion: "magnitude", keepLayers: [] };
}

/** An observer that watches nothing and never stops the run. */
export const silent: RunObserver = {
  opened: () => {},
  roundStarted: () => {},
  advanced: () => {},
  epochDone: () => {},
  roundDone: () => {},
  summarised: () => {},
  note: () => {},
  stopRequested: () => false,
};

/** Everything that a test works with. */
export interface ToyRun {
  bench: Workbench;
  store: RunStore;
  experiment: Experiment;
}

/** Opens a run in `directory`, passes it to `body` and closes everything. */
export async function withToyRun<Result>(
  options: {
    directory: string;
    config: Config;
    threads?: number;
    observer?: RunObserver;
    /** Replaces the workbench. */
    Bench?: typeof Workbench;
  },
  body: (run: ToyRun) => Promise<Result>,
): Promise<Result> {
  const { config, directory, threads = 0, observer = silent, Bench = Workbench } = options;
  const device = openTestDevice({ threads });
  try {
    const dataset = loadDataset(config.data);
    const teachers = readTeachers(config, { dataset, directory });
    using bench = new Bench(device, dataset, workbenchConfig(config, dataset), teachers);
    const store = new RunStore(directory);
    if (!store.exists()) store.create(config);
    const experiment = new Experiment({
      ...{ bench, store, config, observer, checkpointEvery: 0 },
      roundDone: (round) => observer.roundDone(round),
      stopRequested: () => observer.stopRequested(),
    });
    return await body({ bench, store, experiment });
  } finally {
    await device.close();
  }
}

/** Does a run, or its remaining rounds, as `deno task lth` does. */
export async function doToyRun(
  options: {
    directory: string;
    config: Config;
    threads?: number;
    forkFrom?: string;
    dense?: DenseSource;
    takeOver?: string;
    stop?: () => boolean;
    note?: (message: string) => void;
  },
): Promise<Awaited<ReturnType<typeof doRun>>> {
  const { threads = 0, stop = () => false, note = () => {}, ...run } = options;
  const device = openTestDevice({ threads });
  const observer: RunObserver = { ...silent, note, stopRequested: stop };
  try {
    return await doRun({ ...run, device, checkpointEvery: 0 }, observer);
  } finally {
    await device.close();
  }
}

/** The files that must not depend on interruptions of the run, as bytes by name. */
export function resultsOf(run: string): Map<string, string> {
  const apart = /^(environment|timing|analysis)\.json$|^report\.html$|^log\.txt$/;
  const files = fs.readdirSync(run, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(run, path.join(entry.parentPath, entry.name)))
    .filter((name) => !apart.test(name))
    .sort();
  const own = `"name": ${JSON.stringify(path.basename(run))}`;
  return new Map(files.map((name) => {
    const bytes = fs.readFileSync(path.join(run, name), "latin1");
    return [name, name === "summary.json" ? bytes.replace(own, '"name": ""') : bytes];
  }));
}

/** Fails unless two runs have the same files with the same bytes. */
export function assertSameResults(got: string, expected: string, message = ""): void {
  const [a, b] = [resultsOf(got), resultsOf(expected)];
  assert.deepEqual([...a.keys()], [...b.keys()], message);
  for (const [name, bytes] of b) assert.ok(a.get(name) === bytes, `${message} ${name} differs`);
}

/** Opens the first stage of a run in `directory`, as {@linkcode withToyRun} does an experiment. */
export async function withToyStage<Result>(
  options: { directory: string; config: Config },
  body: (run: { bench: Workbench; store: RunStore; rounds: Rounds }) => Promise<Result>,
): Promise<Result> {
  const { config, directory } = options;
  const device = openTestDevice();
  try {
    const dataset = loadDataset(config.data);
    const [stage] = stagesOf(config, dataset).stages;
    const own = { ...config, network: stage!.network };
    using bench = new Workbench(device, dataset, workbenchConfig(own, dataset));
    const store = new RunStore(directory);
    if (!store.exists()) store.create(config);
    const rounds = stage!.open({
      ...{ bench, store, config, observer: silent, checkpointEvery: 0 },
      roundDone: () => {},
      stopRequested: () => false,
    });
    return await body({ bench, store, rounds });
  } finally {
    await device.close();
  }
}

/** Fails unless two snapshots hold the same tensors, bit for bit. */
export function assertEqualSnapshots(got: Snapshot, expected: Snapshot): void {
  assert.deepEqual([...got.keys()].sort(), [...expected.keys()].sort());
  for (const [name, { data }] of expected) {
    assert.deepEqual(got.get(name)!.data, data, name);
  }
}

/** `snapshot` with zeros where the masks prune. */
export function masked(snapshot: Snapshot, masks: Snapshot): Snapshot {
  return new Map([...snapshot].map(([key, tensor]) => {
    const mask = masks.get(key.replace(/^[^/]+/, "mask"));
    if (!mask) return [key, tensor];
    const data = Float32Array.from(tensor.data as Float32Array, (x, i) => mask.data[i] ? x : 0);
    return [key, { ...tensor, data }];
  }));
}

/** Runs `body` with a toy data set in a temporary directory. */
export function withToyDataset(
  body: (context: { directory: string; data: string }) => Promise<void>,
): Promise<void> {
  return inTemporaryDirectory((directory) => body({ directory, data: writeToyDataset(directory) }));
}
