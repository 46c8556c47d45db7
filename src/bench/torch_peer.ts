/**
 * Runs the PyTorch peer, a script that times the same training step (shapes, layers, optimiser).
 *
 * @module
 */
import { Failure, UsageError } from "../core/errors.ts";
import * as fs from "node:fs";

/** One line of the peer's output. */
export interface TorchTiming {
  readonly density: number;
  readonly milliseconds: number;
}

/** What the peer is to time. */
export interface TorchOptions {
  readonly batch: number;
  readonly length: number;
  readonly filters: number;
  readonly densities: readonly number[];
  readonly threads: number;
  readonly warmup: number;
  readonly repeat: number;
}

const PYTHONS = ["/usr/bin/python3", "python3"];

/** Runs the script with the first Python that has torch. */
export async function runTorchPeer(script: string, options: TorchOptions): Promise<TorchTiming[]> {
  if (!fs.existsSync(script)) throw new UsageError(`Cannot run the peer ${script}: no such file`);
  const { batch, length, filters, densities, threads, warmup, repeat } = options;
  const { success, stdout, stderr } = await new Deno.Command(await pythonWithTorch(), {
    args: [
      script,
      ...["--batch", batch, "--length", length, "--filters", filters, "--threads", threads],
      ...["--warmup", warmup, "--repeat", repeat, "--density", ...densities],
    ].map(String),
  }).output();
  const text = new TextDecoder().decode(stdout);
  if (!success) throw new Failure(`The peer ${script} failed: ${new TextDecoder().decode(stderr)}`);
  console.log(text.split("\n")[0]);
  return parseTorchOutput(text);
}

/** Reads "density 0.1    step   812.34 ms ..." lines. */
export function parseTorchOutput(text: string): TorchTiming[] {
  return [...text.matchAll(/^density\s+(\S+)\s+step\s+([\d.]+) ms/gm)].map((match) => ({
    density: Number(match[1]),
    milliseconds: Number(match[2]),
  }));
}

async function pythonWithTorch(): Promise<string> {
  for (const python of PYTHONS) {
    try {
      const { success } = await new Deno.Command(python, { args: ["-c", "import torch"] }).output();
      if (success) return python;
    } catch {
      // Not installed: the next one may be.
    }
  }
  throw new UsageError(
    "Cannot run the PyTorch peer: no python3 here has torch (Debian: python3-torch)",
  );
}
