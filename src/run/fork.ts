/**
 * A fork: a new run that begins with finished rounds of another run. It takes the rounds that its own
 * settings would have produced, and continues from there. Use it to change settings in the middle of a
 * study (more rounds, another mode), or to continue on another build or machine.
 *
 * Rounds that remain after each kind of change:
 * - more or fewer rounds, another target: all rounds that both settings prune alike;
 * - another mode, share, criterion or layers to keep: the dense round;
 * - anything that the dense round depends on (data, network, training, seeds): none; the fork is refused.
 *
 * @module
 */
import * as fs from "node:fs";
import { shellWords } from "../core/shell.ts";
import { UsageError } from "../core/errors.ts";
import { runDirectory, runFiles, runWord } from "../core/paths.ts";
import { resumeCommand } from "../core/resume_command.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { type Config, configDifferences } from "../config/config.ts";
import { OF_PRUNED_ROUNDS } from "../config/dense_round.ts";
import { type Environment, numericDifferences, readEnvironment } from "./environment.ts";
import { checkRounds } from "./copy_rounds.ts";
import { RunStore } from "./run_store.ts";
import { isSingleTraining } from "../config/modes.ts";
import { networkGraph } from "../config/network_config.ts";
import { prunableWeights } from "../model/graph.ts";
import { keepCounts } from "../pruning/plan.ts";
import { denseSettings } from "./shared_dense.ts";

/** The rounds that a fork begins with. */
export interface Fork {
  /** Name of the run that is forked, or the path of its directory. */
  readonly from: string;
  /** Rounds to copy: 0 to the last. */
  readonly rounds: readonly number[];
  /** Text for users: which rounds of which run, and how their machine or build differs. */
  readonly origin: string;
}

/** A request for a fork. */
export interface ForkRequest {
  /** Name of the run, or the path of its directory. */
  readonly from: string;
  /** Configuration of the new run. */
  readonly config: Config;
  readonly dataset: LoadedDataset;
  /** The present machine and build. */
  readonly environment: Environment;
}

/**
 * Finds the rounds that a fork can copy.
 *
 * @throws {UsageError} If the run does not exist, is a control, has no finished dense round, or has no round
 *   that the new settings and the present data would produce.
 * @throws {Failure} If a file of a round to copy is damaged.
 */
export function planFork(request: ForkRequest): Fork {
  const { from, config, environment } = request;
  const refuse = (why: string): never => {
    throw new UsageError(`Cannot fork ${from}: ${why}`);
  };
  const store = new RunStore(runDirectory(from));
  if (!store.exists()) refuse(`there is no run in ${store.directory}`);
  const reason = whyNoFork(store, config.mode);
  if (reason !== null) refuse(reason);
  const saved = store.config();
  const finished = store.doneRounds();
  // The backend is ignored here: a difference shows in the environment of the rounds.
  const differences = configDifferences(
    denseSettings({ ...saved, backend: config.backend, precision: config.precision }),
    denseSettings(config),
  );
  if (differences.length > 0) {
    refuse(
      `no round of it can be used with these settings (${
        differences.join("; ")
      }); start a new run ` +
        `without --resume and --fork`,
    );
  }
  const then = readEnvironment(runFiles.environment(store.directory));
  if (then.datasetSha256 !== environment.datasetSha256) {
    refuse(
      `its data set had sha256 ${then.datasetSha256}, the present one has ` +
        `${environment.datasetSha256}; start a new run without --resume and --fork`,
    );
  }
  const equal = equalRounds(request, saved);
  const end = equal.findIndex((round) => !finished.includes(round));
  const rounds = end < 0 ? equal : equal.slice(0, end);
  checkRounds(store, { rounds });
  const other = numericDifferences(then, environment);
  const origin =
    `${originOf(from)}${rounds.length === 1 ? "round 0" : `rounds 0 to ${rounds.at(-1)}`}` +
    (other.length > 0 ? `, made on another machine or build (${other.join("; ")})` : "");
  return { from, rounds, origin };
}

/** Why no run of this mode can begin with rounds of the run in `store`, whatever its other settings; null if one can. */
export function whyNoFork(store: RunStore, mode: Config["mode"]): string | null {
  const { control, mode: own } = store.config();
  if (control !== null) {
    return `it is a control; start another with deno task lth control ${
      shellWords(["--run", control.base, "--kind", control.kind, "--name", "NEW"])
    }`;
  }
  const single = [own, mode].find(isSingleTraining);
  if (single !== undefined) {
    return `mode ${single} trains once, so there are no rounds to take over`;
  }
  return store.isDone(0) ? null : "its dense round is not finished";
}

/** The rounds that both configurations produce, finished or not. */
function equalRounds({ config, dataset }: ForkRequest, saved: Config): number[] {
  const how = ({ mode, training, pruning: { criterion, keepLayers } }: Config) => ({
    mode,
    training: OF_PRUNED_ROUNDS.map((name) => training[name]),
    criterion,
    keepLayers: [...keepLayers].sort(),
  });
  if (configDifferences(how(saved), how(config)).length > 0) return [0];
  const prunable = prunableWeights(networkGraph(config.network, dataset.classes.length));
  const [there, here] = [saved, config].map(({ pruning }) => keepCounts(prunable, pruning));
  const differs = here!.findIndex((keep, i) => keep !== there![i]);
  const equal = differs < 0 ? here!.length : differs;
  return Array.from({ length: equal + 1 }, (_, round) => round);
}

/** How {@linkcode Fork.origin} begins, whichever rounds the fork takes. */
function originOf(from: string): string {
  return `${from}, `;
}

/** Whether the run in `store` is this fork and was killed before it had all rounds that it copies. */
export function lacksCopies(
  store: RunStore,
  { config, fork }: { config: Config; fork: Fork },
): boolean {
  if (fork.rounds.every((round) => store.isDone(round))) return false;
  if (configDifferences(store.config(), config).length > 0) return false;
  const file = runFiles.environment(store.directory);
  // The configuration is written first, the environment next.
  if (!fs.existsSync(file)) return store.doneRounds().length === 0;
  return readEnvironment(file).forkedFrom?.startsWith(originOf(fork.from)) ?? false;
}

/** Refuses to fork into an existing run: a fork that has begun is continued like any run. */
export function refuseSecondFork(directory: string): never {
  throw new UsageError(
    `There is already a run in ${directory}: continue it with ${
      resumeCommand(runWord(directory))
    }, or choose another name for the fork`,
  );
}
