/**
 * `deno task bench`: times of a whole training step by density, beside PyTorch's where it is asked for.
 *
 * @module
 */
import { Option } from "commander";
import * as fs from "node:fs";
import * as os from "node:os";
import { openDevice } from "../backend/select.ts";
import { benchSteps, type StepTiming } from "../bench/step_bench.ts";
import { runTorchPeer, type TorchTiming } from "../bench/torch_peer.ts";
import { createCommand, integer, number, runMain } from "./command.ts";
import { table } from "./format.ts";

interface Options {
  batch: number;
  length: number;
  filters: number;
  densities: number[];
  warmup: number;
  repeat: number;
  threads: number;
  isa: "automatic" | "portable" | "avx2" | "avx512";
  peer?: string;
  ops: boolean;
  json?: string;
}

function parseOptions(args: string[]): Options {
  const density = number(0, 1);
  return createCommand("bench", "Time whole training steps of the network by density")
    .option("--batch <n>", "records per step", integer(1, 65_536), 32)
    .option("--length <n>", "samples per record", integer(256), 8960)
    .option("--filters <n>", "filters of the first stage", integer(1, 4096), 32)
    .option(
      "--densities <list>",
      "densities of the prunable weights, masks drawn uniformly",
      (text) => text.split(",").map(density),
      [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.007],
    )
    .option("--warmup <n>", "steps that are not counted", integer(0), 2)
    .option("--repeat <n>", "steps whose median is shown", integer(1), 5)
    .option("--threads <n>", "CPU threads, 0 for one per core", integer(0, 1024), 0)
    .addOption(
      new Option("--isa <name>", "instruction set of the CPU backend")
        .choices(["automatic", "portable", "avx2", "avx512"]).default("automatic"),
    )
    .option("--peer <script>", "a torch_step.py to run beside it, in the same call")
    .option("--ops", "where the time of each density goes", false)
    .option("--json <file>", "write all numbers to a file")
    .parse(args, { from: "user" }).opts<Options>();
}

async function main(args: string[]): Promise<void> {
  const options = parseOptions(args);
  const device = openDevice({ backend: "cpu", threads: options.threads, isa: options.isa });
  try {
    console.log(
      `${os.cpus()[0]?.model ?? "unknown processor"}; ${device.description}; ` +
        `${options.batch} records of ${options.length} samples, ${options.filters} filters; ` +
        `load ${load()}`,
    );
    const peers = options.peer === undefined ? [] : await runTorchPeer(options.peer, {
      ...options,
      threads: options.threads || os.cpus().length,
      densities: [1, ...options.densities.filter((density) => density < 1).slice(-1)],
    });
    if (options.peer !== undefined) console.log(`load after the peer: ${load()}`);
    const timings = await benchSteps(device, { ...options, batchSize: options.batch });
    console.log(stepTable(timings, peers));
    if (options.ops) { for (const timing of timings) console.log(`\n${opTable(timing)}`); }
    console.log(`load at the end: ${load()}`);
    if (options.json) fs.writeFileSync(options.json, JSON.stringify({ options, timings, peers }));
  } finally {
    await device.close();
  }
}

function load(): string {
  return os.loadavg().map((x) => x.toFixed(2)).join(" ");
}

function stepTable(timings: readonly StepTiming[], peers: readonly TorchTiming[]): string {
  const dense = peers.find((peer) => peer.density === 1);
  const head = ["density", "step ms", "range", "GFLOP/s useful", "dense-counted"];
  if (dense) head.push("x faster than PyTorch dense", "PyTorch masked ms");
  const rows = timings.map(({ density, median, fastest, slowest, usefulFlops, denseFlops }) => {
    const rate = (flops: number) => (flops / median / 1e6).toFixed(0);
    const row = [
      String(density),
      median.toFixed(1),
      `${fastest.toFixed(0)}-${slowest.toFixed(0)}`,
      rate(usefulFlops),
      rate(denseFlops),
    ];
    if (dense) {
      const masked = peers.find((peer) => peer.density === density);
      row.push((dense.milliseconds / median).toFixed(2), masked?.milliseconds.toFixed(0) ?? "-");
    }
    return row;
  });
  return table([head, ...rows]);
}

/** Time by op over all layers, largest first. */
function opTable({ density, ops }: StepTiming): string {
  const sums = new Map<string, { seconds: number; flops: number }>();
  for (const { op, seconds, flops } of ops) {
    const sum = sums.get(op) ?? { seconds: 0, flops: 0 };
    sums.set(op, { seconds: sum.seconds + seconds, flops: sum.flops + flops });
  }
  const total = [...sums.values()].reduce((sum, { seconds }) => sum + seconds, 0);
  const rows = [...sums].sort(([, a], [, b]) => b.seconds - a.seconds)
    .map(([op, { seconds, flops }]) => [
      op,
      (1000 * seconds).toFixed(1),
      `${(100 * seconds / total).toFixed(1)} %`,
      flops > 0 ? (flops / seconds / 1e9).toFixed(0) : "-",
    ]);
  return table([[`density ${density}`, "ms", "share", "GFLOP/s useful"], ...rows]);
}

if (import.meta.main) await runMain(main);
