/**
 * Beginning or continuing a run: its directory, its lock, and whether it still is what it began as.
 *
 * @module
 */
import * as fs from "node:fs";
import { type Config, configDifferences, parseConfig } from "../config/config.ts";
import { UsageError } from "../core/errors.ts";
import { runDirectory, runFiles } from "../core/paths.ts";
import { copyRounds } from "./copy_rounds.ts";
import { type Environment, numericDifferences, readEnvironment } from "./environment.ts";
import { type Fork, refuseSecondFork } from "./fork.ts";
import { lockRun } from "./lock.ts";
import { type Note, RunStore } from "./run_store.ts";
import { denseSettings, takeOverDense } from "./shared_dense.ts";

/** A run whose directory is there and locked. It is unlocked when it is disposed of. */
export interface BegunRun extends Disposable {
  readonly store: RunStore;
  /** What the run began on. */
  readonly environment: Environment;
}

/** What a run begins with. */
export interface Beginning {
  readonly directory: string;
  readonly config: Config;
  /** What it would begin on here and now. */
  readonly environment: Environment;
  /** Rounds that a complete run has. */
  readonly rounds: number;
  /** A run whose dense round is taken over. */
  readonly denseFrom?: string | undefined;
  /** The finished rounds that it starts with, if it is a fork. */
  readonly fork: Fork | null;
}

/**
 * Locks the directory, makes it if there is none, mends what a kill has left, and takes over the rounds of
 * other runs that were asked for.
 *
 * @throws {UsageError} If another process has the run, or it began with other settings, on other data or
 *   on another build.
 * @throws {Failure} If a file of a finished round is damaged.
 */
export function beginRun(beginning: Beginning, note: Note): BegunRun {
  const { directory, config, fork } = beginning;
  const store = new RunStore(directory);
  const lock = lockRun(directory);
  try {
    if (fork && store.exists()) refuseSecondFork(directory);
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
    takeOver(store, { ...beginning, environment, note });
    return { store, environment, [Symbol.dispose]: () => lock[Symbol.dispose]() };
  } catch (error) {
    lock[Symbol.dispose]();
    throw error;
  }
}

/** Whether all of so many rounds are done. */
export function isComplete(store: RunStore, rounds: number): boolean {
  return store.exists() && store.doneRounds().length === rounds;
}

/** Copies the rounds of other runs that this one starts with. */
function takeOver(
  store: RunStore,
  { config, denseFrom, fork, environment, note }: Beginning & { note: Note },
): void {
  if (denseFrom !== undefined && !store.isDone(0)) {
    takeOverDense(store, { from: denseFrom, config, environment });
    note(`took over the dense round of ${denseFrom}`);
  }
  if (fork) {
    copyRounds(new RunStore(runDirectory(fork.from)), { store, rounds: fork.rounds });
    note(`forked from ${fork.origin}`);
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
