/**
 * The pruned networks of a run by the number of weights they keep, each with the dense network that it is
 * compared with.
 *
 * @module
 */
import * as fs from "node:fs";
import { UsageError } from "../core/errors.ts";
import { runDirectory } from "../core/paths.ts";
import type { RoundSummary } from "../results/summary.ts";
import { isContinued, isSmallDense } from "./check.ts";
import type { Run } from "./run.ts";

/** One round of one run. */
export interface Network {
  run: Run;
  round: RoundSummary;
}

/** A network and the dense one it comes from. */
export interface Pair {
  later: Network;
  dense: Network;
}

/**
 * The dense network of a run and its later networks by level. The level of a pruned network is the number
 * of weights it keeps. A dense network that is trained on keeps all weights, so its level is minus its
 * round. Both kinds of levels go from large to small.
 */
export interface RunLevels {
  run: Run;
  dense: Network;
  levels: Map<number, Pair>;
}

/**
 * The levels of a run. A control branches off its base and is compared with the dense network of the base.
 *
 * @throws {UsageError} If a control's base is not among `runs` and the control has no dense round of its
 * own, or if two rounds keep equally many weights.
 */
export function levelsOf(run: Run, runs: readonly Run[]): RunLevels {
  const base = baseOf(run, runs);
  const small = isSmallDense(run);
  const own = run.summary.rounds.find(({ round }) => round === 0);
  const dense = base
    ? { run: base, round: base.summary.rounds.find(({ round }) => round === 0)! }
    : own && !small
    ? { run, round: own }
    : null;
  if (!dense?.round) {
    throw new UsageError(
      run.control
        ? `Cannot compare the control ${run.directory} without its base run ${run.control.base}, ` +
          "which has the dense network to compare with: name that run too"
        : `Cannot compare ${run.directory}: it has no dense round`,
    );
  }
  const levels = new Map<number, Pair>();
  for (const round of run.summary.rounds) {
    if (round.round === 0 && !small) continue;
    const level = isContinued(run) ? -round.round : round.kept;
    if (levels.has(level)) {
      throw new UsageError(
        `Cannot compare ${run.directory}: two of its rounds keep ${round.kept} weights`,
      );
    }
    levels.set(level, { later: { run, round }, dense });
  }
  return { run, dense, levels };
}

/** The run among `runs` that a control branches off; null if there is none or the run is no control. */
export function baseOf({ control }: Run, runs: readonly Run[]): Run | null {
  if (!control) return null;
  const directory = runDirectory(control.base);
  const real = fs.existsSync(directory) ? fs.realpathSync(directory) : directory;
  const plain = runs.filter((run) => run.control === null);
  return plain.find((run) => run.directory === real) ??
    plain.find((run) => run.name === control.base) ?? null;
}
