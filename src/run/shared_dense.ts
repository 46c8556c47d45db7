/**
 * Copies the dense round of another run. Runs that differ only in later rounds train the same dense
 * network, bit for bit (if a backend has several kernels, on the same ones; see round_kernels.ts).
 * Training it once saves a study a third of its time. A run with a rewind point of its own trains until
 * it has reached that point, and copies the round then.
 *
 * @module
 */
import * as fs from "node:fs";
import { UsageError } from "../core/errors.ts";
import { roundFiles, runDirectory, runFiles } from "../core/paths.ts";
import { type Config, configDifferences } from "../config/config.ts";
import { OF_PRUNED_ROUNDS } from "../config/dense_round.ts";
import {
  type Environment,
  numericDifferences,
  readEnvironment,
  sameInstructions,
} from "./environment.ts";
import { RunStore } from "./run_store.ts";
import { copyRounds } from "./copy_rounds.ts";

/** The settings that decide the dense round and its rewind point. */
export function denseSettings(config: Config): Record<string, unknown> {
  const { preset: _name, mode: _mode, pruning: _pruning, training, ...dense } = config;
  const later: readonly string[] = OF_PRUNED_ROUNDS;
  const ofDense = Object.entries(training).filter(([name]) => !later.includes(name));
  return { ...dense, training: Object.fromEntries(ofDense) };
}

/**
 * The settings that decide the dense round alone. The rewind point is no part of them, unless kernels are
 * timed: a run that reaches a rewind point of its own could then have been trained on other kernels.
 */
export function denseTraining(config: Config): Record<string, unknown> {
  const settings = denseSettings(config);
  if (config.backend !== "cpu" && config.training.kernels === "timed") return settings;
  const { rewindTo: _point, ...training } = settings;
  return training;
}

/** Whether the dense round of the run `name` is done. */
export function hasDenseRound(name: string): boolean {
  return fs.existsSync(roundFiles.done(runFiles.round(runDirectory(name), 0)));
}

/**
 * Copies the dense round of run `from` into `store`, which has not finished it, and the rewind point if
 * both runs have the same. The files are the ones that training here would have written, except for times.
 *
 * @returns False, and nothing is copied, if the run in `store` has yet to reach a rewind point of its own.
 * @throws {UsageError} If `from` has no finished dense round, or one that would differ: with other
 *   settings, on other data, or by arithmetic whose last bits differ. Nothing is copied then.
 * @throws {Failure} If a file of the round is damaged.
 */
export function takeOverDense(
  store: RunStore,
  run: { from: string; config: Config; environment: Environment },
): boolean {
  refuseOtherDense(run);
  const source = new RunStore(runDirectory(run.from));
  const samePoint = source.config().rewindTo === run.config.rewindTo;
  if (!samePoint && !store.hasRewindPoint()) return false;
  copyRounds(source, { store, rounds: [0], rewindPoint: samePoint });
  return true;
}

/** @throws {UsageError} As {@linkcode takeOverDense}. */
export function refuseOtherDense(
  { from, config, environment }: { from: string; config: Config; environment: Environment },
): void {
  const source = runDirectory(from);
  const refuse = (why: string): never => {
    throw new UsageError(`Cannot take the dense round from ${from}: ${why}`);
  };
  const store = new RunStore(source);
  if (!store.exists()) refuse(`there is no run in ${source}`);
  if (!store.isDone(0)) refuse("its dense round is not finished");
  const saved = store.config();
  const differences = configDifferences(denseTraining(saved), denseTraining(config));
  if (differences.length > 0) refuse(`it has other settings (${differences.join("; ")})`);
  const then = readEnvironment(runFiles.environment(source));
  const other = numericDifferences(then, environment);
  if (other.length > 0) {
    const option = sameInstructions(then, environment);
    refuse(
      `it was trained on another machine, build or data set (${other.join("; ")})` +
        (option === null ? "" : `; ${option} computes as that machine did`),
    );
  }
}
