/**
 * Analyses a run.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { runFiles } from "../core/paths.ts";
import type { RunStore } from "../run/run_store.ts";
import type { ControlBase } from "../run/control_base.ts";
import { useKernels } from "../run/round_kernels.ts";
import { maskOf, resetMasks, type Snapshot } from "../training/snapshot.ts";
import type { Workbench } from "../training/workbench.ts";
import type { Analysis, RoundAnalysis } from "./analysis.ts";
import { type Barrier, measureBarrier } from "./barrier.ts";
import { convergenceOf, THRESHOLD_SHARE } from "./convergence.ts";
import { deadFilters } from "./dead_filters.ts";
import { overlapOf, type RoundOverlap } from "./overlap.ts";
import { untrainedScores } from "./untrained.ts";

/** What to analyse. */
export interface AnalysisRequest {
  readonly base: ControlBase;
  readonly rounds: readonly number[];
  /** The run to compare masks with; see {@linkcode refuseOther}. */
  readonly other: ControlBase | null;
  /** The same rounds trained in another data order, or null to leave out the barrier. */
  readonly reordered: RunStore | null;
  /** Dev score to reach; null for a share of the dense network's. */
  readonly threshold: number | null;
}

/** @param progress Called for each round before it is measured. */
export async function analyze(
  bench: Workbench,
  request: AnalysisRequest,
  progress: (round: number) => void,
): Promise<Analysis> {
  const { base, other } = request;
  const dense = base.rounds.get(0)!;
  const threshold = request.threshold ?? THRESHOLD_SHARE * dense.epochs.at(-1)!.devScore;
  const rounds: RoundAnalysis[] = [];
  for (const round of request.rounds) {
    progress(round);
    const summary = base.rounds.get(round)!;
    const masks = round === 0 ? null : base.store.loadMasks(round);
    const named = maskMap(bench, masks);
    const directory = runFiles.round(base.store.directory, round);
    const settle = () => useKernels(bench, { directory, note: console.error });
    rounds.push({
      round,
      kept: summary.kept,
      density: summary.density,
      untrained: await untrainedScores(bench, { config: base.config, masks, settle }),
      barrier: await barrierOf(bench, { request, round, masks, settle }),
      overlap: overlapWith(bench, { other, round, named }),
      convergence: convergenceOf(summary.epochs, threshold),
      filters: deadFilters(bench.network.graph, named),
    });
  }
  return {
    format: "lth-ecg-analysis/1",
    run: base.name,
    other: other?.name ?? null,
    threshold,
    rounds,
  };
}

/** @throws {UsageError} If the other run is the run itself, has another network or lacks a round. */
export function refuseOther(
  base: ControlBase,
  options: { other: ControlBase; rounds: readonly number[] },
): void {
  const { other, rounds } = options;
  if (other.store.directory === base.store.directory) {
    throw new UsageError(
      `Cannot compare the masks of ${base.name} with its own; name another run, such as one with another seed`,
    );
  }
  const shapes = ({ rounds }: ControlBase) =>
    JSON.stringify(rounds.get(0)!.layers.map(({ name, shape }) => [name, shape]));
  if (shapes(base) !== shapes(other)) {
    throw new UsageError(
      `Cannot compare the masks of ${base.name} and ${other.name}: their networks differ`,
    );
  }
  const missing = rounds.filter((round) => !other.rounds.has(round));
  if (missing.length > 0) {
    throw new UsageError(
      `Cannot compare masks with ${other.name}: it has no round ${missing.join(", ")}; choose ` +
        `--rounds that both runs have`,
    );
  }
}

async function barrierOf(
  bench: Workbench,
  context: {
    request: AnalysisRequest;
    round: number;
    masks: Snapshot | null;
    settle: () => void;
  },
): Promise<Barrier | null> {
  const { request: { base, reordered }, round, masks, settle } = context;
  if (reordered === null) return null;
  resetMasks(bench.network);
  return await measureBarrier(bench, {
    a: base.store.loadEnd(round),
    b: reordered.loadEnd(round),
    masks,
    settle,
  });
}

function overlapWith(
  bench: Workbench,
  context: { other: ControlBase | null; round: number; named: ReadonlyMap<string, Uint8Array> },
): RoundOverlap | null {
  const { other, round, named } = context;
  if (other === null || round === 0) return null;
  const theirs = maskMap(bench, other.store.loadMasks(round));
  return overlapOf([...named].map(([name, a]) => ({ name, a, b: theirs.get(name)! })));
}

/** Masks by tensor name; all ones for the dense network. */
function maskMap(bench: Workbench, masks: Snapshot | null): Map<string, Uint8Array> {
  return new Map(
    bench.network.prunable.map(({ name, parameter: { size } }) => [
      name,
      masks ? maskOf(masks, { name, size }) : new Uint8Array(size).fill(1),
    ]),
  );
}
