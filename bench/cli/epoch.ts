/**
 * The table of the benchmark that times whole epochs.
 *
 * @module
 */
import type { NativeDevice } from "../../src/addon/native.ts";
import { UsageError } from "../../src/core/errors.ts";
import type { EpochTable } from "../document.ts";
import { epochConfig, recordCounts, timeEpochs } from "../epoch_bench.ts";
import { runEpochPeer } from "../epoch_peer.ts";
import type { BenchOptions } from "./options.ts";

/**
 * A dense epoch and one at the lowest density asked for; PyTorch's dense epoch if it is the peer.
 *
 * @throws {UsageError} If no density is less than 1.
 */
export async function epochTable(
  device: NativeDevice,
  { data, filters, shapes, densities, peer, threads }: BenchOptions,
  { note }: { note: (text: string) => void },
): Promise<EpochTable> {
  const { batchSize } = shapes[0]!;
  const density = Math.min(...densities);
  if (density === 1) {
    throw new UsageError("Cannot time a pruned epoch: give --densities one that is less than 1");
  }
  const config = epochConfig(device, { data, filters, batchSize, density });
  note(`epochs of ${data}`);
  const { dataset, timings } = await timeEpochs(device, config);
  if (peer === "torch") note(`PyTorch's epoch of ${data}`);
  return {
    ...{ data, filters, batchSize, timings },
    records: recordCounts(dataset),
    peer: peer === "torch" ? await runEpochPeer(dataset, { config, threads }) : null,
  };
}
