/**
 * The machine that is measured, and what it can do at most.
 *
 * @module
 */
import * as os from "node:os";
import type { Isa } from "../backend/native.ts";
import { runNativeBenchmark } from "./native_bench.ts";

/** Upper limits, measured in this run with the threads that the steps use. */
export interface Floors {
  readonly isa: string;
  readonly threads: number;
  /** Multiply-adds on registers, each counted as two. */
  readonly peakGflops: number;
  /** The same on one core. */
  readonly corePeakGflops: number;
  readonly readGbps: number;
  /** Bytes read and bytes written past the caches, together. */
  readonly copyGbps: number;
  /** The larger of the two. */
  readonly bandwidthGbps: number;
}

/** Measures the limits. @throws {Failure} If the native benchmark fails. */
export async function measureFloors(options: { threads: number; isa: Isa }): Promise<Floors> {
  const { threads, isa } = options;
  const output = await runNativeBenchmark("machine_bench", [
    ...["--threads", String(threads), "--isa", isa, "--json"],
  ]);
  const measured = JSON.parse(output) as Omit<Floors, "bandwidthGbps">;
  return { ...measured, bandwidthGbps: Math.max(measured.readGbps, measured.copyGbps) };
}

/** The processor's name and cores. */
export function describeMachine(): string {
  const cpus = os.cpus();
  const memory = (os.totalmem() / 2 ** 30).toFixed(0);
  return `${cpus[0]?.model ?? "unknown processor"}, ${cpus.length} cores, ${memory} GiB`;
}

/** Load averages over 1, 5 and 15 minutes. */
export function loadText(): string {
  return os.loadavg().map((x) => x.toFixed(2)).join(" ");
}
