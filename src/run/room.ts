/**
 * Refuses a run that this machine has too little memory or disk space for, before it begins.
 *
 * @module
 */
import process from "node:process";
import { counted } from "../core/counted.ts";
import { loadAddon } from "../addon/addon.ts";
import type { HostMemory, NativeDevice } from "../addon/native.ts";
import type { Config } from "../config/config.ts";
import { hasSmallNetworks } from "../config/controls.ts";
import { networkGraph } from "../config/network_config.ts";
import { bytesText } from "../core/bytes.ts";
import { Failure } from "../core/errors.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { prunableWeights } from "../model/graph.ts";
import { countWeights } from "../pruning/prune.ts";
import { batchAdvice, largestThatFits } from "../training/out_of_memory.ts";
import type { Teacher } from "../training/teacher.ts";
import { Workbench } from "../training/workbench.ts";
import { bytesBelow, type DiskNeed, diskOf, freeBytes } from "./disk_need.ts";
import { givenBytes } from "./given_bytes.ts";
import { givenShare } from "./memory_share.ts";
import { heldWeights, type MemoryAsked, memoryBesideGpu, memoryOf } from "./memory_need.ts";
import type { Stages } from "./stages.ts";
import { workbenchConfig } from "./workbench_config.ts";

/** Memory that a process may have in all. */
export interface FreeMemory {
  readonly bytes: number;
  /** Whose word that is, e.g. "of this machine". */
  readonly source: string;
}

/**
 * What this process has and can still take; LTH_FREE_MEMORY replaces the system's word. One of several runs that
 * a sweep does at the same time has its share of that.
 */
export function freeMemory(
  host: HostMemory = loadAddon().hostMemory(),
  resident = process.memoryUsage().rss,
): FreeMemory {
  const all = wholeMemory(host, resident);
  const share = givenShare();
  if (share === null || share.bytes >= all.bytes) return all;
  return {
    bytes: share.bytes,
    source: `for each of the ${share.runs} runs that sweep --jobs ${share.runs} does at a time`,
  };
}

function wholeMemory(host: HostMemory, resident: number): FreeMemory {
  const given = givenBytes("LTH_FREE_MEMORY");
  if (given !== null) return { bytes: given, source: "by LTH_FREE_MEMORY" };
  return {
    // What is resident includes code that other processes share and no limit counts.
    bytes: Math.min(host.available + resident, host.capacity),
    source: host.limited ? "within the limit of the control group" : "on this machine",
  };
}

/**
 * Why a run on `bench` does not fit into memory, with the largest batch that does; null if it fits. A GPU
 * refuses by itself what does not fit there, so only what the process holds is counted with one.
 */
export function memoryRefusal(
  bench: Workbench,
  asked: MemoryAsked,
  free: FreeMemory = freeMemory(),
): string | null {
  const need = (batchSize: number) =>
    bench.device.name === "cpu"
      ? memoryOf(bench, { ...asked, batchSize }).peak
      : memoryBesideGpu(bench);
  const { batchSize } = bench.config;
  const needed = need(batchSize);
  if (needed <= free.bytes) return null;
  const largest = largestThatFits(batchSize, (records) => need(records) <= free.bytes);
  return `Batches of ${counted(batchSize, "record")} need about ${
    bytesText(needed)
  } of memory, and ` +
    `${bytesText(free.bytes)} are free ${free.source}. ${batchAdvice(largest)}`;
}

/**
 * Why a run does not fit on the disk of its directory; null if it fits or nobody knows.
 *
 * @param directory Need not exist. Files that lie there are counted as written.
 */
export function diskRefusal(
  { total, states }: Pick<DiskNeed, "total" | "states">,
  { directory, free = freeBytes(directory) }: { directory: string; free?: number | null },
): string | null {
  const need = total + states - bytesBelow(directory);
  if (free === null || need <= free) return null;
  return `${directory} needs up to ${bytesText(need)} more disk space, and ${
    bytesText(free)
  } are free. ` +
    "Free some, or choose another disk with --name DIRECTORY/NAME";
}

/**
 * @throws {Failure} If memory or disk space is too small for a run that is not complete. Nothing has been
 *   written then, and no activations have been allocated.
 */
export function refuseWithoutRoom(
  { device, config, dataset, plan, teachers, directory }: {
    device: NativeDevice;
    config: Config;
    dataset: LoadedDataset;
    plan: Stages;
    teachers: readonly Teacher[];
    directory: string;
  },
): void {
  const refuse = (why: string | null) => {
    if (why !== null) throw new Failure(`Cannot do this run here. ${why}`);
  };
  const small = hasSmallNetworks(config);
  const held = heldWeights(config, dataset);
  const free = freeMemory();
  for (const { network } of plan.stages) {
    refuse(refusalOfArrays(network, { dataset, device, free }));
    using bench = new Workbench(
      device,
      dataset,
      workbenchConfig({ ...config, network }, dataset),
      teachers,
    );
    // Every round of a small dense network keeps all of its weights.
    const kept = small ? [countWeights(bench.network).prunable] : held;
    const asked = { kept, precision: config.precision };
    refuse(memoryRefusal(bench, asked, free));
    if (small) continue;
    refuse(diskRefusal(diskOf(bench, plan), { directory }));
  }
}

/** Refuses what cannot even be opened, because opening it allocates the weights and the records. */
function refusalOfArrays(
  network: Config["network"],
  { dataset, device, free }: { dataset: LoadedDataset; device: NativeDevice; free: FreeMemory },
): string | null {
  if (device.name !== "cpu") return null;
  const weights = 16 * prunableWeights(networkGraph(network, dataset.classes.length));
  const need = weights + dataset.samples.byteLength;
  return need <= free.bytes
    ? null
    : `The network's weights and the records alone need ${bytesText(need)} of memory, and ` +
      `${
        bytesText(free.bytes)
      } are free ${free.source}. Use a smaller network (--filters) or less data`;
}
