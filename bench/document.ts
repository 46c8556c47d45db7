/**
 * Everything that one call of the benchmark measures; `--json` prints this.
 *
 * @module
 */
import type { OpTime } from "./breakdown.ts";
import type { EpochTiming } from "./epoch_bench.ts";
import type { PeerEpoch } from "./epoch_peer.ts";
import type { Floors } from "./machine.ts";
import type { MemoryUse } from "./memory_bench.ts";
import type { MaskSource } from "./masks.ts";
import type { ScheduleTiming } from "./schedule_bench.ts";
import type { StepShape } from "./shape.ts";
import type { StepTiming } from "./step_bench.ts";
import type { TopkTiming } from "./topk.ts";
import type { PeerTiming, TorchTimings } from "./torch_peer.ts";

/** The tables by name, in the order in which they are measured. */
export const TABLES = [
  "steps",
  "layers",
  "topk",
  "schedule",
  "inference",
  "memory",
  "epoch",
] as const;
export type TableName = (typeof TABLES)[number];

/** Steps of one shape with masks of one kind, all densities. */
export interface StepTable {
  readonly shape: StepShape;
  readonly masks: Pick<MaskSource, "kind" | "description">;
  /** Times without the ops, which are in {@linkcode BenchDocument.layers}. */
  readonly timings: readonly Omit<StepTiming, "ops">[];
  /** Densities that are slower than the next higher one. */
  readonly slower: readonly string[];
  /** PyTorch at the same shape, dense and masked; empty without that peer. */
  readonly peer: readonly PeerTiming[];
}

/** The time of each part of a step at one density. */
export interface LayerTable {
  readonly shape: StepShape;
  readonly masks: string;
  readonly density: number;
  /** Milliseconds of the step. */
  readonly median: number;
  /** Every op, in the order of the step. */
  readonly ops: readonly OpTime[];
}

/** A schedule, compared with PyTorch's dense rounds. */
export interface ScheduleTable extends ScheduleTiming {
  readonly shape: StepShape;
  readonly masks: string;
  readonly epochs: number;
  readonly records: number;
  /** Milliseconds of PyTorch's dense step; null without that peer. */
  readonly peerStep: number | null;
  /** Seconds of the same number of dense rounds in PyTorch: its step time times the number of steps. */
  readonly peerSeconds: number | null;
  /** Seconds that the surviving weights' multiply-adds alone take at the measured peak. */
  readonly peakSeconds: number;
}

/** The TensorFlow.js peer, at a shape that it finishes. */
export interface TfjsTable {
  readonly package: string;
  readonly reason: string;
  readonly shape: StepShape;
  readonly milliseconds: number;
  readonly ours: number;
}

/** One record of 30 s on one thread, dense and as a ticket; milliseconds. */
export interface InferenceRow {
  readonly masks: string;
  readonly density: number;
  readonly samples: number;
  /** The dense network in onnxruntime; null if it is missing. */
  readonly onnxruntime: number | null;
  /** Its version and form, or why it is missing. */
  readonly onnxruntimeDetail: string;
  readonly ticket: number;
  readonly dense: number;
  /** Multiply-adds of the ticket / those of the dense network. */
  readonly macsShare: number;
  readonly engine: string;
}

/** Whole epochs of a run on real records, beside PyTorch's. */
export interface EpochTable extends Omit<StepShape, "length"> {
  /** "sample", or the folder of the data set. */
  readonly data: string;
  readonly records: { readonly train: number; readonly dev: number; readonly test: number };
  readonly timings: readonly EpochTiming[];
  /** null without that peer. */
  readonly peer: PeerEpoch | null;
}

/** All requested tables; null for a table that was not requested. */
export interface BenchDocument {
  readonly format: "lth-ecg-bench/1";
  readonly machine: string;
  readonly device: string;
  readonly quick: boolean;
  /** Load averages. */
  readonly load: { readonly before: string; readonly after: string };
  /** null if no table needs them. */
  readonly floors: Floors | null;
  readonly torch: TorchTimings["description"] | null;
  readonly tfjs: TfjsTable | null;
  readonly steps: readonly StepTable[] | null;
  readonly layers: readonly LayerTable[] | null;
  readonly topk: readonly TopkTiming[] | null;
  readonly schedule: readonly ScheduleTable[] | null;
  readonly inference: readonly InferenceRow[] | null;
  readonly memory: readonly MemoryUse[] | null;
  readonly epoch: EpochTable | null;
}
