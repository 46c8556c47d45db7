/**
 * A fork: a new run that begins with the finished rounds of another one that its own settings would have
 * led to, and goes on from there with its own. For a change of mind in the middle of a study (more
 * rounds, another mode), and for going on where the build or the machine is another one.
 *
 * What each kind of change leaves:
 * - more or fewer rounds, another target: all rounds that both would prune alike;
 * - another mode, share, criterion or layers to keep: the dense round;
 * - anything that the dense round depends on (data, network, training, seeds): nothing, and refused.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { runDirectory, runFiles } from "../core/paths.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { type Config, configDifferences, parseConfig } from "../config/config.ts";
import { type Environment, numericDifferences, readEnvironment } from "./environment.ts";
import { RunStore } from "./run_store.ts";
import { networkGraph } from "../config/network_config.ts";
import { prunableWeights } from "../model/graph.ts";
import { keepCounts } from "../pruning/plan.ts";
import { denseSettings } from "./shared_dense.ts";

/** What a fork begins with. */
export interface Fork {
  /** Name of the run that it leaves, or the path of its directory. */
  readonly from: string;
  /** Rounds to take over: 0 to the last. */
  readonly rounds: readonly number[];
  /** For people: which rounds of which run, and what they were made on if that was something else. */
  readonly origin: string;
}

/** A fork that is asked for. */
export interface ForkRequest {
  /** Name of the run, or the path of its directory. */
  readonly from: string;
  /** Of the new run. */
  readonly config: Config;
  readonly dataset: LoadedDataset;
  /** What it would run on. */
  readonly environment: Environment;
}

/**
 * Which rounds a fork can take over.
 *
 * @throws {UsageError} If there is no such run, it is a control, it has no finished dense round, or none
 *   of its rounds is what the new settings or the data that are there now would lead to.
 */
export function planFork(request: ForkRequest): Fork {
  const { from, config, environment } = request;
  const refuse = (why: string): never => {
    throw new UsageError(`Cannot fork ${from}: ${why}`);
  };
  const store = new RunStore(runDirectory(from));
  if (!store.exists()) refuse(`there is no run in ${store.directory}`);
  const saved = parseConfig(store.savedConfig(), `the configuration of run ${from}`);
  if (saved.control !== null) {
    refuse(`it is a control; start another with deno task lth control --run ${saved.control.base}`);
  }
  const finished = store.doneRounds();
  if (!finished.includes(0)) refuse("its dense round is not finished");
  // Where it computes is no setting here: it shows in what the rounds were made on.
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
      `its data set had sha256 ${then.datasetSha256}, the one there now has ` +
        `${environment.datasetSha256}; start a new run without --resume and --fork`,
    );
  }
  const equal = equalRounds(request, saved);
  const end = equal.findIndex((round) => !finished.includes(round));
  const rounds = end < 0 ? equal : equal.slice(0, end);
  const other = numericDifferences(then, environment);
  const origin = `${from}, ${rounds.length === 1 ? "round 0" : `rounds 0 to ${rounds.at(-1)}`}` +
    (other.length > 0 ? `, made on something else (${other.join("; ")})` : "");
  return { from, rounds, origin };
}

/** The rounds that both configurations lead to, finished or not. */
function equalRounds({ config, dataset }: ForkRequest, saved: Config): number[] {
  const how = ({ mode, training: { sameNoise }, pruning: { criterion, keepLayers } }: Config) => ({
    mode,
    sameNoise,
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

/** A fork that was begun is continued as the run that it is. */
export function refuseSecondFork(directory: string): never {
  throw new UsageError(
    `There is already a run in ${directory}: continue it with --resume and without --fork, or choose ` +
      `another name for the fork`,
  );
}
