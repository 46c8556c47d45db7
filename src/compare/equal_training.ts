/**
 * Finds the dense network that was trained for as long as another network. Pruned networks are compared
 * with it first, because a gain over a dense network of fewer epochs may come from the epochs.
 *
 * @module
 */
import { isContinued } from "./check.ts";
import { costOf } from "./cost.ts";
import { foldOf, seedOf } from "./fold.ts";
import { denseOf, type Network } from "./levels.ts";
import type { Run } from "./run.ts";

/** A dense network and the total epochs of both networks. */
export interface EqualDense {
  dense: Network;
  epochs: { own: number; dense: number };
}

/**
 * Candidates are the dense network that `network` began with and the rounds that train it further (control
 * `continue`). The one with the nearest total of epochs is chosen; of two equally near, the longer one. The
 * totals may differ by half a schedule, because late resetting repeats less than a whole schedule.
 *
 * @returns null if the dense network was not trained on, or not for as long.
 */
export function denseOfEqualTraining(
  network: Network,
  runs: readonly Run[],
): EqualDense | null {
  const cost = costOf(network, runs);
  const start = denseOf(network.run, runs);
  if (!cost || !start) return null;
  const continued = runs.filter((run) => {
    const other = isContinued(run) ? denseOf(run, runs) : null;
    return other !== null && isSameDense(start, other);
  });
  if (continued.length === 0) return null;
  const networks = [
    start,
    ...continued.flatMap((run) => run.summary.rounds.map((round) => ({ run, round }))),
  ].map((dense) => ({ dense, epochs: costOf(dense, runs)!.epochs }));
  const distance = ({ epochs }: { epochs: number }) => Math.abs(epochs - cost.epochs);
  const [nearest] = networks.sort((a, b) => distance(a) - distance(b) || b.epochs - a.epochs);
  const schedule = costOf(start, runs)!.epochs;
  if (distance(nearest!) > schedule / 2) return null;
  return { dense: nearest!.dense, epochs: { own: cost.epochs, dense: nearest!.epochs } };
}

/** Whether two dense rounds are the same network: runs that share it have the same history. */
function isSameDense(a: Network, b: Network): boolean {
  if (a.run === b.run) return true;
  const history = ({ round }: Network) => JSON.stringify([round.epochs, round.dev]);
  return seedOf(a.run) === seedOf(b.run) && foldOf(a.run) === foldOf(b.run) &&
    history(a) === history(b);
}
