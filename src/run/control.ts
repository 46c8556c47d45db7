/**
 * The rounds of a control. Each round takes the mask of the base's round, applies the control's change to
 * it, and trains once.
 *
 * @module
 */
import type { Config } from "../config/config.ts";
import { initialiseNetwork } from "./start_weights.ts";
import type { RoundSummary } from "../results/summary.ts";
import {
  maskOf,
  resetMasks,
  resetOptimiser,
  restoreMasks,
  restoreSnapshot,
  takeMasks,
} from "../training/snapshot.ts";
import type { TrainingPlan } from "../training/train.ts";
import type { ControlBase } from "./control_base.ts";
import { erkMasks, shuffledMasks, uniformMasks } from "./control_masks.ts";
import {
  type ControlPolicy,
  controlPolicy,
  FRESH_SEED_OFFSET,
  isSmallNetwork,
} from "../config/controls.ts";
import { POLICIES } from "../config/modes.ts";
import { Rounds, type RoundsContext, startOfRound } from "./rounds.ts";
import { setSignedConstants } from "./signed_constants.ts";

export class Control extends Rounds {
  override readonly rounds: number;
  private readonly policy: ControlPolicy;

  /** @param chosen Rounds of the base that the control repeats. */
  constructor(
    context: RoundsContext & { config: Config & { control: NonNullable<Config["control"]> } },
    private readonly base: ControlBase,
    private readonly chosen: readonly number[],
  ) {
    super(context);
    this.rounds = Math.max(...chosen);
    this.policy = controlPolicy(context.config.control.kind);
  }

  override isDone(round: number): boolean {
    return !this.chosen.includes(round) || super.isDone(round);
  }

  /** Starts the dense round; a control can only change its data order. */
  override initialise(): Promise<void> {
    this.state = startOfRound(0);
    resetMasks(this.bench.network);
    this.loadRewindPoint();
    return Promise.resolve();
  }

  override prune(round: number): Promise<void> {
    const { network } = this.bench;
    const masks = this.masks(round);
    network.prunable.forEach(({ parameter }, i) => parameter.setMask(masks[i]!));
    this.store.saveMasks(round, takeMasks(network));
    this.state = startOfRound(round);
    return Promise.resolve();
  }

  private masks(round: number): Uint8Array[] {
    const { prunable } = this.bench.network;
    const { seed, pruning: { keepLayers } } = this.config;
    if (this.policy.masks === "none") {
      return prunable.map(({ parameter }) => new Uint8Array(parameter.size).fill(1));
    }
    const saved = this.base.store.loadMasks(round);
    const masks = prunable.map(({ name, parameter: { shape, size } }) => ({
      name,
      shape: shape as [number, number, number],
      mask: maskOf(saved, { name, size }),
    }));
    switch (this.policy.masks) {
      case "base":
        return masks.map(({ mask }) => mask);
      case "shuffled":
        return shuffledMasks(masks, { seed, round });
      case "uniform":
        return uniformMasks(masks, { seed, round, keepLayers });
      case "erk":
        return erkMasks(masks, { seed, round, keepLayers });
    }
  }

  override rewind(round: number): Promise<void> {
    const { network } = this.bench;
    const masks = takeMasks(network);
    // Weights first, then the mask: a round may keep weights that the previous round pruned.
    resetMasks(network);
    switch (this.policy.weights) {
      case "base":
        this.loadBaseWeights(0);
        break;
      case "ticket":
        this.loadBaseWeights(round - 1);
        break;
      case "previous":
        restoreSnapshot(network, (round > 1 ? this.store : this.base.store).loadEnd(round - 1));
        break;
      case "fresh":
      case "signs":
        this.initialiseWeights();
    }
    restoreMasks(network, masks);
    return Promise.resolve();
  }

  /** @param trained The round whose trained weights are loaded if the mode keeps weights. */
  private loadBaseWeights(trained: number): void {
    if (POLICIES[this.config.mode].weights === "rewind") this.loadRewindPoint();
    else restoreSnapshot(this.bench.network, this.base.store.loadEnd(trained));
  }

  private loadRewindPoint(): void {
    const point = this.base.store.loadRewindPoint();
    restoreSnapshot(this.bench.network, point.snapshot);
    this.state.progress = structuredClone(point.state);
  }

  private initialiseWeights(): void {
    const { network } = this.bench;
    if (this.policy.weights === "fresh") network.initialise(this.config.seed + FRESH_SEED_OFFSET);
    else initialiseNetwork(network, this.config);
    resetOptimiser(network);
    if (this.policy.weights === "signs") setSignedConstants(network);
  }

  protected override plan(round: number): TrainingPlan {
    const { weights } = this.policy;
    const fromBase = weights === "base" || weights === "ticket";
    const final = round > 0 && fromBase && POLICIES[this.config.mode].learningRate === "final";
    const dense = this.base.summary.rounds[0]!;
    return this.budget(round, { rate: final ? dense.epochs.at(-1)!.learningRate : null });
  }

  /** Counts a small dense network against the base's network, so that it compares with its ticket. */
  protected override summarise(
    round: number,
    scores: Pick<RoundSummary, "dev" | "test" | "temperature">,
  ): RoundSummary {
    const own = super.summarise(round, scores);
    if (!isSmallNetwork(this.policy)) return own;
    const { prunable, denseBytes, denseMacs } = this.base.rounds.get(round)!;
    return {
      ...own,
      prunable,
      density: own.kept / prunable,
      theta: prunable / own.kept,
      thetaAll: denseBytes / own.denseBytes,
      denseBytes,
      // It is stored dense, without an index.
      sparseBytes: own.denseBytes,
      denseMacs,
    };
  }
}
