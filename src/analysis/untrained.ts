/**
 * Supermasks (Zhou et al. 2019, "Deconstructing lottery tickets"): scores of networks whose weights
 * were chosen by a mask but never trained.
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
 * Dev scores of the initial weights under a mask, and of their signs times one constant per layer. Running
 * statistics are first estimated on training records, because a new network has none.
 *
 * @param options.config Configuration of the run that the mask is from.
 * @param options.masks null for the dense network.
 * @param options.settle Called after the masks are set, before anything is computed.
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
