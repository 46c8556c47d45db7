/**
 * Runs the PyTorch peer, a script that times the same training step (shapes, layers, optimiser).
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, UsageError } from "../src/core/errors.ts";
import { ROOT } from "../src/core/paths.ts";
import { pythonWithTorch } from "./python.ts";
import type { StepShape } from "./shape.ts";
import type { Repeats } from "./step_time.ts";

/** The script of this repository. */
export const TORCH_SCRIPT: string = path.join(ROOT, "scripts/peers/torch_step.py");

/** A step of the peer; below density 1 its weights are multiplied by masks. */
export interface PeerTiming {
  readonly density: number;
  readonly milliseconds: number;
}

/** The output of the peer. */
export interface TorchTimings {
  /** Version, precision, threads, shape. */
  readonly description: string;
  readonly timings: readonly PeerTiming[];
}

/** The workload of the peer. */
export interface TorchOptions extends StepShape, Repeats {
  readonly script: string;
  readonly densities: readonly number[];
  readonly threads: number;
}

/**
 * Runs the script with the first Python that has torch.
 *
 * @throws {UsageError} If the script or such a Python does not exist.
 * @throws {Failure} If the script fails, or does not time a density.
 */
export async function runTorchPeer(options: TorchOptions): Promise<TorchTimings> {
  const { script, batchSize, length, filters, densities, threads, warmup, repeat } = options;
  if (!fs.existsSync(script)) throw new UsageError(`Cannot run the peer ${script}: no such file`);
  const { success, stdout, stderr } = await new Deno.Command(await pythonWithTorch(), {
    args: [
      script,
      ...["--batch", batchSize, "--length", length, "--filters", filters, "--threads", threads],
      ...["--warmup", warmup, "--repeat", repeat, "--density", ...densities],
    ].map(String),
    env: { OMP_NUM_THREADS: String(threads) },
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (!success) throw new Failure(`The peer ${script} failed: ${new TextDecoder().decode(stderr)}`);
  const timings = parseTorchOutput(text);
  const missing = densities.filter((each) => !timings.some(({ density }) => density === each));
  if (missing.length > 0) {
    throw new Failure(`The peer ${script} printed no time for density ${missing.join(", ")}`);
  }
  return { description: text.split("\n")[0]!, timings };
}

/** Reads "density 0.1    step   812.34 ms ..." lines. */
export function parseTorchOutput(text: string): PeerTiming[] {
  return [...text.matchAll(/^density\s+(\S+)\s+step\s+([\d.]+) ms/gm)].map((match) => ({
    density: Number(match[1]),
    milliseconds: Number(match[2]),
  }));
}
