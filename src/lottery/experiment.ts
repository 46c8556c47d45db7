/**
 * The parts of a lottery on a real network, with their results in a run directory.
 *
 * @module
 */
import type { Config } from "../experiment/config.ts";
import type { PredictionRow, RoundState, RunStore } from "../experiment/run_store.ts";
import type { EpochRow, RoundSummary, Scores } from "../experiment/summary.ts";
import { iterationOf, parseStepPoint } from "../core/step.ts";
import { costOf } from "../pruning/cost.ts";
import { CRITERION_INFO } from "../pruning/criteria.ts";
import { keepCounts } from "../pruning/plan.ts";
import { countWeights, prune } from "../pruning/prune.ts";
import { evaluate, type Evaluation } from "../training/evaluate.ts";
import { type Progress, startOfTraining, stepsDone } from "../training/progress.ts";
import { learningRateAt } from "../training/schedule.ts";
import {
  resetOptimiser,
  restoreMasks,
  restoreSnapshot,
  takeMasks,
  takeSnapshot,
} from "../training/snapshot.ts";
import { train, type TrainingPlan } from "../training/train.ts";
import type { SplitName, Workbench } from "../training/workbench.ts";
import type { LotteryParts } from "./lottery.ts";
import { POLICIES } from "./policies.ts";

/** Who watches an experiment. */
export interface ExperimentObserver {
  roundStarted(round: number, density: number): void;
  advanced(round: number, progress: Progress): void;
  epochDone(round: number, row: EpochRow): void;
  roundDone(summary: RoundSummary): void;
  /** Asked after every chunk of steps. */
  stopRequested(): boolean;
}

/** How often the state within a round is saved, in milliseconds of training. */
export interface ExperimentOptions {
  readonly checkpointEvery: number;
}

export class Experiment implements LotteryParts {
  readonly rounds: number;
  /** Weights to keep in rounds 1, 2, ... */
  private readonly keeps: readonly number[];
  private state: RoundState = { round: 0, progress: startOfTraining(), afterPruning: null };
  private finalRate: number | null = null;
  private clock = { saved: 0, seconds: 0, epochs: 0 };

  constructor(
    private readonly bench: Workbench,
    private readonly store: RunStore,
    private readonly config: Config,
    private readonly observer: ExperimentObserver,
    private readonly options: ExperimentOptions,
  ) {
    this.keeps = keepCounts(countWeights(bench.network).prunable, config.pruning);
    this.rounds = this.keeps.length;
  }

  isDone(round: number): boolean {
    return this.store.isDone(round);
  }

  restore(round: number): Promise<boolean> {
    const latest = this.store.loadLatest(round);
    if (latest) {
      if (round > 0) restoreMasks(this.bench.network, this.store.loadMasks(round));
      restoreSnapshot(this.bench.network, latest.snapshot);
      this.state = latest.state;
    }
    return Promise.resolve(latest !== null);
  }

  initialise(): Promise<void> {
    this.bench.network.initialise(this.config.seed);
    resetOptimiser(this.bench.network);
    this.state = { round: 0, progress: startOfTraining(), afterPruning: null };
    return Promise.resolve();
  }

  async prune(round: number): Promise<void> {
    const { network, device } = this.bench;
    const { criterion, keepLayers } = this.config.pruning;
    // From disk even when the network is still there: a resumed run must take the same way.
    if (round > 1) restoreMasks(network, this.store.loadMasks(round - 1));
    const initial = CRITERION_INFO[criterion].network === "initial";
    restoreSnapshot(
      network,
      initial ? this.store.loadRewindPoint().snapshot : this.store.loadEnd(round - 1),
    );
    const keep = this.keeps[round - 1]!;
    prune(device, network, { criterion, keep, keepLayers, seed: this.config.seed, round });
    this.store.saveMasks(round, takeMasks(network));
    const { scores } = await evaluate(this.bench, "dev");
    this.state = { round, progress: startOfTraining(), afterPruning: scores };
  }

  rewind(_round: number): Promise<void> {
    if (POLICIES[this.config.mode].weights === "rewind") {
      const point = this.store.loadRewindPoint();
      restoreSnapshot(this.bench.network, point.snapshot);
      this.state.progress = structuredClone(point.state);
    } else {
      resetOptimiser(this.bench.network);
    }
    return Promise.resolve();
  }

  async train(round: number): Promise<"finished" | "stopped"> {
    const { network } = this.bench;
    const { kept, prunable } = countWeights(network);
    this.observer.roundStarted(round, kept / prunable);
    const { progress } = this.state;
    const { stepsPerEpoch } = this.bench;
    const before = stepsDone(progress, stepsPerEpoch);
    const started = performance.now();
    this.clock.saved = started;
    const outcome = await train(this.bench, this.plan(round), progress, {
      reached: () => this.saveRewindPoint(progress),
      advanced: () => this.advanced(round, progress),
      epochDone: (row) => this.observer.epochDone(round, row),
    });
    this.clock.seconds = (performance.now() - started) / 1000;
    this.clock.epochs = (stepsDone(progress, stepsPerEpoch) - before) / stepsPerEpoch;
    return outcome;
  }

  private plan(round: number): TrainingPlan {
    const { epochs, learningRate: initial, schedule } = this.config.training;
    const replay = round === 0 || POLICIES[this.config.mode].learningRate === "replay";
    const final = replay ? 0 : this.finalLearningRate();
    return {
      epochs,
      learningRate: (epoch, devLosses) =>
        replay ? learningRateAt(schedule, { epoch, epochs, initial, devLosses }) : final,
      milestone: round === 0
        ? iterationOf(parseStepPoint(this.config.rewindTo), this.bench.stepsPerEpoch)
        : null,
    };
  }

  private finalLearningRate(): number {
    this.finalRate ??= this.store.finishedRounds()[0]!.epochs.at(-1)!.learningRate;
    return this.finalRate;
  }

  private saveRewindPoint(progress: Progress): void {
    this.store.saveRewindPoint({
      snapshot: takeSnapshot(this.bench.network, { optimiser: true }),
      state: progress,
    });
  }

  private advanced(round: number, progress: Progress): boolean {
    this.observer.advanced(round, progress);
    const stop = this.observer.stopRequested();
    if (stop || performance.now() - this.clock.saved >= this.options.checkpointEvery) {
      this.store.saveLatest({
        snapshot: takeSnapshot(this.bench.network, { optimiser: true }),
        state: this.state,
      });
      this.clock.saved = performance.now();
    }
    return stop;
  }

  async finish(round: number): Promise<void> {
    const dev = await evaluate(this.bench, "dev");
    const hasTest = this.bench.split("test").lengths.length > 0;
    const test = hasTest ? await evaluate(this.bench, "test") : null;
    const summary = this.summarise(round, { dev: dev.scores, test: test?.scores ?? null });
    this.store.finishRound(summary, {
      end: takeSnapshot(this.bench.network, { optimiser: false }),
      predictions: [
        ...this.predictionRows("dev", dev),
        ...(test ? this.predictionRows("test", test) : []),
      ],
    });
    this.recordTiming(round);
    this.observer.roundDone(summary);
  }

  private summarise(round: number, scores: { dev: Scores; test: Scores | null }): RoundSummary {
    const { kept, prunable } = countWeights(this.bench.network);
    const cost = costOf(this.bench.network);
    return {
      round,
      kept,
      prunable,
      density: kept / prunable,
      theta: prunable / kept,
      thetaAll: cost.parameters / cost.parametersKept,
      denseBytes: cost.denseBytes,
      sparseBytes: cost.sparseBytes,
      denseMacs: cost.denseMacs,
      macs: cost.macs,
      layers: cost.layers,
      afterPruning: this.state.afterPruning,
      ...scores,
      epochs: this.state.progress.rows,
    };
  }

  private predictionRows(name: SplitName, evaluation: Evaluation): PredictionRow[] {
    const { classes } = this.bench.dataset;
    const { ids, labels } = this.bench.split(name);
    return evaluation.predictions.map((prediction, i) => ({
      split: name,
      record: ids[i]!,
      label: classes[labels[i]!]!,
      predicted: classes[prediction.label]!,
    }));
  }

  private recordTiming(round: number): void {
    const rounds = this.store.loadTiming().rounds.filter((entry) => entry.round !== round);
    rounds.push({ round, trainSeconds: this.clock.seconds, epochs: this.clock.epochs });
    this.store.saveTiming({ rounds });
  }
}
