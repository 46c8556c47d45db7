/**
 * Runs with `--backend cuda`, on this machine's GPU or the emulated one. Each command, from training to the
 * use of results, runs in a process of its own.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import type { Precision } from "../addon/native.ts";
import { findTestCuda } from "../addon/testing_cuda.ts";
import { readPredictions } from "../compare/predictions.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Config } from "../config/config.ts";
import type { Environment } from "../run/environment.ts";
import { RunStore } from "../run/run_store.ts";
import type { Summary } from "../results/summary.ts";
import {
  assertEqualSnapshots,
  assertSameResults,
  masked,
  type ToySize,
  writeToyDataset,
} from "../run/testing.ts";
import { ended, signal } from "../../test/torture/child.ts";
import { savedTimes } from "../../test/torture/kill_moment.ts";
import { command, lth, type Outcome, outcome } from "./testing.ts";

/** 12 records to train on, some of them twice as long as the others. */
const SIZE: ToySize = { recordsPerClass: 10, length: (i) => i % 5 === 0 ? 512 : 256 };

/**
 * Largest relative difference of an epoch's loss from the CPU's; measured 3e-4, 3e-4 and 8e-4. Adam turns
 * rounding errors of gradients near 0 into full steps, so the three differ little.
 */
const TOLERANCE: Record<Precision, number> = { fp32: 2e-3, tf32: 5e-3, bf16: 0.02 };

const cuda = findTestCuda();
const [present, absent] = [cuda?.present ?? {}, cuda?.absent ?? {}];
const emulated = cuda?.emulated ?? false;

const directory = fs.mkdtempSync(path.join(os.tmpdir(), "lth-cuda-"));
const data = writeToyDataset(directory, SIZE);
Deno.test.afterAll(() => fs.rmSync(directory, { recursive: true }));

const at = (name: string) => path.join(directory, name);

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name: `with CUDA, ${name}`, ignore: cuda === null, fn });
}

/** A dense round and two more, six steps each. */
function tinyArgs(name: string): string[] {
  return [
    ...["--data", data, "--name", at(name), "--filters", "4", "--blocks", "2", "--kernel", "5"],
    ...["--epochs", "2", "--batch-size", "4", "--rounds", "2", "--prune", "0.7"],
    ...["--dropout", "0.1", "--rewind-to", "1it", "--checkpoint-every", "0"],
  ];
}

/** Kernels are chosen without timing, so that two runs have the same kernels. */
const onCuda = (precision: Precision) => [
  ...["--backend", "cuda", "--precision", precision, "--kernels", "density"],
];

async function succeed(ending: Promise<Outcome>): Promise<string> {
  const { code, out, err } = await ending;
  assert.equal(code, 0, err);
  return out;
}

/** Exit code, one sentence and no stack trace. */
function assertSaid({ code, err }: Outcome, expected: { code: number; message: RegExp }): void {
  assert.equal(code, expected.code, err);
  assert.match(err, expected.message);
  assert.doesNotMatch(err, /\n\s+at /);
}

const readJson = <Value>(file: string) => JSON.parse(fs.readFileSync(file, "utf8")) as Value;

function losses(run: string): number[] {
  const { rounds } = readJson<Summary>(runFiles.summary(run));
  return rounds.flatMap(({ epochs }) => epochs.flatMap((row) => [row.trainLoss, row.devLoss]));
}

/** Exact counts, in the summary and in the masks; zeros wherever they prune; finite scores. */
function assertPruned(run: string): void {
  const store = new RunStore(run);
  const rounds = store.finishedRounds();
  assert.equal(rounds.length, 3);
  let expected = rounds[0]!.prunable;
  for (const { round, kept, dev, test } of rounds) {
    if (round > 0) {
      expected -= Math.round(0.7 * expected);
      const masks = store.loadMasks(round);
      const survivors = [...masks.values()].map(({ data }) =>
        (data as Uint8Array).reduce((sum, bit) => sum + bit, 0)
      );
      assert.equal(survivors.reduce((sum, count) => sum + count), expected);
      const end = store.loadEnd(round);
      assertEqualSnapshots(masked(end, masks), end);
    }
    assert.equal(kept, expected);
    for (const { loss, score } of [dev, test!]) {
      assert.ok(Number.isFinite(loss) && score >= 0 && score <= 1, `${loss}, ${score}`);
    }
  }
}

/** What the undisturbed run of a precision printed; the run is done once. */
const undisturbed = new Map<Precision, Promise<string>>();
function runIn(precision: Precision): Promise<string> {
  const known = undisturbed.get(precision) ??
    succeed(outcome([...tinyArgs(precision), ...onCuda(precision)], present));
  undisturbed.set(precision, known);
  return known;
}

test("a run in every precision follows the CPU's, keeps exact counts and leaves zeros", async () => {
  const precisions = ["fp32", "tf32", "bf16"] as const;
  const onCpu = succeed(outcome([...tinyArgs("cpu"), "--backend", "cpu"]));
  const said = await Promise.all(precisions.map(runIn));
  await onCpu;
  const expected = losses(at("cpu"));
  for (const [i, precision] of precisions.entries()) {
    const run = at(precision);
    assert.match(said[i]!, new RegExp(`records; cuda, .* SMs, .* GiB, ${precision}\n`));
    const { device } = readJson<Environment>(runFiles.environment(run));
    assert.match(device, new RegExp(`^cuda: .*, ${precision}$`));
    const { backend, precision: recorded } = readJson<Config>(runFiles.config(run));
    assert.deepEqual([backend, recorded], ["cuda", precision]);
    const kernels = fs.readFileSync(runFiles.timing(run), "utf8");
    // In bf16 either of two kernels may be the fastest.
    const chosen = { fp32: /=sparse /, tf32: /=tf32 /, bf16: /=(bf16|wgmma) / }[precision];
    assert.match(kernels, chosen);
    assertPruned(run);
    const worst = Math.max(...losses(run).map((loss, i) => Math.abs(loss / expected[i]! - 1)));
    assert.ok(worst < TOLERANCE[precision], `${precision}: ${losses(run)}, expected ${expected}`);
    console.log(`  ${precision}: a loss differs by ${worst.toExponential(1)} at most`);
  }
});

/** An order in which the emulator runs the threads of a block: no bit may depend on it. */
const orderOfThreads = (seed: number) => ({ LTH_EMULATE_ORDER: String(seed) });

/** Starts or continues a run and ends it when it has saved its state three times; false if it was done before. */
async function interrupt(
  args: readonly string[],
  { run, seed, by }: { run: string; seed: number; by: Deno.Signal },
): Promise<boolean> {
  const child = lth(args, { ...present, ...orderOfThreads(seed) }).spawn();
  const end = ended(child);
  await savedTimes(3)(run, end.then(() => {}));
  signal(child, by);
  const { code, signal: killed, err } = await end;
  assert.ok(killed === by || code === 130 || code === 0, err);
  return code !== 0;
}

test("a run that is stopped and killed ends in the same bytes, and another device refuses to continue it", async () => {
  const run = at("interrupted");
  const start = [...tinyArgs("interrupted"), ...onCuda("tf32")];
  // Options that are not given again keep the run's backend and precision.
  const resume = ["--name", run, "--resume", "--checkpoint-every", "0"];
  const whole = runIn("tf32");
  const hits = [await interrupt(start, { run, seed: 0, by: "SIGTERM" })];
  const refused: [args: string[], env: Record<string, string>, message: RegExp][] = [
    [
      ["--backend", "cpu"],
      present,
      /backend: "cuda", not "cpu" \(--backend\); precision: "tf32", not "fp32" \(--precision\)/,
    ],
    [["--precision", "bf16"], present, /^error: .*precision: "tf32", not "bf16"/],
    [[], absent, /^error: Backend cuda is not available: /],
  ];
  for (const [more, env, message] of hits[0] ? refused : []) {
    assertSaid(await outcome([...resume, ...more], env), { code: 2, message });
  }
  for (const seed of [1, 2]) hits.push(await interrupt(resume, { run, seed, by: "SIGKILL" }));
  await succeed(outcome(resume, present));
  await whole;
  assertSameResults(run, at("tf32"));
  // A real GPU may finish before the signal arrives.
  assert.ok(hits.every((hit) => hit) || !emulated, `hit: ${hits}`);
});

test("a single training whose mask changes is stopped and killed, and ends in the same bytes", async () => {
  const run = at("rigl-interrupted");
  const argsOf = (name: string) => [
    ...["--data", data, "--name", at(name), "--filters", "4", "--blocks", "2", "--kernel", "5"],
    ...["--epochs", "3", "--batch-size", "4", "--dropout", "0.1", "--checkpoint-every", "0"],
    ...["--mode", "rigl", "--target", "4", "--mask-every", "2it", "--mask-end", "1"],
    ...["--backend", "cuda", "--precision", "tf32"],
  ];
  const whole = succeed(outcome(argsOf("rigl"), present));
  const hits = [await interrupt(argsOf("rigl-interrupted"), { run, seed: 0, by: "SIGTERM" })];
  const resume = ["--name", run, "--resume", "--checkpoint-every", "0"];
  hits.push(await interrupt(resume, { run, seed: 1, by: "SIGKILL" }));
  await succeed(outcome(resume, present));
  await whole;
  assertSameResults(run, at("rigl"));
  assert.ok(hits.every((hit) => hit) || !emulated, `hit: ${hits}`);
  const [round] = new RunStore(run).finishedRounds();
  // After 2, 4, 6 and 8 of 9 updates.
  assert.deepEqual([round!.training!.maskChanges, round!.training!.denseGradients], [4, 4]);
});

test("a round that is trained again uses the kernels timed for it before, and ends in the same bytes", async () => {
  const run = at("timed");
  const start = [...tinyArgs("timed"), "--backend", "cuda", "--precision", "tf32"];
  const resume = ["--name", run, "--resume", "--checkpoint-every", "0"];
  const hit = await interrupt(start, { run, seed: 0, by: "SIGKILL" });
  assert.ok(hit || !emulated);
  if (hit) await succeed(outcome(resume, present));
  const round = runFiles.round(run, 1);
  const [kernels, end] = [roundFiles.kernels(round), roundFiles.end(round)];
  const before = [kernels, end].map((file) => fs.readFileSync(file));
  assert.match(String(before[0]), /"stem": ?"forward=\w+ dgrad=\w+ wgrad=\w+"/);
  fs.rmSync(roundFiles.done(round));
  fs.rmSync(end);
  await succeed(outcome(resume, { ...present, ...orderOfThreads(3) }));
  for (const [i, file] of [kernels, end].entries()) {
    assert.ok(before[i]!.equals(fs.readFileSync(file)), `${file} differs`);
  }
});

test("results of a GPU run are shown, exported and used without a GPU", async () => {
  await runIn("fp32");
  const run = at("fp32");
  const env = absent;
  assert.match(await succeed(outcome(["--name", run, "--resume"], env)), /fewer weights/);
  // The run is fp32, so its page is the same on the CPU and on the device that made it.
  for (const each of [present, absent]) {
    await succeed(command("report", ["--run", run, "--ecg"], { env: each }));
  }
  for (const format of ["ticket", "onnx", "c"]) {
    await succeed(command("export", ["--run", run, "--round", "2", "--format", format], { env }));
  }
  const ticket = path.join(run, "export/round-002.ticket.safetensors");
  const args = ["--ticket", ticket, "--json", at("records")];
  const predicted = (await succeed(command("predict", args, { env }))).trim().split("\n")
    .map((line) => JSON.parse(line) as { record: string; label: string });
  const labels = new Map(predicted.map(({ record, label }) => [path.parse(record).name, label]));
  const { classes } = readJson<Summary>(runFiles.summary(run));
  const said = readPredictions(run, { round: 2, split: "test", classes });
  assert.ok(said.size >= 4);
  for (const [name, { predicted }] of said) assert.equal(labels.get(name), classes[predicted]);
});

test("devices, plans, controls, analyses and forks work with the GPU", async () => {
  const env = present;
  const devices = await succeed(command("devices", [], { env }));
  assert.match(devices, /\ncuda {2}available: .* SMs, .*\(fp32, tf32, bf16\)\nauto {2}cuda: avail/);
  const tooMany = [...tinyArgs("none"), ...onCuda("tf32"), "--device", "1023"];
  assertSaid(await outcome(tooMany, env), { code: 2, message: /device must be from 0 to .* 1023/ });

  // Without options the GPU computes, in its default precision.
  const short = (name: string) => [...tinyArgs(name), "--rounds", "1", "--epochs", "1"];
  assert.match(await succeed(outcome([...short("base"), "--plan"], env)), /cuda: .*, tf32\n/);
  await Promise.all([
    succeed(outcome(short("base"), env)),
    succeed(outcome([...short("onCpu"), "--backend", "cpu"], env)),
  ]);
  const computed = (name: string) => {
    const { backend, precision } = readJson<Config>(runFiles.config(at(name)));
    return `${backend} ${precision}`;
  };
  const fork = ["--name", at("onCpu"), "--resume", "--mode", "finetune", "--fork"];
  const of = ["--run", at("base")];
  const [, , moved] = await Promise.all([
    succeed(outcome(["control", ...of, "--kind", "shuffle", "--name", at("control")], env)),
    succeed(outcome(["analyze", ...of, "--no-barrier"], env)),
    succeed(outcome([...fork, at("moved")], env)),
    succeed(outcome([...fork, at("exact"), "--precision", "fp32"], env)),
  ]);
  assert.match(moved, /round 0, made on another machine or build \(device: cpu: /);
  assert.deepEqual(
    ["base", "onCpu", "control", "moved", "exact"].map(computed),
    ["cuda tf32", "cpu fp32", "cuda tf32", "cuda tf32", "cuda fp32"],
  );
});

test("a run that does not fit into GPU memory is refused in one sentence", async () => {
  const args = (name: string) => [
    ...[...tinyArgs(name), ...onCuda("tf32")],
    ...["--batch-size", "65536", "--filters", emulated ? "32" : "256"],
  ];
  const memory = (bytes: number) => ({ ...present, LTH_EMULATE_MEMORY: String(bytes) });
  assertSaid(await outcome(args("batch"), memory(100e6)), {
    code: 1,
    message:
      /^error: Batches of 65536 x 512 do not fit .* on the GPU: .* are free\)?\. The largest .*\n$/,
  });
  if (!emulated) return; // no GPU is so small
  assertSaid(await outcome(args("network"), memory(20e3)), {
    code: 1,
    message: /^error: Cannot allocate \d+ bytes on the GPU: \d+ of 20000 are free\n$/,
  });
});
