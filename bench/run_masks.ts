/**
 * Masks with the layer densities of a finished run. A network of the same size gets the run's own masks.
 *
 * @module
 */
import { UsageError } from "../src/core/errors.ts";
import { runDirectory } from "../src/core/paths.ts";
import { RunStore } from "../src/run/run_store.ts";
import { hasSummary, readSummary } from "../src/results/read.ts";
import type { RoundSummary } from "../src/results/summary.ts";
import { restoreMasks, type Snapshot } from "../src/training/snapshot.ts";
import type { Workbench } from "../src/training/workbench.ts";
import { type MaskSource, unmask } from "./masks.ts";

/**
 * The masks of run `name`. For a density, the round nearest to it is taken. A network of another width
 * gets, in each layer, the largest weights up to the density that the run's layer of that name has.
 *
 * @throws {UsageError} If there is no such run, or it has no pruned round.
 */
export function runMasks(name: string, weights: Snapshot): MaskSource {
  const directory = runDirectory(name);
  if (!hasSummary(directory)) {
    throw new UsageError(`Cannot take masks from ${name}: there is no run with results there`);
  }
  const summary = readSummary(directory);
  const pruned = summary.rounds.filter(({ kept, prunable }) => kept < prunable);
  if (pruned.length === 0) {
    throw new UsageError(`Cannot take masks from ${name}: it has no pruned round yet`);
  }
  const store = new RunStore(directory);
  return {
    kind: "run",
    description: `layer densities of run ${summary.name}`,
    apply(bench, density) {
      unmask(bench.network, weights);
      if (density === 1) return;
      const round = nearestRound(pruned, density);
      if (sameSizes(bench, round)) {
        restoreMasks(bench.network, store.loadMasks(round.round));
      } else {
        keepPerLayer(bench, round);
      }
    },
  };
}

/** The round whose density is nearest in ratio. */
function nearestRound(rounds: readonly RoundSummary[], density: number): RoundSummary {
  const distance = (round: RoundSummary) => Math.abs(Math.log(round.density / density));
  return rounds.reduce((best, round) => distance(round) < distance(best) ? round : best);
}

function sameSizes({ network }: Workbench, { layers }: RoundSummary): boolean {
  return network.prunable.every(({ name, parameter }, i) =>
    layers[i]?.name === name && layers[i]?.size === parameter.size
  );
}

function keepPerLayer(bench: Workbench, { layers }: RoundSummary): void {
  for (const { name, parameter } of bench.network.prunable) {
    const layer = layers.find((each) => each.name === name);
    if (!layer) throw new UsageError(`The run's network has no layer ${name}: use its --blocks`);
    const keep = Math.max(1, Math.round(layer.kept / layer.size * parameter.size));
    parameter.setMask(bench.device.selectMagnitude([parameter], keep)[0]!);
  }
}
