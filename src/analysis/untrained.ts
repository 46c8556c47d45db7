/**
 * Supermasks (Zhou et al. 2019, "Deconstructing lottery tickets"): how well a network does
 * whose weights were never trained, only chosen.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import { initialiseNetwork } from "../run/start_weights.ts";
import type { Scores } from "../results/summary.ts";
import { setSignedConstants } from "../run/signed_constants.ts";
import { evaluate } from "../training/evaluate.ts";
import { recalibrateStatistics } from "../training/recalibrate.ts";
import { restoreMasks, type Snapshot } from "../training/snapshot.ts";
import type { Workbench } from "../training/workbench.ts";

/**
 * Dev scores of the initial weights under a mask, and of their signs with one constant per layer. A new
 * network's running statistics fit nothing, so that they are estimated on training records first.
 *
 * @param options.config Of the run that the mask is from.
 * @param options.masks null for the dense network.
 * @param options.settle Called under the masks, before anything is computed.
 */
export async function untrainedScores(
  bench: Workbench,
  options: { config: Config; masks: Snapshot | null; settle?: () => void },
): Promise<{ initial: Scores; signs: Scores }> {
  const { config, masks, settle } = options;
  const measure = async (signs: boolean) => {
    initialiseNetwork(bench.network, config);
    if (signs) setSignedConstants(bench.network);
    if (masks) restoreMasks(bench.network, masks);
    settle?.();
    await recalibrateStatistics(bench);
    return (await evaluate(bench, "dev")).scores;
  };
  return { initial: await measure(false), signs: await measure(true) };
}
