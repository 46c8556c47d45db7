/**
 * Finds the dense network that took as much training as another network, in epochs or in work. Pruned networks
 * are compared with it first, because a gain over a dense network of less training may come from the training.
 *
 * @module
 */
import { isSingleTraining } from "../config/modes.ts";
import { isContinued } from "./check.ts";
import { type Cost, costOf } from "./cost.ts";
import { haveSameFold } from "./fold.ts";
import { denseOf, type Network, ownDense } from "./levels.ts";
import { haveSameDense, isDenseAlone, settingsKey } from "./method.ts";
import type { Run } from "./run.ts";

/**
 * How training is measured: by epochs, or by work, which counts an epoch of a pruned network by its surviving
 * multiply-adds (see {@linkcode Cost.denseEpochs}).
 */
export type Measure = "epochs" | "denseEpochs";

/** A value for each measure. */
export function byMeasure<T>(of: (measure: Measure) => T): Record<Measure, T> {
  return { epochs: of("epochs"), denseEpochs: of("denseEpochs") };
}

/** The training of a network and of the dense one that it is compared with. */
export interface Sides {
  own: number;
  dense: number;
}

/** A dense network, and the training of both networks in either measure. */
export interface EqualDense extends Record<Measure, Sides> {
  dense: Network;
}

/**
 * Candidates are the dense network that `network` began with and the rounds that train it, or one trained like it,
 * further (control `continue`). If there are several such controls, those that train like `network` in all settings
 * come first, then those of the very dense network that it began with. For a network that is trained once, as by RigL,
 * a dense network trained once with the same settings is a candidate, too. The one with the nearest total by a measure
 * is chosen; of two equally near, the longer one, and of two equally long, the one trained once. The totals may differ
 * by half a schedule, because late resetting repeats less than a whole schedule, and work ends between two rounds of a
 * dense network.
 *
 * @returns By each measure; null if no dense network was trained for about as long.
 */
export function denseOfEqualTraining(
  network: Network,
  runs: readonly Run[],
): Record<Measure, EqualDense | null> {
  const none = byMeasure(() => null);
  const own = costOf(network, runs);
  const start = denseOf(network.run, runs);
  if (!own || !start) return none;
  const [key, past] = [trainingKey(network.run), history(start)];
  const continued = nearestOf(
    runs.filter((run) => {
      const other = isContinued(run) ? denseOf(run, runs) : null;
      return other !== null && isTrainedAlike(start, other);
    }),
    [
      (run) => trainingKey(run) === key,
      (run) => history(denseOf(run, runs)!) === past,
    ],
  );
  const once = isSingleTraining(network.run.summary.mode)
    ? runs.flatMap((run) =>
      run.control === null && isLike(run, network.run) ? ownDense(run) ?? [] : []
    )
    : [];
  if (once.length + continued.length === 0) return none;
  // Sorting is stable, so of two that are equal those trained once stay first.
  const candidates = [
    ...once,
    start,
    ...continued.flatMap((run) =>
      run.summary.rounds.filter(({ round }) => run.outcomes.has(round))
        .map((round) => ({ run, round }))
    ),
  ].map((dense) => ({ dense, cost: costOf(dense, runs)! }));
  // A dense network of one long schedule sets no measure for what is about as long.
  const isCycle = continued.length > 0 || !isDenseAlone(start.run);
  const tolerance = isCycle ? costOf(start, runs)!.epochs / 2 : 0;
  return byMeasure((measure) => {
    const distance = ({ cost }: { cost: Cost }) => Math.abs(cost[measure] - own[measure]);
    const [nearest] = candidates.toSorted((a, b) =>
      distance(a) - distance(b) || b.cost[measure] - a.cost[measure]
    );
    if (distance(nearest!) > tolerance) return null;
    const { dense, cost } = nearest!;
    return { dense, ...byMeasure((each) => ({ own: own[each], dense: cost[each] })) };
  });
}

/**
 * Whether two dense networks were trained with the same settings, seed and fold. On machines that round differently
 * they still are different networks.
 */
function isTrainedAlike(a: Network, b: Network): boolean {
  return a.run === b.run || isLike(a.run, b.run);
}

function isLike(a: Run, b: Run): boolean {
  return haveSameFold(a, b) && haveSameDense(a, b);
}

/** Runs that share a dense round have the same history. */
function history({ round }: Network): string {
  return JSON.stringify([round.epochs, round.dev]);
}

/** A key that is equal for runs whose rounds are trained in the same way, the later ones included. */
function trainingKey(run: Run): string {
  return settingsKey(run, (path) => path.startsWith("training."));
}

/** Those for which every condition holds that holds for any of them, the first condition before the second. */
function nearestOf(runs: readonly Run[], conditions: ((run: Run) => boolean)[]): readonly Run[] {
  return conditions.reduce((left, holds) => {
    const found = left.filter(holds);
    return found.length > 0 ? found : left;
  }, runs);
}
