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
import { isSingleTraining } from "../config/modes.ts";
import { isContinued, isSmallDense } from "./check.ts";
import { foldOf, haveSameFold, seedOf } from "./fold.ts";
import { isDenseAlone } from "./method.ts";
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
 * own, if no run has the dense network of a single training, or if two rounds keep equally many weights.
 */
export function levelsOf(run: Run, runs: readonly Run[]): RunLevels {
  const small = isSmallDense(run);
  const dense = denseOf(run, runs) ?? refuseWithoutDense(run, runs);
  const levels = new Map<number, Pair>();
  for (const round of run.summary.rounds) {
    if ((round.round === 0 && !small) || !run.outcomes.has(round.round)) continue;
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

/**
 * The dense network that a run, or the base of a control, began with. A single training began with none; it
 * is compared with that of a run with the same seed and fold: if possible one that was trained on, else one that was
 * pruned, because a run that prunes nothing may have any length.
 *
 * @returns null if there is none among `runs`.
 */
export function denseOf(run: Run, runs: readonly Run[]): Network | null {
  const base = run.control ? baseOf(run, runs) : run;
  if (base === null) return run.control && !isSmallDense(run) ? ownDense(run) : null;
  if (!isSingleTraining(base.summary.mode)) return ownDense(base);
  const twins = runs.filter((other) => other.control === null && haveSameFold(other, base));
  const trainedOn = runs.filter(isContinued).map((control) => baseOf(control, runs));
  const pruned = twins.filter((twin) => !isDenseAlone(twin));
  const [first] = [...twins.filter((twin) => trainedOn.includes(twin)), ...pruned, ...twins]
    .flatMap((twin) => ownDense(twin) ?? []);
  return first ?? null;
}

/** The dense round of a run; null if it has none. */
export function ownDense(run: Run): Network | null {
  const round = run.summary.rounds.find(({ round }) => round === 0);
  return round ? { run, round } : null;
}

function refuseWithoutDense(run: Run, runs: readonly Run[]): never {
  const { mode } = run.summary;
  if (run.control && baseOf(run, runs) === null) {
    throw new UsageError(
      `Cannot compare the control ${run.directory} without its base run ${run.control.base}, ` +
        "which has the dense network to compare with: name that run too",
    );
  }
  if (isSingleTraining(mode)) {
    const fold = foldOf(run);
    throw new UsageError(
      `Cannot compare ${run.directory}: mode ${mode} trains no dense network to compare with; name a ` +
        `run of another mode with seed ${seedOf(run)}${
          fold === null ? "" : ` and fold ${fold}`
        }, too`,
    );
  }
  throw new UsageError(`Cannot compare ${run.directory}: it has no dense round`);
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
