import assert from "node:assert/strict";
import * as path from "node:path";
import type { BenchDocument } from "./document.ts";
import { ROOT } from "../src/core/paths.ts";
import { parseBenchOptions } from "./cli/options.ts";
import { durationText } from "../src/cli/format.ts";
import { layerText, memoryText, scheduleText, stepText } from "./cli/tables.ts";

const FLOORS = {
  isa: "avx512",
  threads: 2,
  peakGflops: 200,
  corePeakGflops: 100,
  readGbps: 20,
  copyGbps: 25,
  bandwidthGbps: 25,
};
const SHAPE = { batchSize: 32, length: 8960, filters: 32 };

async function bench(args: readonly string[]): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path.join(ROOT, "bench/main.ts"), ...args],
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("--json prints one document; memory is planned, allocated and resident", async () => {
  const small = ["--filters", "4", "--shapes", "16x1024", "--only", "memory"];
  const { code, out, err } = await bench([...small, "--json"]);
  assert.equal(code, 0, err);
  const document = JSON.parse(out) as BenchDocument;
  assert.equal(document.format, "lth-ecg-bench/1");
  assert.equal(document.steps, null);
  const [use, half, twice] = document.memory!;
  assert.ok(Math.abs(half!.plannedBytes / use!.plannedBytes - 1) < 0.02, "16 lanes in any case");
  assert.ok(Math.abs(twice!.plannedBytes / use!.plannedBytes - 2) < 0.02);
  if (use!.peakBytes !== null) {
    assert.ok(use!.peakBytes > use!.plannedBytes + use!.parameterBytes);
  }
});

Deno.test("defaults are the full tables; --quick changes only options that were not given", () => {
  const full = parseBenchOptions([]);
  assert.deepEqual(full.densities, [1, 0.5, 0.2, 0.1, 0.05, 0.02, 0.007]);
  assert.deepEqual(full.shapes.map(({ batchSize }) => batchSize), [32, 16]);
  assert.equal(full.peer, "none");
  assert.deepEqual([full.backend, full.precision], ["cpu", "fp32"]);
  const cuda = parseBenchOptions(["--backend", "cuda", "--device", "2"]);
  assert.deepEqual([cuda.device, cuda.precision], [2, "tf32"]);
  assert.deepEqual(cuda.only, ["steps", "layers", "schedule", "memory"]);
  const quick = parseBenchOptions(["--quick", "--densities", "0.5,1,0.5", "--repeat", "9"]);
  assert.deepEqual(quick.densities, [1, 0.5]);
  assert.deepEqual(quick.peerDensities, [0.5]);
  assert.equal(quick.repeat, 9);
  assert.ok(quick.shapes.length < full.shapes.length && quick.warmup < full.warmup);
});

Deno.test("mistakes on the command line give one sentence and exit code 2", async () => {
  const cases: [string[], RegExp][] = [
    [["--only", "speed"], /Expected some of steps, layers/],
    [["--shapes", "32x100"], /multiple of 256/],
    [["--densities", "0"], /more than 0/],
    [["--peer", "jax"], /Allowed choices are torch, tfjs, none/],
    [["--native", "--json"], /--native with --json/],
    [
      ["--backend", "cuda", "--only", "steps,inference"],
      /Cannot measure inference with --backend cuda: it has steps, layers, schedule, memory/,
    ],
    [["--device", "1", "--only", "memory"], /Cannot use device 1 of backend cpu/],
  ];
  for (const [args, message] of cases) {
    const { code, out, err } = await bench(args);
    assert.equal(code, 2, `${args}: ${err}`);
    assert.match(err, message);
    assert.equal(out, "");
    assert.doesNotMatch(err, /\n\s+at /, `${args} shows a stack trace`);
  }
});

Deno.test("a step's row has its rates, its share of the peak and the ratio to the peer", () => {
  const timing = {
    ...{ asked: 0.1, density: 0.0997, layers: {}, median: 500, fastest: 490, slowest: 510 },
    ...{ denseFlops: 4e11, usefulFlops: 4e10 },
  };
  const text = stepText({
    shape: SHAPE,
    masks: { kind: "uniform", description: "uniform masks" },
    timings: [timing],
    slower: ["density 0.1 takes too long"],
    peer: [{ density: 1, milliseconds: 4000 }, { density: 0.1, milliseconds: 4100 }],
  }, FLOORS);
  const cells = text.split("\n").find((line) => line.includes("0.0997"))!.trim().split(/\s{2,}/);
  assert.deepEqual(cells, ["0.0997", "500", "490-510", "80", "40.0 %", "800", "8.00", "4100"]);
  assert.match(text, /PyTorch dense 4000 ms/);
  assert.match(text, /Slower than a higher density: density 0.1 takes too long/);
  assert.doesNotMatch(text, /!/);
});

Deno.test("a row whose steps differ much is marked, and a line explains the mark", () => {
  const timing = {
    ...{ asked: 1, density: 1, layers: {}, median: 500, fastest: 490, slowest: 900 },
    ...{ denseFlops: 4e11, usefulFlops: 4e11 },
  };
  const masks = { kind: "uniform", description: "uniform masks" } as const;
  const text = stepText({ shape: SHAPE, masks, timings: [timing], slower: [], peer: [] }, FLOORS);
  assert.match(text, /490-900 ! /);
  assert.match(text.split("\n").at(-1)!, /^! 1 of 1: the slowest step/);
});

Deno.test("a breakdown sums by part, or shows every op", () => {
  const op = { op: "conv1d_forward", detail: "", floorSeconds: 0.05, flops: 1e10, bytes: 1e9 };
  const table = {
    ...{ shape: SHAPE, masks: "uniform masks", density: 1, median: 400 },
    ops: [{ ...op, where: "block0.conv1", seconds: 0.1 }, {
      ...op,
      where: "block1.conv1",
      seconds: 0.3,
    }],
  };
  const cells = layerText(table, false).split("\n").at(-1)!.trim().split(/\s{2,}/);
  const sums = ["32 channels", "conv1d_forward", "400.0", "100.0 %", "100.0", "4.0", "50", "5.0"];
  assert.deepEqual(cells, sums);
  assert.match(layerText(table, true), /block1\.conv1/);
});

Deno.test("a schedule says what was measured and what was multiplied", () => {
  const round = { pruning: 10, measured: true };
  const text = scheduleText({
    ...{ shape: SHAPE, masks: "uniform masks", epochs: 10, records: 64, stepsPerRound: 20 },
    rounds: [
      { ...round, round: 0, density: 1, milliseconds: 2000, usefulFlops: 4e11 },
      { ...round, round: 1, density: 0.8, milliseconds: 1500, usefulFlops: 3e11, measured: false },
    ],
    ...{ seconds: 70, inFull: false, peerStep: 4000, peerSeconds: 160, peakSeconds: 40 },
  });
  assert.match(text, /1500 \*/);
  assert.match(text, /\* not measured: interpolated between its neighbours/);
  assert.match(text, /few warm steps of each round times its steps/);
  assert.match(text, /4000 ms, measured\) times 2 x 20 steps: 2\.3 times ours/);
  assert.match(text, /4\.0 times faster than PyTorch at most/);
});

Deno.test("memory is shown relative to the first row", () => {
  const use = { ...SHAPE, parameterBytes: 1e8, plannedBytes: 5e8, peakBytes: null };
  const text = memoryText([use, { ...use, batchSize: 64, plannedBytes: 1e9 }]);
  assert.match(text, /64 x 8,960 +0\.100 +1\.000 +- +2\.00x +2\.00x/);
  assert.equal(durationText(59.94), "59.9 s");
  assert.equal(durationText(90), "1.5 min");
  assert.equal(durationText(7500), "2 h 5 min");
});
