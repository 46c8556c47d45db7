/**
 * Begins or continues a run: makes and locks its directory, and checks that settings, data and build are
 * the same as at its beginning.
 *
 * @module
 */
import * as fs from "node:fs";
import { type Config, configDifferences, parseConfig } from "../config/config.ts";
import { UsageError } from "../core/errors.ts";
import { runDirectory, runFiles } from "../core/paths.ts";
import { copyRounds } from "./copy_rounds.ts";
import {
  type Environment,
  numericDifferences,
  readEnvironment,
  sameInstructions,
} from "./environment.ts";
import { type Fork, lacksCopies, refuseSecondFork, whyNoFork } from "./fork.ts";
import { lockRun } from "./lock.ts";
import { type Note, RunStore } from "./run_store.ts";
import { RunWriter } from "./run_writer.ts";
import { denseSettings } from "./shared_dense.ts";

/** A run whose directory exists and is locked. Disposing of it unlocks the directory. */
export interface BegunRun extends Disposable {
  readonly store: RunStore;
  /** Machine and build that the run began on. */
  readonly environment: Environment;
}

/** Everything that a run needs to begin. */
export interface Beginning {
  readonly directory: string;
  readonly config: Config;
  /** The present machine and build. */
  readonly environment: Environment;
  /** Number of rounds of the complete run. */
  readonly rounds: number;
  /** The finished rounds that a fork starts with; null if the run is no fork. */
  readonly fork: Fork | null;
  /** A machine whose process is gone, as the user says. */
  readonly takeOver?: string | undefined;
}

/**
 * Makes the directory if it does not exist, locks it, cleans up after a killed process, and copies the
 * rounds that a fork starts with. A fork that was killed meanwhile is repeated.
 *
 * @throws {UsageError} If another process holds the run, or if the run began with other settings, on other
 *   data or on another build.
 * @throws {Failure} If a file of a finished round is damaged.
 */
export function beginRun(beginning: Beginning, note: Note): BegunRun {
  const { directory, config, fork } = beginning;
  using lock = new DisposableStack(); // releases it if something below throws
  const own = lock.use(lockRun(directory, beginning));
  const store = new RunStore(directory, new RunWriter(() => own.check()));
  if (fork && store.exists() && !lacksCopies(store, { config, fork })) refuseSecondFork(directory);
  if (store.exists()) refuseOtherConfig(store, config);
  else store.create(config);
  store.removeLeftovers();
  const environment = recordEnvironment(store, {
    here: fork ? { ...beginning.environment, forkedFrom: fork.origin } : beginning.environment,
    complete: isComplete(store, beginning.rounds),
    note,
  });
  store.checkFinished();
  store.sealOlderRounds();
  if (fork) {
    // A repeated fork can find more rounds than before it was killed.
    store.saveEnvironment({ ...environment, forkedFrom: fork.origin });
    copyRounds(new RunStore(runDirectory(fork.from)), { store, rounds: fork.rounds });
    note(`forked from ${fork.origin}`);
  }
  const held = lock.move();
  return { store, environment, [Symbol.dispose]: () => held.dispose() };
}

/** Whether this number of rounds is done. */
export function isComplete(store: RunStore, rounds: number): boolean {
  return store.exists() && store.doneRounds().length === rounds;
}

/** @throws {UsageError} Naming each setting in which the run in `store` and `asked` differ. */
function refuseOtherConfig(store: RunStore, asked: Config): void {
  const { directory } = store;
  const saved = store.config();
  const differences = configDifferences(saved, asked);
  if (differences.length === 0) return;
  const fromDense = configDifferences(denseSettings(saved), denseSettings(asked)).length === 0 &&
    whyNoFork(store, asked.mode) === null;
  throw new UsageError(
    `Cannot continue ${directory} with other settings (${differences.join("; ")}); leave these ` +
      `options out, or ${instead({ fork: fromDense })}`,
  );
}

/** What the user can do if a run cannot be continued. */
function instead({ fork }: { fork: boolean }): string {
  return fork
    ? "start a run from its finished rounds with --fork NEW"
    : "start another run with --name NEW";
}

/**
 * Records the environment of a new run. For an older run, compares everything that could change a bit of
 * the results. A complete run computes nothing more, so it may be shown on any machine.
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
        `Cannot continue ${store.directory}: ${file} is missing, so the machine and build it began on are unknown; ` +
          `put it back, or start the run again under another --name`,
      );
    }
    const environment = { ...here, configSha256 };
    store.saveEnvironment(environment);
    return environment;
  }
  const then = readEnvironment(file);
  const differences = numericDifferences(then, here);
  const option = sameInstructions(then, here);
  const sameData = then.datasetSha256 === here.datasetSha256;
  if (differences.length > 0 && complete) {
    note(`this run was made on another machine, build or data set (${differences.join("; ")})`);
  } else if (differences.length > 0) {
    throw new UsageError(
      `Cannot continue ${store.directory}: it began on another machine, build or data set, and its bits would differ ` +
        `(${differences.join("; ")}); ` +
        (option === null ? "" : `add ${option} to go on with the same bits, or `) +
        instead({ fork: sameData && whyNoFork(store, store.config().mode) === null }),
    );
  }
  if (then.configSha256 !== undefined && then.configSha256 !== configSha256) {
    const began = store.loadSummary()?.config ?? null;
    const changes = began
      ? configDifferences(parseConfig(began, runFiles.summary(store.directory)), store.config())
      : [];
    throw new UsageError(
      `Cannot continue ${store.directory}: its config.json has changed since the run began` +
        `${
          changes.length > 0 ? ` (${changes.join("; ")})` : ""
        }; put it back, or start another run ` +
        `with it: --config ${runFiles.config(store.directory)} --name NEW`,
    );
  }
  return then;
}
