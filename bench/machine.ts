/**
 * The measured machine and its upper limits.
 *
 * @module
 */
import * as os from "node:os";
import type { Isa, Precision } from "../src/addon/native.ts";
import { runNativeBenchmark } from "./native_bench.ts";

/** Upper limits, measured in this run with the threads that the steps use. */
export interface Floors {
  /** Instruction set of the CPU, or precision of a GPU. */
  readonly isa: string;
  readonly threads: number;
  /** Multiply-adds on registers in the steps' precision, each counted as two. */
  readonly peakGflops: number;
  /** The same on one core; null for a GPU. */
  readonly corePeakGflops: number | null;
  /** null for a GPU. */
  readonly readGbps: number | null;
  /** Bytes read and bytes written past the caches, together. */
  readonly copyGbps: number;
  /** The larger of the two. */
  readonly bandwidthGbps: number;
}

/** Options of the measurement. */
export interface FloorsOptions {
  readonly backend: "cpu" | "cuda";
  readonly device?: number;
  readonly threads: number;
  readonly isa: Isa;
  readonly precision: Precision;
}

/** Measures the limits. @throws {Failure} If the native benchmark fails. */
export async function measureFloors(options: FloorsOptions): Promise<Floors> {
  const { backend, device = 0, threads, isa, precision } = options;
  const common = ["--precision", precision, "--json"];
  const output = backend === "cuda"
    ? await runNativeBenchmark("cuda_machine_bench", ["--device", String(device), ...common])
    : await runNativeBenchmark("machine_bench", [
      ...["--threads", String(threads), "--isa", isa, ...common],
    ]);
  const measured = JSON.parse(output) as Omit<Floors, "bandwidthGbps">;
  return { ...measured, bandwidthGbps: Math.max(measured.readGbps ?? 0, measured.copyGbps) };
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
