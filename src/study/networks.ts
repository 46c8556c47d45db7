/**
 * The networks of a group in the order in which tables and figures show them.
 *
 * @module
 */
import type { LevelResult, MethodResult } from "../compare/comparison.ts";
import type { Network } from "../compare/levels.ts";
import { epochsText } from "../report/format.ts";
import type { Group } from "./group.ts";

/** The networks of one method that keep the same number of weights. */
export interface Level {
  /** The method's name; "dense" for the network that pruning began with, "dense, 24 epochs" for its control. */
  name: string;
  method: MethodResult;
  level: LevelResult;
  /** One round of every run that has it. */
  rounds: Network[];
}

/**
 * All networks, by method in the order of the comparison. The dense network that several methods began with comes
 * once.
 */
export function networksOf({ runs, comparison }: Group): Level[] {
  const runsOf = (method: MethodResult) => {
    const names = comparison.runs.filter((entry) => entry.method === method.name)
      .map(({ name }) => name);
    return runs.filter(({ name }) => names.includes(name));
  };
  const isControl = (method: MethodResult) =>
    runsOf(method).some(({ control }) => control !== null);
  const seen = new Set<string>();
  return comparison.methods.flatMap((method) =>
    method.levels.flatMap((level, i): Level[] => {
      const dense = i === 0;
      const key = JSON.stringify(level.scores);
      if (dense && (seen.has(key) || isControl(method))) return [];
      const rounds = runsOf(method).flatMap((run) =>
        run.summary.rounds.filter(({ round }) => round === level.round)
          .map((round) => ({ run, round }))
      );
      // A single training is compared with the dense network of another method, which has a row there.
      if (dense && rounds.length === 0) return [];
      if (dense) seen.add(key);
      const name = method.continued ? `dense, ${epochsText(level.cost?.epochs)}` : method.name;
      const start = seen.size === 1 ? "dense" : `dense of ${method.name}`;
      return [{ name: dense ? start : name, method, level, rounds }];
    })
  );
}
