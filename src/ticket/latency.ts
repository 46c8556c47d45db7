/**
 * Measures the time of one record on one thread: the dense network in onnxruntime, the ticket in the sparse
 * engine, and the dense network in the same engine.
 *
 * @module
 */
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { FULL_SHAPE, madeNetwork, madeSamples, type MaskKind } from "./made_network.ts";
import { openInference, type TrainedNetwork } from "./network.ts";
import { onnxModel } from "./onnx.ts";
import { loadOnnxRuntime } from "./onnxruntime.ts";

/** What to measure. */
export interface InferenceCase {
  /** Filters of the stem; 32 is the full network of 10,454,528 weights. */
  readonly filters: number;
  /** Surviving share of all weights, 0 to 1. */
  readonly density: number;
  /** "uniform": survivors are drawn at random; "global": the largest initial weights survive. */
  readonly maskKind: MaskKind;
  /** Samples of the record at 300 Hz; 8,960 are the whole steps of 30 s. */
  readonly samples: number;
  /** Number of timed passes; the result is their median. 11 by default, after two warm-up passes. */
  readonly repeats?: number;
}

/** 1-D convolutions, or 2-D convolutions of height 1; onnxruntime has faster kernels for those. */
export type ModelForm = "conv1d" | "conv2d";

/** The dense network in onnxruntime: milliseconds, or why there are none. */
export type PeerLatency =
  | {
    /** Of the faster form. */
    readonly ms: number;
    readonly form: ModelForm;
    readonly forms: Readonly<Record<ModelForm, number>>;
    readonly version: string;
  }
  | { readonly ms: null; readonly reason: string };

/** Median milliseconds per record on one thread, with the number of multiplications. */
export interface InferenceLatency {
  /** The faster of the model with 1-D convolutions and the one with 2-D convolutions of height 1. */
  readonly onnxruntimeDense: PeerLatency;
  readonly ticketMs: number;
  readonly denseMs: number;
  /** Multiplications of the ticket, without constant and unread channels. */
  readonly ticketMacs: number;
  readonly denseMacs: number;
  /** E.g. "AVX-512, 1 thread". */
  readonly engine: string;
  /** onnxruntimeDense / ticketMs; null without onnxruntime. */
  readonly timesFaster: number | null;
}

/**
 * Measures a network with made-up weights. Apart from timing noise, `options` determine the result.
 *
 * @throws {RangeError} If the density is outside 0..1.
 */
export function measureInference(options: InferenceCase): Promise<InferenceLatency> {
  const { filters, density, maskKind, samples, repeats } = options;
  if (!(density >= 0 && density <= 1)) {
    throw new RangeError(`density must be from 0 to 1, got ${density}`);
  }
  const graph = resnet1dGraph({ ...FULL_SHAPE, filters });
  const dense = madeNetwork(graph, { density: 1, maskKind, seed: 1 });
  const ticket = madeNetwork(graph, { density, maskKind, seed: 1 });
  return measureNetworks({ dense, ticket }, { samples, ...(repeats ? { repeats } : {}) });
}

/** Measures given networks in the same way. */
export async function measureNetworks(
  { dense, ticket }: { dense: TrainedNetwork; ticket: TrainedNetwork },
  { samples, repeats = 11 }: { samples: number; repeats?: number },
): Promise<InferenceLatency> {
  const record = madeSamples(samples);
  const onnxruntimeDense = await peerLatency(dense, { record, repeats });
  const ticketRun = engineLatency(ticket, { record, repeats });
  const denseRun = engineLatency(dense, { record, repeats });
  return {
    onnxruntimeDense,
    ticketMs: ticketRun.ms,
    denseMs: denseRun.ms,
    ticketMacs: ticketRun.macs,
    denseMacs: denseRun.macs,
    engine: ticketRun.engine,
    timesFaster: onnxruntimeDense.ms === null ? null : onnxruntimeDense.ms / ticketRun.ms,
  };
}

interface Timing {
  readonly record: Float32Array;
  readonly repeats: number;
}

/** Median milliseconds of a record in the sparse engine. */
export function engineLatency(
  network: TrainedNetwork,
  { record, repeats }: Timing,
): { ms: number; macs: number; engine: string } {
  using inference = openInference(network);
  const times: number[] = [];
  for (let i = -2; i < repeats; i++) {
    const start = performance.now();
    inference.run(record);
    if (i >= 0) times.push(performance.now() - start);
  }
  return {
    ms: median(times),
    macs: inference.macs(record.length),
    engine: inference.description,
  };
}

/** Median milliseconds of a record in onnxruntime with one thread. */
export async function peerLatency(
  network: TrainedNetwork,
  { record, repeats }: Timing,
): Promise<PeerLatency> {
  const runtime = loadOnnxRuntime();
  if (!runtime.available) return { ms: null, reason: runtime.reason };
  const forms = { conv1d: 0, conv2d: 0 };
  for (const form of ["conv1d", "conv2d"] as const) {
    const bytes = onnxModel(network, { height: form === "conv2d" });
    const model = await runtime.open(bytes, { threads: 1 });
    const times: number[] = [];
    for (let i = -2; i < repeats; i++) {
      const start = performance.now();
      await model.run(record, { batch: 1 });
      if (i >= 0) times.push(performance.now() - start);
    }
    await model.close();
    forms[form] = median(times);
  }
  const form = forms.conv1d < forms.conv2d ? "conv1d" : "conv2d";
  return { ms: forms[form], form, forms, version: runtime.version };
}

function median(times: readonly number[]): number {
  const sorted = [...times].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
