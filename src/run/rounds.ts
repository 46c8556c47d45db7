/**
 * Work that is common to the rounds of a lottery and of its controls: restoring an interrupted round,
 * training it, and writing its results to the run directory.
 *
 * @module
 */
import { Failure } from "../core/errors.ts";
import { runFiles } from "../core/paths.ts";
import type { Config } from "../config/config.ts";
import type { Note, RoundState, RunStore } from "./run_store.ts";
import type { RoundSummary } from "../results/summary.ts";
import { costOf } from "../pruning/cost.ts";
import { countWeights } from "../pruning/prune.ts";
import { adoptAverages } from "../training/average.ts";
import { firstNotFinite, nameOf } from "../training/finite.ts";
import { type Progress, startOfTraining, stepsDone } from "../training/progress.ts";
import { learningRateAt } from "../training/schedule.ts";
import type { Checkpoint } from "../training/checkpoint.ts";
import {
  hasMasks,
  restoreMasks,
  restoreSnapshot,
  type Snapshot,
  takeSnapshot,
} from "../training/snapshot.ts";
import { train, type TrainingPlan } from "../training/train.ts";
import type { Workbench } from "../training/workbench.ts";
import type { LotteryParts } from "./lottery.ts";
import type { RunObserver } from "./observer.ts";
import { kernelsAreLost, settleKernels } from "./round_kernels.ts";
import { finalScores } from "./final_scores.ts";

/** Everything that rounds work with. */
export interface RoundsContext {
  readonly bench: Workbench;
  readonly store: RunStore;
  readonly config: Config;
  readonly observer: RunObserver;
  /** Called when a round's results are on disk. */
  readonly roundDone: (round: RoundSummary) => void;
  /** Asked after every chunk of steps: whether the state is saved and training ends. */
  readonly stopRequested: () => boolean;
  /** How often the state within a round is saved, in milliseconds of training. */
  readonly checkpointEvery: number;
}

export abstract class Rounds implements LotteryParts {
  protected readonly bench: Workbench;
  protected readonly store: RunStore;
  protected readonly config: Config;
  protected state: RoundState = startOfRound(0);
  private clock = { saved: 0, seconds: 0, epochs: 0 };

  constructor(private readonly context: RoundsContext) {
    this.bench = context.bench;
    this.store = context.store;
    this.config = context.config;
  }

  abstract readonly rounds: number;
  abstract initialise(): Promise<void>;
  abstract prune(round: number): Promise<void>;
  abstract rewind(round: number): Promise<void>;

  /** Budget and learning rates of a round. */
  protected abstract plan(round: number): TrainingPlan;

  /**
   * The budget of a round; it is the same for all rounds.
   *
   * @param round The round whose noise is used; see `sameNoise` in the configuration.
   * @param options.rate The constant learning rate; null for the schedule.
   * @param options.milestone Step at which {@linkcode reached} is called.
   */
  protected budget(
    round: number,
    options: { rate: number | null; milestone?: number },
  ): TrainingPlan {
    const { epochs, learningRate: initial, schedule, warmup, earlyStopping, onNan, sameNoise } =
      this.config.training;
    const { rate, milestone = null } = options;
    const budget = { epochs, stepsPerEpoch: this.bench.stepsPerEpoch, initial, warmup };
    return {
      epochs,
      noiseRound: sameNoise ? 0 : round,
      learningRate: (step, devLosses) =>
        rate ?? learningRateAt(schedule, { ...budget, step, devLosses }),
      milestone,
      earlyStopping,
      onNan,
    };
  }

  /** The rewind point has been reached. */
  protected reached(_progress: Progress): void {}

  isDone(round: number): boolean {
    return this.store.isDone(round);
  }

  restore(round: number): Promise<boolean> {
    const note = (message: string) => this.context.observer.note(message);
    const latest = this.store.loadLatest(round, note);
    const masks = latest && round > 0 ? this.masksOf(latest, note) : null;
    if (!latest || (round > 0 && !masks)) return Promise.resolve(false);
    if (this.misses(latest.state, note)) {
      this.store.removeLatest(); // before the missing file is made again: the state does not belong to it
      return Promise.resolve(false);
    }
    if (masks) restoreMasks(this.bench.network, masks);
    restoreSnapshot(this.bench.network, latest.snapshot);
    this.state = latest.state;
    return Promise.resolve(true);
  }

  /**
   * Whether something that was written before the saved state is lost, so that the round has to be trained
   * from its beginning. It is then told.
   */
  protected misses({ round }: RoundState, note: Note): boolean {
    return this.timesKernels &&
      kernelsAreLost(this.bench, { directory: this.directory(round), note });
  }

  /** The masks of a saved state: its own, or the ones that the round began with. */
  private masksOf({ snapshot, state: { round } }: Checkpoint<RoundState>, note: Note) {
    return hasMasks(snapshot) ? snapshot : this.store.loadMasksUnderWay(round, note);
  }

  /** Masks that belong to a state within a round, because they change during it; by default none. */
  protected ownMasks(): Snapshot {
    return new Map();
  }

  private get timesKernels(): boolean {
    return this.config.training.kernels === "timed";
  }

  private directory(round: number): string {
    return runFiles.round(this.store.directory, round);
  }

  /**
   * Whether a round trains with dropout. With few inputs to a unit, dropout changes the variance that batch
   * norms measure, and these then do not fit evaluation (Li et al. 2019); docs/recipe.md has numbers.
   */
  private hasDropout(round: number): boolean {
    switch (this.config.training.dropoutRounds) {
      case "all":
        return true;
      case "dense":
        return this.isDense();
      case "first":
        return round === 0 && this.isDense();
    }
  }

  /** Whether the present round's network keeps all weights. */
  protected isDense(): boolean {
    const { kept, prunable } = countWeights(this.bench.network);
    return kept === prunable;
  }

  async train(round: number): Promise<"finished" | "stopped"> {
    this.bench.setDropout(this.hasDropout(round));
    if (this.timesKernels) {
      const { writer } = this.store;
      await settleKernels(this.bench, { directory: this.directory(round), writer });
    }
    const { kept, prunable } = countWeights(this.bench.network);
    this.context.observer.roundStarted(round, kept / prunable);
    const { progress } = this.state;
    const { stepsPerEpoch } = this.bench;
    const before = stepsDone(progress, stepsPerEpoch);
    const started = performance.now();
    this.clock.saved = started;
    const outcome = await train(this.bench, this.plan(round), progress, {
      reached: () => this.reached(progress),
      advanced: () => this.advanced(round, progress),
      epochDone: (row) => this.context.observer.epochDone(round, row),
    });
    this.clock.seconds = (performance.now() - started) / 1000;
    this.clock.epochs = (stepsDone(progress, stepsPerEpoch) - before) / stepsPerEpoch;
    return outcome;
  }

  /** @returns Whether to stop. */
  protected advanced(round: number, progress: Progress): boolean {
    const { observer, stopRequested, checkpointEvery } = this.context;
    observer.advanced(round, progress);
    const stop = stopRequested();
    if (stop || performance.now() - this.clock.saved >= checkpointEvery) {
      const snapshot = new Map([...this.soundSnapshot(), ...this.ownMasks()]);
      this.store.saveLatest({ snapshot, state: this.state });
      this.clock.saved = performance.now();
    }
    return stop;
  }

  /** @throws {Failure} If a number in the snapshot is not finite: the earlier saved state is better. */
  private soundSnapshot(): Snapshot {
    const snapshot = takeSnapshot(this.bench.network, { optimiser: true });
    const bad = firstNotFinite(snapshot);
    if (bad === null) return snapshot;
    throw new Failure(
      `Training diverged: ${
        nameOf(bad)
      } is no longer finite; the last saved state is kept: lower ` +
        `--learning-rate`,
    );
  }

  async finish(round: number): Promise<void> {
    this.soundSnapshot();
    adoptAverages(this.bench.network); // the averages are scored, saved, pruned and trained further
    const { predictions, ...scores } = await finalScores(this.bench);
    const summary = this.summarise(round, scores);
    this.store.finishRound(summary, {
      end: takeSnapshot(this.bench.network, { optimiser: false }),
      predictions,
    });
    this.recordTiming(round);
    this.context.roundDone(summary);
  }

  protected summarise(
    round: number,
    { temperature, ...scores }: Pick<RoundSummary, "dev" | "test" | "temperature">,
  ): RoundSummary {
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
      afterPruningRecalibrated: this.state.afterPruningRecalibrated,
      ...scores,
      epochs: this.state.progress.rows,
      ...(temperature === undefined ? {} : { temperature }),
    };
  }

  private recordTiming(round: number): void {
    const rounds = this.store.loadTiming().rounds.filter((entry) => entry.round !== round);
    const { seconds: trainSeconds, epochs } = this.clock;
    rounds.push({ round, trainSeconds, epochs, kernels: this.bench.kernels() });
    this.store.saveTiming({ rounds });
  }
}

/** A round of which nothing is trained or measured yet. */
export function startOfRound(round: number): RoundState {
  return {
    round,
    progress: startOfTraining(),
    afterPruning: null,
    afterPruningRecalibrated: null,
  };
}
