/**
 * Does one run, from its configuration to its summary. A kill may end it at any moment.
 *
 * @module
 */
import { loadAddon } from "../addon/addon.ts";
import type { NativeDevice } from "../addon/native.ts";
import { UsageError } from "../core/errors.ts";
import { refuseUnusableStretch } from "../config/augmentation.ts";
import type { Config } from "../config/config.ts";
import { networkGraph } from "../config/network_config.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import type { RoundSummary, Summary } from "../results/summary.ts";
import type { Teacher } from "../training/teacher.ts";
import { Workbench } from "../training/workbench.ts";
import { beginRun, isComplete } from "./begin.ts";
import { openDataset, refuseUnusable } from "./dataset.ts";
import { describeEnvironment, type Environment } from "./environment.ts";
import { type Fork, planFork } from "./fork.ts";
import { runLottery } from "./lottery.ts";
import type { RunObserver } from "./observer.ts";
import { refuseWithoutRoom } from "./room.ts";
import { RunStore } from "./run_store.ts";
import { checkDense, type DenseSource, takeOverDense } from "./shared_dense.ts";
import { type Stages, stagesOf } from "./stages.ts";
import { readStartWeights } from "./start_weights.ts";
import { summaryOf } from "./summarise.ts";
import { readTeachers } from "./teachers.ts";
import { workbenchConfig } from "./workbench_config.ts";

/** Options of a run. */
export interface RunOptions {
  /** The run's own directory; its last part is the run's name. */
  readonly directory: string;
  readonly config: Config;
  readonly device: NativeDevice;
  /** Milliseconds of training between saves of the state within a round. */
  readonly checkpointEvery: number;
  /** A run whose dense round is copied instead of trained again. */
  readonly dense?: DenseSource | undefined;
  /** Name or path of the run that this new run is a fork of. */
  readonly forkFrom?: string | undefined;
  /** A machine whose process, which holds the run's lock, is gone, as the user says. */
  readonly takeOver?: string | undefined;
}

/**
 * Does the remaining rounds of a run; makes its directory if it does not exist.
 *
 * @returns The summary, and whether the run was stopped before its end.
 * @throws {UsageError} If the directory holds a run with another configuration, or one that began on
 *   other data or another build, or that another process is running.
 * @throws {Failure} If memory or disk space is too small, if a file of a finished round is damaged, or if
 *   one cannot be written.
 */
export async function doRun(
  options: RunOptions,
  observer: RunObserver,
): Promise<{ summary: Summary; outcome: "finished" | "stopped" }> {
  const { config, directory, takeOver } = options;
  const note = (message: string) => observer.note(message);
  const prepared = prepare(options, note);
  const { dataset, plan, rounds, environment: here, fork } = prepared;
  using begun = beginRun({ directory, config, environment: here, rounds, fork, takeOver }, note);
  const { store, environment } = begun;
  const summarise = () => {
    const summary = summaryOf({ config, store, dataset, plan });
    store.saveSummary(summary);
    return summary;
  };
  let told = false;
  const train = (stopRequested: () => boolean) =>
    trainStages(prepared, {
      ...{ options, store, observer, stopRequested },
      roundDone(round) {
        observer.roundDone(round);
        observer.summarised(summarise(), environment);
        told = true;
      },
    });
  let { dense } = prepared;
  const takeDense = () => {
    if (dense) dense = takeOverDense(store, { dense, config, environment, note });
  };
  takeDense();
  if (dense) { // a run with a rewind point of its own trains to it and then takes over the dense round
    await train(() => store.hasRewindPoint() || observer.stopRequested());
    takeDense();
  }
  const outcome = dense ? "stopped" : await train(() => observer.stopRequested());
  const summary = summarise();
  // An earlier process may have been killed after the last round and before the report.
  if (!told && summary.rounds.length > 0) observer.summarised(summary, environment);
  if (outcome === "finished") store.removeLatest();
  return { summary, outcome };
}

/** Everything that a run needs, opened and checked. */
interface Prepared {
  readonly dataset: LoadedDataset;
  readonly plan: Stages;
  /** Number of rounds of the complete run. */
  readonly rounds: number;
  readonly teachers: readonly Teacher[];
  /** The present machine and build. */
  readonly environment: Environment;
  readonly fork: Fork | null;
  /** The run whose dense round is to be taken over; null if the round is done or trained here. */
  readonly dense: DenseSource | null;
}

/** Refuses a run that cannot be carried out, before anything is written. */
function prepare(
  { config, device, directory, dense: asked, forkFrom }: RunOptions,
  note: (message: string) => void,
): Prepared {
  const dataset = openDataset(config);
  refuseUnusable(dataset);
  refuseUnusableStretch(config.training.augment, dataset);
  const plan = stagesOf(config, dataset);
  workbenchConfig(config, dataset);
  const rounds = plan.plannedRounds + (plan.hasDense ? 1 : 0);
  const store = new RunStore(directory);
  if (config.initFrom !== null && config.control === null && !store.exists()) {
    readStartWeights(config.initFrom, networkGraph(config.network, dataset.classes.length));
  }
  // A complete run trains nothing more, so its teachers may have been deleted.
  const teachers = isComplete(store, rounds) ? [] : readTeachers(config, { dataset, directory });
  const environment = describeEnvironment({
    device: `${device.name}: ${device.description}`,
    native: loadAddon().buildInfo,
    datasetSha256: dataset.sha256,
  });
  if (asked && !plan.hasDense && config.control === null) {
    throw new UsageError(
      `Cannot take the dense round from ${asked.from}: mode ${config.mode} trains once, from ` +
        `initialisation, and has no dense round`,
    );
  }
  const dense = asked && !store.isDone(0) ? checkDense(asked, { config, environment, note }) : null;
  const fork = forkFrom === undefined
    ? null
    : planFork({ from: forkFrom, config, dataset, environment });
  if (!isComplete(store, rounds)) {
    refuseWithoutRoom({ device, config, dataset, plan, teachers, directory });
  }
  return { dataset, plan, rounds, teachers, environment, fork, dense };
}

/** Does one stage after the other, each on a network of its own. */
async function trainStages(
  { dataset, plan, teachers }: Prepared,
  run: {
    options: RunOptions;
    store: RunStore;
    observer: RunObserver;
    roundDone: (round: RoundSummary) => void;
    stopRequested: () => boolean;
  },
): Promise<"finished" | "stopped"> {
  const { options: { config, device, checkpointEvery }, ...context } = run;
  for (const { network, open } of plan.stages) {
    const settings = workbenchConfig({ ...config, network }, dataset);
    using bench = new Workbench(device, dataset, settings, teachers);
    context.observer.opened(bench);
    const rounds = open({ ...context, bench, config, checkpointEvery });
    if (await runLottery(rounds) === "stopped") return "stopped";
  }
  return "finished";
}
