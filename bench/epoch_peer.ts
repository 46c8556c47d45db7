/**
 * Runs the PyTorch peer of an epoch: the same records in the same batches, through PyTorch's DataLoader.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Config } from "../src/config/config.ts";
import { Failure } from "../src/core/errors.ts";
import { ROOT } from "../src/core/paths.ts";
import { planBatches } from "../src/data/batches.ts";
import type { LoadedDataset, Split } from "../src/data/dataset.ts";
import { pythonWithTorch } from "./python.ts";

const SCRIPT = path.join(ROOT, "scripts/peers/torch_epoch.py");

/** Seconds of PyTorch's dense epoch. */
export interface PeerEpoch {
  /** Version, precision, threads. */
  readonly description: string;
  /** Batches, steps, and the evaluation of dev after the epoch. */
  readonly training: number;
  /** The evaluation of dev and test, and the checkpoint. */
  readonly results: number;
}

/**
 * Runs the peer with the first Python that has torch.
 *
 * @throws {UsageError} If there is none. {Failure} If the script fails.
 */
export async function runEpochPeer(
  dataset: LoadedDataset,
  { config, threads }: { config: Config; threads: number },
): Promise<PeerEpoch> {
  const python = await pythonWithTorch();
  const job = fs.mkdtempSync(path.join(os.tmpdir(), "lth-bench-peer-"));
  try {
    writeJob(job, dataset, config);
    const { filters } = config.network;
    const { success, stdout, stderr } = await new Deno.Command(python, {
      args: [SCRIPT, "--job", job, "--filters", String(filters), "--threads", String(threads)],
      env: { OMP_NUM_THREADS: String(threads) },
    }).output();
    if (!success) {
      throw new Failure(`The peer ${SCRIPT} failed: ${new TextDecoder().decode(stderr)}`);
    }
    return parseEpochOutput(new TextDecoder().decode(stdout));
  } finally {
    fs.rmSync(job, { recursive: true, force: true });
  }
}

/** Reads "training 12.3 s  results 1.2 s" below the description. @throws {Failure} If it is missing. */
export function parseEpochOutput(text: string): PeerEpoch {
  const match = /^training ([\d.]+) s {2}results ([\d.]+) s$/m.exec(text);
  if (!match) throw new Failure(`The peer ${SCRIPT} printed no times: ${text}`);
  return {
    description: text.split("\n")[0]!,
    training: Number(match[1]),
    results: Number(match[2]),
  };
}

/** Writes what the script reads; it describes the files. */
export function writeJob(folder: string, dataset: LoadedDataset, config: Config): void {
  const { samples, mean, std, classes, splits: { train, dev, test } } = dataset;
  const { training: { batchSize }, seed } = config;
  const side = (split: Split, shuffle: { seed: number; epoch: number } | null) => ({
    offsets: [...split.offsets],
    lengths: [...split.lengths],
    labels: [...split.labels],
    batches: planBatches(split.lengths, { batchSize, shuffle })
      .map(({ records }) => [...records].filter((record) => record >= 0)),
  });
  const sides = {
    train: side(train, { seed, epoch: 0 }),
    dev: side(dev, null),
    test: side(test, null),
  };
  fs.writeFileSync(path.join(folder, "job.json"), JSON.stringify({ mean, std, classes, sides }));
  const bytes = new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength);
  fs.writeFileSync(path.join(folder, "samples.i16"), bytes);
}
