/**
 * Copies the dense round of another run. Runs that differ only in later rounds train the same dense
 * network, bit for bit (if a backend has several kernels, on the same ones; see round_kernels.ts).
 * Training it once saves a study a third of its time. A run with a rewind point of its own trains until
 * it has reached that point, and copies the round then. A sweep asks for the round, but lets the run train
 * it if it would differ here or is damaged.
 *
 * @module
 */
import * as fs from "node:fs";
import { Failure, UsageError } from "../core/errors.ts";
import { roundFiles, runDirectory, runFiles } from "../core/paths.ts";
import { type Config, configDifferences } from "../config/config.ts";
import { OF_PRUNED_ROUNDS } from "../config/dense_round.ts";
import {
  type Environment,
  numericDifferences,
  readEnvironment,
  sameInstructions,
} from "./environment.ts";
import { type Note, RunStore } from "./run_store.ts";
import { checkRounds, type CopiedRounds, copyRounds } from "./copy_rounds.ts";

/** Another run whose dense round is to be taken over. */
export interface DenseSource {
  /** Name of the run, or the path of its directory. */
  readonly from: string;
  /** If the round cannot be taken over, the run is refused, or it trains the round itself. */
  readonly otherwise: "refuse" | "train";
}

/** The run that takes over a dense round. */
interface Taker {
  readonly config: Config;
  /** The present machine and build. */
  readonly environment: Environment;
  readonly note: Note;
}

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
export function isDenseDone(name: string): boolean {
  return fs.existsSync(roundFiles.done(runFiles.round(runDirectory(name), 0)));
}

/**
 * Copies the dense round into `store`, unless it is done there, and the rewind point if both runs have the
 * same. The files are the ones that training here would have written, except for times.
 *
 * @returns `dense`, and nothing is copied, if the run in `store` has yet to reach a rewind point of its own;
 *   null if the round is done or is to be trained here.
 * @throws {UsageError} As {@linkcode checkDense}; nothing is copied then.
 * @throws {Failure} If a file of the round is damaged and the run is not to train the round itself.
 */
export function takeOverDense(
  store: RunStore,
  { dense, ...taker }: Taker & { dense: DenseSource },
): DenseSource | null {
  if (store.isDone(0)) return null;
  const source = new RunStore(runDirectory(dense.from));
  const copied = orTrain(dense, taker.note, () => {
    refuseOtherDense(dense, taker);
    const rewindPoint = source.config().rewindTo === taker.config.rewindTo;
    if (!rewindPoint && !store.hasRewindPoint()) return "later";
    const copied: CopiedRounds = { rounds: [0], rewindPoint };
    checkRounds(source, copied);
    return copied;
  });
  if (copied === "later") return dense;
  if (copied === null) return null;
  copyRounds(source, { store, ...copied });
  taker.note(`took over the dense round of ${dense.from}`);
  return null;
}

/**
 * Checks a dense round that is to be taken over, without reading its files.
 *
 * @returns `dense`, or null if the round is to be trained here.
 * @throws {UsageError} If the run is not to train the round itself and the other run has no finished dense
 *   round, or one that would differ: with other settings, on other data, or by arithmetic whose last bits
 *   differ.
 */
export function checkDense(dense: DenseSource, taker: Taker): DenseSource | null {
  return orTrain(dense, taker.note, () => {
    refuseOtherDense(dense, taker);
    return dense;
  });
}

/** What `take` returns; null, with a note, if it fails and the run is to train the round itself. */
function orTrain<T>({ otherwise }: DenseSource, note: Note, take: () => T): T | null {
  try {
    return take();
  } catch (error) {
    if (otherwise === "refuse") throw error;
    if (!(error instanceof UsageError || error instanceof Failure)) throw error;
    note(`the dense round is trained here. ${error.message}`);
    return null;
  }
}

function refuseOtherDense({ from }: DenseSource, { config, environment }: Taker): void {
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
