/**
 * One run from its configuration to its summary and report: opens device and data, locks the run
 * directory, and drives the lottery.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { loadAddon } from "../addon/addon.ts";
import type { NativeDevice } from "../addon/native.ts";
import { UsageError } from "../core/errors.ts";
import { DATA, ROOT, runDirectory, runFiles } from "../core/paths.ts";
import { loadDataset, type LoadedDataset, type Split } from "../data/dataset.ts";
import { foldOf } from "../data/folds.ts";
import { ensureSampleDataset } from "../data/sample.ts";
import { refuseUnusableStretch } from "../config/augment.ts";
import { type Config, configDifferences, parseConfig } from "../config/config.ts";
import {
  describeEnvironment,
  type Environment,
  numericDifferences,
  readEnvironment,
} from "./environment.ts";
import { lockRun } from "./lock.ts";
import { readTeachers } from "./teachers.ts";
import { readStartWeights } from "./start_weights.ts";
import { workbenchConfig } from "./workbench_config.ts";
import { type Note, RunStore } from "./run_store.ts";
import type { Summary } from "../results/summary.ts";
import { metricFor } from "../training/metrics.ts";
import type { Teacher } from "../training/teacher.ts";
import { SPLITS, Workbench } from "../training/workbench.ts";
import { copyRounds } from "./copy_rounds.ts";
import { planFork, refuseSecondFork } from "./fork.ts";
import { runLottery } from "./lottery.ts";
import type { ExperimentObserver } from "./rounds.ts";
import { denseSettings, takeOverDense } from "./shared_dense.ts";
import { type Stages, stagesOf } from "./stages.ts";

/** A run to do. */
export interface RunOptions {
  /** The run's own directory; its last part is the run's name. */
  readonly directory: string;
  readonly config: Config;
  readonly device: NativeDevice;
  /** Milliseconds of training between saves of the state within a round. */
  readonly checkpointEvery: number;
  /** A run, by name or path, whose dense round is taken over instead of trained again. */
  readonly denseFrom?: string | undefined;
  /** A run, by name or path, that this one, which is new, is a fork of. */
  readonly forkFrom?: string | undefined;
}

/** Who watches a run. */
export interface RunObserver extends ExperimentObserver {
  /** Everything is open and training is about to start or continue. */
  opened(bench: Workbench): void;
  /** A round is done and `summary.json` is up to date. */
  summarised(summary: Summary, environment: Environment): void;
}

/** The data set that a configuration names, divided as it says. */
export function openDataset(config: Config): LoadedDataset {
  const dataset = readDataset(config);
  return config.folds === null ? dataset : foldOf(dataset, config.folds);
}

function readDataset(config: Config): LoadedDataset {
  if (config.data === "sample") return loadDataset(ensureSampleDataset());
  const directory = path.resolve(ROOT, config.data);
  if (!fs.existsSync(directory) || (directory === DATA && !hasDataset(directory))) {
    throw new UsageError(
      `Cannot open the data set ${config.data}: run \`deno task build-datasets\` first, or use ` +
        `--data sample`,
    );
  }
  return loadDataset(directory);
}

function hasDataset(directory: string): boolean {
  return fs.existsSync(path.join(directory, "dataset.json"));
}

/**
 * Does what is left to do of a run, creating its directory if there is none.
 *
 * @returns The summary, and whether the run was stopped before its end.
 * @throws {UsageError} If the directory holds a run with another configuration, or one that began on
 *   other data or another build, or that another process is running.
 * @throws {Failure} If a file of a finished round is damaged, or one cannot be written.
 */
export async function doRun(
  options: RunOptions,
  observer: RunObserver,
): Promise<{ summary: Summary; outcome: "finished" | "stopped" }> {
  const { config, device, directory } = options;
  const dataset = openDataset(config);
  refuseUnusable(dataset);
  refuseUnusableStretch(config.training.augment, dataset);
  const store = new RunStore(directory);
  // They refuse settings that cannot be carried out: before anything of a new run is written.
  const plan = stagesOf(config, dataset);
  workbenchConfig(config, dataset);
  if (config.initFrom !== null && config.control === null && !store.exists()) {
    readStartWeights(config.initFrom, { ...config.network, classes: dataset.classes.length });
  }
  const rounds = plan.plannedRounds + (plan.hasDense ? 1 : 0);
  const isComplete = () => store.exists() && store.doneRounds().length === rounds;
  // Of a complete run nothing is trained any more: its teachers may be gone.
  const teachers = isComplete() ? [] : readTeachers(config, { dataset, directory });
  const here = describeEnvironment({
    device: `${device.name}: ${device.description}`,
    native: loadAddon().buildInfo,
    datasetSha256: dataset.sha256,
  });
  const fork = options.forkFrom === undefined
    ? null
    : planFork({ from: options.forkFrom, config, dataset, environment: here });
  using _lock = lockRun(directory);
  if (fork && store.exists()) refuseSecondFork(directory);
  if (store.exists()) refuseOtherConfig(store, config);
  else store.create(config);
  store.removeLeftovers();
  const environment = recordEnvironment(store, {
    here: fork ? { ...here, forkedFrom: fork.origin } : here,
    complete: isComplete(),
    note: (message) => observer.note(message),
  });
  store.checkFinished();
  store.sealOlderRounds();
  if (options.denseFrom !== undefined && !store.isDone(0)) {
    takeOverDense(store, { from: options.denseFrom, config, environment });
    observer.note(`took over the dense round of ${options.denseFrom}`);
  }
  if (fork) {
    copyRounds(new RunStore(runDirectory(options.forkFrom!)), { store, rounds: fork.rounds });
    observer.note(`forked from ${fork.origin}`);
  }
  const summarise = (): Summary => {
    const summary = summaryOf(options, { store, dataset, plan });
    store.saveSummary(summary);
    return summary;
  };
  let told = false;
  const watching: ExperimentObserver = {
    roundStarted: (round, density) => observer.roundStarted(round, density),
    advanced: (round, progress) => observer.advanced(round, progress),
    epochDone: (round, row) => observer.epochDone(round, row),
    note: (message) => observer.note(message),
    stopRequested: () => observer.stopRequested(),
    roundDone: (round) => {
      observer.roundDone(round);
      observer.summarised(summarise(), environment);
      told = true;
    },
  };
  const outcome = await runStages(plan, { dataset, teachers, store, watching, options, observer });
  const summary = summarise();
  // Killed after its last round, the process before this one may not have come to it.
  if (!told && summary.rounds.length > 0) observer.summarised(summary, environment);
  if (outcome === "finished") store.removeLatest();
  return { summary, outcome };
}

/** Does one stage after the other, each on a network of its own. */
async function runStages(
  { stages }: Stages,
  run: {
    dataset: LoadedDataset;
    teachers: readonly Teacher[];
    store: RunStore;
    watching: ExperimentObserver;
    options: RunOptions;
    observer: RunObserver;
  },
): Promise<"finished" | "stopped"> {
  const { dataset, teachers, store, watching, observer, options } = run;
  const { config, device, checkpointEvery } = options;
  for (const { network, open } of stages) {
    const settings = workbenchConfig({ ...config, network }, dataset);
    using bench = new Workbench(device, dataset, settings, teachers);
    observer.opened(bench);
    const rounds = open({ bench, store, config, observer: watching, checkpointEvery });
    if (await runLottery(rounds) === "stopped") return "stopped";
  }
  return "finished";
}

function refuseUnusable(dataset: LoadedDataset): void {
  for (const name of ["train", "dev"] as const) {
    if (dataset.splits[name].lengths.length === 0) {
      throw new UsageError(
        `Cannot train on ${dataset.directory}: its ${name} split is empty; build it with a larger one`,
      );
    }
  }
}

/** @throws {UsageError} Naming each setting that the run in `store` has and that is not asked for. */
function refuseOtherConfig(store: RunStore, asked: Config): void {
  const { directory } = store;
  const saved = parseConfig(store.savedConfig(), `the configuration of ${directory}`);
  const differences = configDifferences(saved, asked);
  if (differences.length === 0) return;
  const fromDense = configDifferences(denseSettings(saved), denseSettings(asked)).length === 0;
  throw new UsageError(
    `Cannot continue ${directory} with other settings (${differences.join("; ")}); leave these ` +
      `options out, or ${instead({ fork: fromDense })}`,
  );
}

/** What to do where a run cannot be continued. */
function instead({ fork }: { fork: boolean }): string {
  return fork
    ? "start a run from its finished rounds with --fork NEW"
    : "start another run with --name NEW";
}

/**
 * Records what a new run begins on, or compares it with what the run began on: everything that could
 * change a bit of its results. Of a complete run nothing is computed any more: it may be shown anywhere.
 *
 * @throws {UsageError} Naming each difference.
 */
function recordEnvironment(
  store: RunStore,
  { here, complete, note }: { here: Environment; complete: boolean; note: Note },
): Environment {
  const file = runFiles.environment(store.directory);
  const configSha256 = store.configSha256();
  if (!fs.existsSync(file)) {
    if (store.doneRounds().length > 0) {
      throw new UsageError(
        `Cannot continue ${store.directory}: ${file} is missing, so that what it began on is unknown; ` +
          `put it back, or start the run again under another --name`,
      );
    }
    const environment = { ...here, configSha256 };
    store.saveEnvironment(environment);
    return environment;
  }
  const then = readEnvironment(file);
  const differences = numericDifferences(then, here);
  if (differences.length > 0 && complete) {
    note(`this run was made on something else (${differences.join("; ")})`);
  } else if (differences.length > 0) {
    throw new UsageError(
      `Cannot continue ${store.directory}: it began on something else, and its bits would differ ` +
        `(${differences.join("; ")}); ` +
        instead({ fork: then.datasetSha256 === here.datasetSha256 }),
    );
  }
  if (then.configSha256 !== undefined && then.configSha256 !== configSha256) {
    const began = store.loadSummary()?.config ?? null;
    const changes = began ? configDifferences(began, store.savedConfig()) : [];
    throw new UsageError(
      `Cannot continue ${store.directory}: its config.json is not the one it began with` +
        `${
          changes.length > 0 ? ` (${changes.join("; ")})` : ""
        }; put it back, or start another run ` +
        `with it: --config ${runFiles.config(store.directory)} --name NEW`,
    );
  }
  return then;
}

function summaryOf(
  options: RunOptions,
  run: { store: RunStore; dataset: LoadedDataset; plan: Stages },
): Summary {
  const { config } = options;
  const { store, dataset, plan: { plannedRounds, hasDense } } = run;
  const rounds = store.finishedRounds();
  const { name: metric, classes } = metricFor(dataset.classes);
  const counts = SPLITS.map((split) => {
    const { labels } = dataset.splits[split];
    return [split, dataset.classes.map((_, c) => labels.filter((label) => label === c).length)];
  });
  return {
    format: "lth-ecg-summary/1",
    name: path.basename(options.directory),
    complete: rounds.length === plannedRounds + (hasDense ? 1 : 0),
    plannedRounds,
    mode: config.mode,
    control: config.control && { kind: config.control.kind, base: config.control.base },
    classes: [...dataset.classes],
    metric: { name: metric, classes: [...classes] },
    dataset: {
      sha256: dataset.sha256,
      counts: Object.fromEntries(counts),
      ...groupsOf(dataset),
    },
    rounds,
    config,
  };
}

/** The group of each record that is scored, if the data set has groups. */
function groupsOf({ splits }: LoadedDataset): Pick<Summary["dataset"], "groups"> {
  const of = ({ ids, groups }: Split) =>
    Object.fromEntries((groups ?? []).map((group, i) => [ids[i]!, group]));
  const { train, dev, test } = splits;
  return train.groups ? { groups: { dev: of(dev), test: of(test) } } : {};
}
