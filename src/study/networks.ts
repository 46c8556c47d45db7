/**
 * The networks of a group in the order in which tables and figures show them.
 *
 * @module
 */
import type { LevelResult, MethodResult } from "../compare/comparison.ts";
import type { Network } from "../compare/levels.ts";
import { isDenseAlone } from "../compare/method.ts";
import { isSingleTraining } from "../config/modes.ts";
import { epochsText } from "../report/format.ts";
import type { Group } from "./group.ts";

/** The networks of one method that keep the same number of weights. */
export interface Level {
  /**
   * The method's name, also for runs that prune nothing; "dense" for the network that pruning began with, or
   * "dense of METHOD" if methods began with different ones; "dense, 24 epochs" for its control.
   */
  name: string;
  /** Whether pruning began with it. */
  isDense: boolean;
  method: MethodResult;
  level: LevelResult;
  /** One round of every run that has it. */
  rounds: Network[];
}

/**
 * All networks, by method in the order of the comparison. The dense network that several methods began with comes
 * once.
 */
export function networksOf({ runs, comparison }: Pick<Group, "runs" | "comparison">): Level[] {
  const runsOf = (method: MethodResult) => {
    const names = comparison.runs.filter((entry) => entry.method === method.name)
      .map(({ name }) => name);
    return runs.filter(({ name }) => names.includes(name));
  };
  const isControl = (method: MethodResult) =>
    runsOf(method).some(({ control }) => control !== null);
  const seen = new Set<string>();
  const networks = comparison.methods.flatMap((method) =>
    method.levels.flatMap((level, i): Level[] => {
      const isDense = i === 0;
      const key = keyOf(level);
      if (isDense && (seen.has(key) || isControl(method))) return [];
      const rounds = runsOf(method).flatMap((run) =>
        // Each single training of a method has a round 1, of its own size.
        run.summary.rounds.filter(({ round, kept }) => round === level.round && kept === level.kept)
          .map((round) => ({ run, round }))
      );
      // A single training is compared with the dense network of another method, which has a row there.
      if (isDense && rounds.length === 0) return [];
      if (isDense) seen.add(key);
      const name = method.continued ? `dense, ${epochsText(level.cost?.epochs)}` : method.name;
      return [{ name, isDense, method, level, rounds }];
    })
  );
  const denseName = (method: MethodResult) => {
    if (runsOf(method).every(isDenseAlone)) return method.name;
    return seen.size > 1 ? `dense of ${method.name}` : "dense";
  };
  return networks.map((network) =>
    network.isDense ? { ...network, name: denseName(network.method) } : network
  );
}

/** The dense network that a method began with; undefined for single trainings, which begin with none. */
export function startOf(method: MethodResult, networks: readonly Level[]): Level | undefined {
  const own = networks.find((network) => network.method === method && !network.isDense);
  if (own?.rounds.some(({ run }) => isSingleTraining(run.summary.mode))) return undefined;
  const key = keyOf(method.levels[0]!);
  return networks.find(({ isDense, level }) => isDense && keyOf(level) === key);
}

/** Equal for dense networks that are the same. */
function keyOf({ scores }: LevelResult): string {
  return JSON.stringify(scores);
}
