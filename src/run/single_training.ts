/**
 * A single training during which the mask changes, by a policy of pruning/mask_policies.ts. It is round 1 of
 * its run; the run has no dense round.
 *
 * @module
 */
import type { NamedParameter } from "../model/layers.ts";
import { type Cost, costOf } from "../pruning/cost.ts";
import { erkMasks } from "../pruning/erk.ts";
import {
  type ChangingSchedule,
  isChanging,
  maskChanges,
  maskPolicyOf,
} from "../pruning/mask_policies.ts";
import type { MaskChange, MaskPolicy } from "../pruning/mask_policy.ts";
import { keepCounts } from "../pruning/plan.ts";
import { countWeights, isKept } from "../pruning/prune.ts";
import type { RoundSummary } from "../results/summary.ts";
import { denseGradients, type StepInputs } from "../training/dense_gradient.ts";
import { firstNotFinite } from "../training/finite.ts";
import { type Progress, startOfTraining, stepsDone } from "../training/progress.ts";
import { resetOptimiser, type Snapshot, takeMasks, takeSnapshot } from "../training/snapshot.ts";
import type { TrainingPlan } from "../training/train.ts";
import { Rounds, type RoundsContext, startOfRound } from "./rounds.ts";
import type { MaskTally } from "./run_store.ts";
import { initialiseNetwork } from "./start_weights.ts";

export class SingleTraining extends Rounds {
  override readonly rounds = 1;
  private readonly policy: MaskPolicy<ChangingSchedule>;
  private readonly changes: readonly MaskChange[];
  /** Weights to keep at the end. */
  private readonly keep: number;
  /** Of the network under its present masks; null if they have changed since it was computed. */
  private cost: Cost | null = null;

  /** @throws {UsageError} If no change of the mask fits into the training. */
  constructor(context: RoundsContext) {
    super(context);
    const { pruning, training: { epochs } } = this.config;
    const { stepsPerEpoch } = this.bench;
    const total = countWeights(this.bench.network).prunable;
    if (!isChanging(pruning.schedule)) {
      throw new RangeError(`The schedule ${pruning.schedule.kind} changes no mask during training`);
    }
    this.policy = maskPolicyOf(pruning.schedule);
    this.changes = maskChanges(pruning, { total, steps: epochs * stepsPerEpoch, stepsPerEpoch });
    this.keep = keepCounts(total, pruning)[0]!;
  }

  /** There is no dense round. */
  override isDone(round: number): boolean {
    return round === 0 || super.isDone(round);
  }

  /** It ends pruned, even if it starts with all weights. */
  protected override isDense(): boolean {
    return false;
  }

  override initialise(): Promise<void> {
    const { network } = this.bench;
    initialiseNetwork(network, this.config);
    resetOptimiser(network);
    // For controls, which start from the same weights with another mask.
    this.store.saveRewindPoint({
      snapshot: takeSnapshot(network, { optimiser: true }),
      state: startOfTraining(),
    });
    return Promise.resolve();
  }

  /** Makes the network with its first mask. */
  override async prune(round: number): Promise<void> {
    await this.initialise();
    if (this.policy.start === "erk") {
      const { seed } = this.config;
      const masks = erkMasks(
        this.candidates.map(({ name, parameter: { shape } }) => ({
          name,
          shape: shape as [number, number, number],
        })),
        { keep: this.keepOfCandidates(this.keep), seed, stream: ["first mask"] },
      );
      this.setMasks(masks);
    }
    this.state = { ...startOfRound(round), masks: NO_STEPS };
    this.store.saveMasks(round, takeMasks(this.bench.network));
  }

  /** The first mask is set on initial weights: nothing has to return. */
  override rewind(_round: number): Promise<void> {
    return Promise.resolve();
  }

  protected override plan(round: number): TrainingPlan {
    return {
      ...this.budget(round, { rate: null }),
      maskChanges: {
        next: (step) => this.changes.find((change) => change.step >= step)?.step ?? Infinity,
        change: (step, inputs) =>
          this.change(this.changes.find((change) => change.step === step)!, inputs),
      },
    };
  }

  /** @returns False if a gradient that it needs is not finite; nothing is changed then. */
  private async change(change: MaskChange, inputs: StepInputs): Promise<boolean> {
    const { bench, policy, candidates } = this;
    let gradients: Float32Array[] | null = null;
    if (policy.growth === "gradient") {
      gradients = await denseGradients(bench, candidates.map((c) => c.parameter), inputs);
      this.count("denseGradients");
      const named = new Map(
        gradients.map((data, i) => [String(i), { shape: [data.length], data }]),
      );
      if (firstNotFinite(named) !== null) return false;
    }
    const { seed, pruning: { criterion } } = this.config;
    const keep = this.keepOfCandidates(change.keep);
    this.setMasks(policy.masks({ bench, candidates, change, keep, criterion, seed, gradients }));
    this.count("changes");
    return true;
  }

  private count(what: "changes" | "denseGradients"): void {
    const tally = this.state.masks!;
    this.state.masks = { ...tally, [what]: tally[what] + 1 };
  }

  private get candidates(): readonly NamedParameter[] {
    const { keepLayers } = this.config.pruning;
    return this.bench.network.prunable.filter(({ name }) => !isKept(name, keepLayers));
  }

  /** @param keep Weights to keep in all, those of the kept layers included. */
  private keepOfCandidates(keep: number): number {
    const { prunable } = countWeights(this.bench.network);
    const open = this.candidates.reduce((sum, { parameter }) => sum + parameter.size, 0);
    return keep - (prunable - open);
  }

  private setMasks(masks: readonly Uint8Array[]): void {
    this.candidates.forEach(({ parameter }, i) => parameter.setMask(masks[i]!));
    this.cost = null;
  }

  override async restore(round: number): Promise<boolean> {
    const restored = await super.restore(round);
    this.cost = null;
    return restored;
  }

  protected override ownMasks(): Snapshot {
    return takeMasks(this.bench.network);
  }

  /** Masks do not change within the steps that were just done. */
  protected override advanced(round: number, progress: Progress): boolean {
    const { masks: tally } = this.state;
    const steps = stepsDone(progress, this.bench.stepsPerEpoch);
    const own = steps - tally!.steps;
    this.cost ??= costOf(this.bench.network);
    const kept = this.cost.layers.reduce((sum, layer) => sum + layer.kept, 0);
    this.state.masks = {
      ...tally!,
      steps,
      kept: tally!.kept + own * kept,
      macs: tally!.macs + own * this.cost.macs,
    };
    return super.advanced(round, progress);
  }

  override async finish(round: number): Promise<void> {
    this.store.saveMasks(round, this.ownMasks());
    await super.finish(round);
  }

  protected override summarise(
    round: number,
    scores: Pick<RoundSummary, "dev" | "test" | "temperature">,
  ): RoundSummary {
    const own = super.summarise(round, scores);
    const { steps, changes, kept, macs, denseGradients } = this.state.masks!;
    return {
      ...own,
      training: {
        maskChanges: changes,
        denseGradients,
        density: kept / steps / own.prunable,
        macs: (macs + denseGradients * own.denseMacs) / steps,
      },
    };
  }
}

const NO_STEPS: MaskTally = { steps: 0, changes: 0, denseGradients: 0, kept: 0, macs: 0 };
