/**
 * Implements the parts of a lottery for a real network; the results go to a run directory.
 *
 * @module
 */
import { iterationOf, parseStepPoint } from "../core/step.ts";
import { initialiseNetwork } from "./start_weights.ts";
import { criterionOf } from "../pruning/criteria.ts";
import { keepCounts } from "../pruning/plan.ts";
import { countWeights, prune } from "../pruning/prune.ts";
import { evaluate } from "../training/evaluate.ts";
import { type Progress, stepsDone } from "../training/progress.ts";
import { keepingStatistics, recalibrateStatistics } from "../training/recalibrate.ts";
import {
  resetMasks,
  resetOptimiser,
  restoreSnapshot,
  takeMasks,
  takeSnapshot,
} from "../training/snapshot.ts";
import type { TrainingPlan } from "../training/train.ts";
import { POLICIES } from "../config/modes.ts";
import { runFiles } from "../core/paths.ts";
import type { Note, RoundState } from "./run_store.ts";
import { Rounds, type RoundsContext, startOfRound } from "./rounds.ts";

export class Experiment extends Rounds {
  override readonly rounds: number;
  /** Weights to keep in rounds 1, 2, ... */
  private readonly keeps: readonly number[];
  private finalRate: number | null = null;

  constructor(context: RoundsContext) {
    super(context);
    this.keeps = keepCounts(countWeights(this.bench.network).prunable, this.config.pruning);
    this.rounds = this.keeps.length;
  }

  override initialise(): Promise<void> {
    initialiseNetwork(this.bench.network, this.config);
    resetOptimiser(this.bench.network);
    this.state = startOfRound(0);
    return Promise.resolve();
  }

  protected override misses(state: RoundState, note: Note): boolean {
    if (super.misses(state, note)) return true;
    const passed = state.round === 0 &&
      stepsDone(state.progress, this.bench.stepsPerEpoch) > this.rewindStep;
    if (!passed || this.store.hasRewindPoint()) return false;
    note(
      `${
        runFiles.rewind(this.store.directory)
      } is missing or damaged, and rounds need it: the dense ` +
        `round is trained from its beginning`,
    );
    return true;
  }

  /** Step of the dense round at which the rewind point is saved. */
  private get rewindStep(): number {
    return iterationOf(parseStepPoint(this.config.rewindTo), this.bench.stepsPerEpoch);
  }

  override async prune(round: number): Promise<void> {
    const { network } = this.bench;
    const { seed, pruning: { criterion, keepLayers } } = this.config;
    const initial = criterionOf(criterion).network === "initial";
    // Always from disk, even if the network is still in memory: a resumed run must do the same.
    resetMasks(network);
    restoreSnapshot(
      network,
      initial ? this.store.loadRewindPoint().snapshot : this.store.loadEnd(round - 1),
    );
    const alive = round > 1 ? this.store.loadMasks(round - 1) : null;
    const keep = this.keeps[round - 1]!;
    await prune(this.bench, { criterion, keep, keepLayers, seed, round, alive });
    this.store.saveMasks(round, takeMasks(network));
    this.state = { ...startOfRound(round), ...await this.scoresBeforeTraining() };
  }

  /** Dev scores of the network right after pruning: with the old running statistics, and with new ones. */
  private async scoresBeforeTraining() {
    const { bench } = this;
    const { scores: afterPruning } = await evaluate(bench, "dev");
    const { scores: afterPruningRecalibrated } = await keepingStatistics(bench, async () => {
      await recalibrateStatistics(bench);
      return await evaluate(bench, "dev");
    });
    return { afterPruning, afterPruningRecalibrated };
  }

  override rewind(_round: number): Promise<void> {
    if (POLICIES[this.config.mode].weights === "rewind") {
      const point = this.store.loadRewindPoint();
      restoreSnapshot(this.bench.network, point.snapshot);
      this.state.progress = structuredClone(point.state);
    } else {
      resetOptimiser(this.bench.network);
    }
    return Promise.resolve();
  }

  protected override plan(round: number): TrainingPlan {
    if (round === 0) return this.budget(0, { rate: null, milestone: this.rewindStep });
    const replay = POLICIES[this.config.mode].learningRate === "replay";
    return this.budget(round, { rate: replay ? null : this.finalLearningRate() });
  }

  private finalLearningRate(): number {
    this.finalRate ??= this.store.finishedRounds()[0]!.epochs.at(-1)!.learningRate;
    return this.finalRate;
  }

  protected override reached(progress: Progress): void {
    this.store.saveRewindPoint({
      snapshot: takeSnapshot(this.bench.network, { optimiser: true }),
      state: progress,
    });
  }
}
