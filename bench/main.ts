/**
 * `deno task bench`: measures training steps by density and their parts, pruning, a whole schedule,
 * inference and memory, and compares with a peer if one is requested.
 *
 * @module
 */
import * as os from "node:os";
import { openDevice } from "../src/addon/select.ts";
import type { NativeDevice } from "../src/addon/native.ts";
import type { BenchDocument, TableName } from "./document.ts";
import { describeMachine, loadText, measureFloors } from "./machine.ts";
import { buildNativeBenchmarks, runNativeBenchmark } from "./native_bench.ts";
import { benchTopk, type TopkTiming } from "./topk.ts";
import { memoryInOwnProcess } from "./cli/memory.ts";
import { type BenchOptions, parseBenchOptions } from "./cli/options.ts";
import { epochTable } from "./cli/epoch.ts";
import { inferenceTable } from "./cli/inference.ts";
import { needsSteps, scheduleTables, stepTables, tfjsTable } from "./cli/steps.ts";
import {
  epochText,
  headText,
  inferenceText,
  layerText,
  memoryText,
  scheduleText,
  stepText,
  tfjsText,
  topkText,
} from "./cli/tables.ts";
import { runMain } from "../src/cli/command.ts";

/** Shares of the weights that top-k keeps. */
const KEEPS = [0.007, 0.1, 0.5, 0.8];

async function main(args: string[]): Promise<void> {
  const given = parseBenchOptions(args);
  const options = { ...given, threads: given.threads || os.cpus().length };
  const device = openDevice(deviceOf(options));
  try {
    if (options.native || needsFloors(options)) {
      note("building the native benchmarks");
      await buildNativeBenchmarks();
    }
    if (options.native) {
      console.log(await runNativeBenchmarks(options));
      return;
    }
    const document = await measure(device, options, {
      note,
      show: (text) => options.json || console.log(`${text}\n`),
    });
    if (options.json) console.log(JSON.stringify(document, null, 1));
  } finally {
    await device.close();
  }
}

/** Arguments for `openDevice`. */
function deviceOf({ backend, device: index, threads, isa, precision }: BenchOptions) {
  return { backend, threads, isa, precision, ...(index === undefined ? {} : { index }) };
}

/** Whether a requested table needs the machine's limits; top-k is a native benchmark and does not. */
function needsFloors({ only }: BenchOptions): boolean {
  return only.some((name) => name !== "memory" && name !== "inference" && name !== "epoch");
}

/** Receives the current activity, and each table as soon as it is ready. */
interface Listener {
  readonly note: (text: string) => void;
  readonly show: (text: string) => void;
}

async function measure(
  device: NativeDevice,
  options: BenchOptions,
  { note, show }: Listener,
): Promise<BenchDocument> {
  const wanted = (name: TableName) => options.only.includes(name);
  const before = loadText();
  const floors = needsFloors(options) ? await measureFloors(options) : null;
  const head = {
    machine: describeMachine(),
    device: `${device.name}: ${device.description}`,
    quick: options.quick,
    floors,
  };
  show(headText(head, before));
  const { steps, layers, torch, weights } = needsSteps(options)
    ? await stepTables(device, options, { floors: floors!, note })
    : { steps: null, layers: null, torch: null, weights: null };
  if (torch !== null) show(`peer: ${torch}`);
  if (wanted("steps")) { for (const each of steps ?? []) show(stepText(each, floors!)); }
  if (wanted("layers")) { for (const each of layers ?? []) show(layerText(each, options.ops)); }
  const tfjs = options.peer === "tfjs" ? await tfjsTable(device, { note }) : null;
  if (tfjs) show(tfjsText(tfjs));
  const topk = wanted("topk") ? await topkTable(device, options, { note }) : null;
  if (topk) show(topkText(topk));
  const schedule = wanted("schedule")
    ? await scheduleTables(device, options, { note, floors: floors!, weights, steps })
    : null;
  for (const each of schedule ?? []) show(scheduleText(each));
  const inference = wanted("inference") ? await inferenceTable(options, { note }) : null;
  if (inference) show(inferenceText(inference));
  const memory = wanted("memory") ? await memoryTable(options) : null;
  if (memory) show(memoryText(memory));
  const epoch = wanted("epoch") ? await epochTable(device, options, { note }) : null;
  if (epoch) show(epochText(epoch));
  const after = loadText();
  show(`load before ${before}, after ${after}`);
  return {
    format: "lth-ecg-bench/1",
    ...head,
    load: { before, after },
    torch,
    tfjs,
    steps: wanted("steps") ? steps : null,
    layers: wanted("layers") ? layers : null,
    topk,
    schedule,
    inference,
    memory,
    epoch,
  };
}

async function topkTable(
  device: NativeDevice,
  options: BenchOptions,
  { note }: Pick<Listener, "note">,
): Promise<TopkTiming[]> {
  note("global top-k");
  const repeat = options.quick ? 5 : 11;
  return await benchTopk(device, { ...options, sizes: options.topkSizes, keeps: KEEPS, repeat });
}

/** Memory of the first shape, and of shapes with twice and half of its records and of its length. */
async function memoryTable(options: BenchOptions): Promise<BenchDocument["memory"]> {
  const { shapes: [shape], filters, quick } = options;
  const device = deviceOf(options);
  const { batchSize, length } = { batchSize: 32, length: 8960, ...(quick ? {} : shape) };
  const sizes = quick ? [[1, 1]] : [[1, 1], [0.5, 1], [2, 1], [1, 0.5], [1, 2]];
  const uses = [];
  for (const [records, samples] of sizes as [number, number][]) {
    const batch = Math.max(1, Math.round(records * batchSize));
    const used = Math.max(256, 256 * Math.round(samples * length / 256));
    note(`memory of ${batch} x ${used}`);
    uses.push(
      await memoryInOwnProcess({ batchSize: batch, length: used, filters }, device),
    );
  }
  return uses;
}

async function runNativeBenchmarks(options: BenchOptions): Promise<string> {
  const { threads, isa, precision } = options;
  const set = isa === "automatic" ? "avx512" : isa;
  const common = ["--threads", String(threads), "--isa", isa];
  const seconds = options.quick ? "0.02" : "0.2";
  return [
    await runNativeBenchmark("machine_bench", common),
    await runNativeBenchmark("topk_bench", common),
    await runNativeBenchmark("elementwise_bench", [String(threads), set]),
    await runNativeBenchmark("conv1d_bench", [
      ...["--isa", isa, "--precision", precision, "--seconds", seconds],
    ]),
  ].join("\n\n");
}

function note(text: string): void {
  console.error(`... ${text}`);
}

if (import.meta.main) await runMain(main);
