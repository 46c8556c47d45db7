/**
 * Times global magnitude selection, alone and through the addon, and compares it with std::nth_element.
 *
 * @module
 */
import type { Isa, NativeDevice } from "../src/addon/native.ts";
import { createRng } from "../src/core/rng.ts";
import { runNativeBenchmark } from "./native_bench.ts";
import { median } from "./step_time.ts";

/** One measurement. */
export interface TopkTiming {
  readonly weights: number;
  /** Share of the weights that survives. */
  readonly keep: number;
  /** Median milliseconds of the op. */
  readonly milliseconds: number;
  readonly fastest: number;
  /** Milliseconds of std::nth_element over the magnitudes, on one thread, without making a mask. */
  readonly nthElement: number;
  /** Median of `device.selectMagnitude`, fresh masks included; null where it is not measured. */
  readonly throughAddon: number | null;
}

/** Options of the measurement. */
export interface TopkOptions {
  readonly sizes: readonly number[];
  readonly keeps: readonly number[];
  readonly threads: number;
  readonly isa: Isa;
  readonly repeat: number;
}

/** Larger sets of weights are not measured through the addon, where each weight has four floats. */
const MOST_THROUGH_ADDON = 2e7;

export async function benchTopk(device: NativeDevice, options: TopkOptions): Promise<TopkTiming[]> {
  const { sizes, keeps, threads, isa, repeat } = options;
  const output = await runNativeBenchmark("topk_bench", [
    ...["--json", "--threads", threads, "--isa", isa, "--repeat", repeat].map(String),
    ...sizes.flatMap((size) => ["--weights", String(size)]),
    ...keeps.flatMap((keep) => ["--keep", String(keep)]),
  ]);
  const native = JSON.parse(output) as Omit<TopkTiming, "throughAddon">[];
  const throughAddon = new Map<number, Map<number, number>>();
  for (const size of sizes.filter((size) => size <= MOST_THROUGH_ADDON)) {
    throughAddon.set(size, timeThroughAddon(device, { ...options, size }));
  }
  return native.map((row) => ({
    ...row,
    throughAddon: throughAddon.get(row.weights)?.get(row.keep) ?? null,
  }));
}

function timeThroughAddon(
  device: NativeDevice,
  { size, keeps, repeat }: TopkOptions & { size: number },
): Map<number, number> {
  const rng = createRng(1, "top-k");
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = rng.next() + rng.next() + rng.next() - 1.5;
  using parameter = device.parameter([size]);
  parameter.write("value", values);
  return new Map(keeps.map((keep) => {
    const times: number[] = [];
    for (let i = 0; i < repeat + 2; i++) {
      const started = performance.now();
      device.selectMagnitude([parameter], Math.round(keep * size));
      if (i >= 2) times.push(performance.now() - started);
    }
    return [keep, median(times.sort((a, b) => a - b))];
  }));
}
