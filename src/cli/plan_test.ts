import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { openDevice } from "../addon/select.ts";
import { openBench } from "../../bench/shape.ts";
import { CHECKPOINTS, REPORTS } from "../core/paths.ts";
import { loadDataset } from "../data/dataset.ts";
import { presetConfig } from "../config/presets.ts";
import { workbenchConfig } from "../run/workbench_config.ts";
import { dropoutBytes, memoryOf } from "../run/memory_need.ts";
import {
  doToyRun,
  halving,
  toyConfig,
  type ToySize,
  withToyDataset,
  writeToyDataset,
} from "../run/testing.ts";
import { Workbench } from "../training/workbench.ts";
import { planRun, type RunPlan } from "./plan.ts";
import { knownRates, type Rate, secondsPerEpoch } from "./plan_rates.ts";
import { outcome, toyArgs } from "./testing.ts";

function rate(density: number, seconds: number): Rate {
  return { run: "r", density, seconds, isScaled: false };
}

/** Every file below a directory with its size and time; empty if there is none. */
function listing(directory: string): string[] {
  if (!fs.existsSync(directory)) return [];
  return fs.readdirSync(directory, { recursive: true, encoding: "utf8" }).map((file) => {
    const { size, mtimeMs } = fs.statSync(path.join(directory, file));
    return `${file} ${size} ${mtimeMs}`;
  });
}

Deno.test("planned activations equal what the device allocates, for every program of a run", () =>
  withToyDataset(async ({ data }) => {
    const device = openDevice({ backend: "cpu", threads: 1 });
    try {
      const config = toyConfig(data);
      const dataset = loadDataset(data);
      using bench = new Workbench(device, dataset, workbenchConfig(config, dataset));
      const arenas = ["train", "dev", "test"].flatMap((split) => {
        const lengths = dataset.splits[split as "train"].lengths;
        return [...new Set(lengths)].map((length) => {
          const evaluation = bench.plannedBytes(length, "evaluation");
          assert.equal(bench.evaluationProgram(length).program.arenaBytes, evaluation);
          if (split !== "train") return evaluation;
          const training = bench.plannedBytes(length, "training");
          assert.equal(bench.trainingProgram(length).arenaBytes, training);
          assert.ok(training > evaluation);
          return training;
        });
      });
      const { memory } = planRun(device, config);
      assert.equal(memory.activations, Math.max(...arenas));
      const { peak, ...parts } = memory;
      assert.equal(peak, Object.values(parts).reduce((sum, bytes) => sum + bytes, 0));
    } finally {
      await device.close();
    }
  }));

Deno.test("a step of 32 x 8,960 is planned with at most 0.55 GB, smaller ones in proportion to their size", async () => {
  const device = openDevice({ backend: "cpu" });
  try {
    const planned = (batchSize: number, length: number) => {
      using bench = openBench(device, { batchSize, length, filters: 32 });
      return bench.plannedBytes(length, "training");
    };
    const step = planned(32, 8960);
    // The backward pass needs the results of all convolutions; eight of the largest are a part of them. Results
    // of norms of this size are folded or computed again instead of kept: with them it would be 0.71 GB.
    assert.ok(step > 4 * 32 * 32 * 8960 * 8, `${step} bytes`);
    assert.ok(step < 0.55e9, `${step} bytes`);
    // Here all results are kept: the largest take less than 4 MiB.
    const small = planned(16, 512);
    assert.ok(step < 0.75 * 35 * small, `${step} bytes, ${small} for a 35th of the samples`);
    assert.ok(Math.abs(planned(32, 512) / small - 2) < 0.01);
    // Each record has a fixed margin around its samples besides.
    const twice = planned(16, 1024);
    assert.ok(Math.abs((planned(16, 1536) - twice) / (twice - small) - 1) < 0.01);
    // The margin is a twentieth of 8,960 samples at most.
    assert.ok(Math.abs(twice / small - 2) < 0.05 * 8960 / 512);
  } finally {
    await device.close();
  }
});

Deno.test("planned disk use is within 10 % of what a run leaves", () =>
  withToyDataset(async ({ directory, data }) => {
    const config = toyConfig(data, { pruning: halving(3), network: presetNetwork() });
    const device = openDevice({ backend: "cpu", threads: 1 });
    let total: number;
    try {
      ({ disk: { total } } = planRun(device, config));
    } finally {
      await device.close();
    }
    const run = path.join(directory, "run");
    await doToyRun({ directory: run, config });
    const bytes = fs.readdirSync(run, { recursive: true, encoding: "utf8" })
      .map((file) => fs.statSync(path.join(run, file)))
      .reduce((sum, stat) => sum + (stat.isFile() ? stat.size : 0), 0);
    assert.ok(Math.abs(total / bytes - 1) < 0.1, `planned ${total}, left ${bytes}`);
  }));

function presetNetwork() {
  return { ...presetConfig("quick", "cpu").network, filters: 8, blocks: 8 };
}

Deno.test("--plan prints rounds, steps, memory and disk use, and writes nothing", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const folders = [directory, CHECKPOINTS, REPORTS];
    const before = folders.map(listing);
    const { code, out, err } = await outcome([...toyArgs(data, run), "--plan"]);
    assert.equal(code, 0, err);
    assert.match(out, /steps per epoch of 4 records, 10 epochs/);
    assert.match(out, /peak, estimated/);
    assert.match(out, /rewind point/);
    const rows = [...out.matchAll(/^ *(\d) +([\d,]+) +([\d.]+) % +([\d.]+)x/gm)];
    assert.deepEqual(rows.map((row) => [row[1], row[3], row[4]]), [
      ["0", "100.0", "1.0"],
      ["1", "50.0", "2.0"],
      ["2", "25.0", "4.0"],
    ]);
    assert.deepEqual(folders.map(listing), before);
  }));

Deno.test("--plan says that it ends before the rounds asked for, once one weight is left", () =>
  withToyDataset(async ({ directory, data }) => {
    const args = [...toyArgs(data, path.join(directory, "run")), "--prune", "0.9", "--plan"];
    const { code, out } = await outcome([...args, "--rounds", "100"]);
    assert.equal(code, 0);
    const [, last] = /^ +(\d+) +1 .*\nRound \1 is the last: 1 weight is left\.$/m.exec(out) ?? [];
    assert.ok(Number(last) < 100, out);
    assert.doesNotMatch((await outcome([...args, "--rounds", "2"])).out, /is the last/);
  }));

Deno.test("--plan gives the verdict that the run itself would", () =>
  withToyDataset(async ({ directory, data }) => {
    const args = [...toyArgs(data, path.join(directory, "run")), "--batch-size", "64"];
    const plan = async (env: Record<string, string> = {}) =>
      (await outcome([...args, "--plan"], env)).out;
    assert.equal(
      [...(await plan()).matchAll(/ free( on this machine)?: the run fits$/gm)].length,
      2,
    );
    for (const env of [{ LTH_FREE_MEMORY: "1.35e8" }, { LTH_FREE_DISK: "1e4" }]) {
      const planned = /^ {2}The run would be refused\. (.*)\.$/m.exec(await plan(env))![1];
      const { code, err } = await outcome(args, env);
      assert.equal(code, 1);
      assert.equal(err, `error: Cannot do this run here. ${planned}\n`);
      assert.deepEqual(fs.readdirSync(directory).filter((name) => name.startsWith("run")), []);
    }
  }));

Deno.test("every mode, preset and pruning setting can be planned; a run that is impossible is refused", () =>
  withToyDataset(async ({ directory, data }) => {
    const base = ["--data", data, "--name", path.join(directory, "run"), "--plan"];
    const small = ["--filters", "2"];
    const cases = [
      ["--preset", "cinc2017", "--mode", "finetune", ...small],
      ["--preset", "quick", "--mode", "lth-ecg", ...small],
      ["--preset", "quick", "--mode", "lr-rewind", ...small],
      ["--mode", "weight-rewind", "--rewind-to", "1ep", "--early-stop", "2", ...small],
      ["--one-shot", "10", "--criterion", "snip", "--replicates", "3", ...small],
      ["--target", "5", "--prune", "0.5", "--keep-layers", "stem,head", ...small],
      ["--folds", "4", "--fold", "2", "--rounds", "0", "--resume", ...small],
      ["--mode", "gradual", "--target", "9", "--mask-every", "5it", ...small],
      ["--mode", "rigl", "--target", "9", "--mask-every", "5it", ...small],
    ];
    for (const args of cases) {
      const { code, out, err } = await outcome([...base, ...args]);
      assert.equal(code, 0, `${args}: ${err}`);
      assert.match(out, /^Plan of run /, String(args));
    }
    const refused = await outcome([...base, "--keep-layers", "nose"]);
    assert.equal(refused.code, 2);
    assert.match(refused.err, /Cannot keep layer nose/);
  }));

Deno.test("the plan of a single training agrees with what the run then does", () =>
  withToyDataset(async ({ directory, data }) => {
    const { training } = toyConfig(data);
    const schedules = [
      { kind: "gradual", every: "3it", begin: 0.3, end: 0.9 },
      { kind: "rigl", every: "4it", share: 0.5, end: 0.8 },
    ] as const;
    for (const schedule of schedules) {
      const config = toyConfig(data, {
        mode: schedule.kind,
        pruning: { ...halving(1), target: 8, schedule },
        training: { ...training, kernels: "density" },
      });
      const device = openDevice({ backend: "cpu", threads: 1 });
      let plan: RunPlan;
      try {
        plan = planRun(device, config);
      } finally {
        await device.close();
      }
      const run = { directory: path.join(directory, schedule.kind), config };
      const [round] = (await doToyRun(run)).summary.rounds;
      assert.deepEqual(plan.rounds.map(({ round, kept }) => [round, kept]), [[1, round!.kept]]);
      const { changing } = plan;
      assert.deepEqual(
        [changing!.steps.length, changing!.denseGradients],
        [round!.training!.maskChanges, round!.training!.denseGradients],
      );
      assert.ok(Math.abs(changing!.density / round!.training!.density - 1) < 1e-12);
    }
  }));

Deno.test("a time is predicted if a run of the same network, data and device was measured", () =>
  withToyDataset(async ({ directory, data }) => {
    const config = toyConfig(data);
    const runs = path.join(directory, "runs");
    const { summary } = await doToyRun({ directory: path.join(runs, "known"), config });
    const environment = JSON.parse(
      fs.readFileSync(path.join(runs, "known", "environment.json"), "utf8"),
    );
    const { device } = environment;
    const dataset = loadDataset(data);
    const rates = knownRates(config, { device, dataset }, runs);
    assert.deepEqual(
      rates.map(({ run, density, isScaled }) => [run, density, isScaled]),
      summary.rounds.map(({ density }) => ["known", density, false]),
    );
    assert.deepEqual(knownRates(config, { device: "cuda: another", dataset }, runs), []);
    assert.deepEqual(knownRates(config, { device, dataset }, path.join(directory, "none")), []);
    const wider = toyConfig(data, { network: { ...config.network, filters: 5 } });
    assert.deepEqual(knownRates(wider, { device, dataset }, runs), []);

    // Twice the records of the same lengths take twice the steps; longer ones have batches of another shape.
    const other = (name: string, size: ToySize) => {
      fs.mkdirSync(path.join(directory, name));
      const data = writeToyDataset(path.join(directory, name), size);
      return { config: toyConfig(data), planned: { device, dataset: loadDataset(data) } };
    };
    const length = (i: number) => 512 + 256 * (i % 4) + 10 * (i % 20);
    const twice = other("twice", { recordsPerClass: 40, length });
    const scaled = knownRates(twice.config, twice.planned, runs);
    assert.ok(scaled.length > 0 && scaled.every(({ isScaled }) => isScaled));
    assert.deepEqual(
      scaled.map(({ density, seconds }) => [density, seconds]),
      rates.map(({ density, seconds }) => [density, 2 * seconds]),
    );
    const long = other("long", { recordsPerClass: 20, length: (i) => 2 * length(i) });
    assert.deepEqual(knownRates(long.config, long.planned, runs), []);
    // A data set that is gone has no shape.
    fs.renameSync(data, `${data}-moved`);
    assert.deepEqual(knownRates(twice.config, twice.planned, runs), []);
  }));

Deno.test("dropout's bits on a GPU: a word for 16 records of each position, in each batch length's program", () =>
  withToyDataset(async ({ data }) => {
    const device = openDevice({ backend: "cpu", threads: 1 });
    try {
      const dataset = loadDataset(data);
      const bytes = (dropout: number, batchSize: number) => {
        const config = toyConfig(data);
        const asked = {
          ...config,
          network: { ...config.network, dropout },
          training: { ...config.training, batchSize },
        };
        using bench = new Workbench(device, dataset, workbenchConfig(asked, dataset));
        const need = memoryOf(bench, { kept: [1], precision: "fp32" });
        assert.equal(need.dropout, 0, "a CPU stores none");
        return dropoutBytes(bench, batchSize);
      };
      assert.equal(bytes(0, 16), 0);
      // The three blocks have dropout after 4 filters each, at the whole, the half and the half length.
      const lengths = new Set(dataset.splits.train.lengths);
      const words = [...lengths].reduce((sum, length) => sum + 4 * (length + 2 * (length / 2)), 0);
      assert.ok(lengths.size > 1);
      assert.equal(bytes(0.2, 16), 2 * words);
      assert.equal(bytes(0.2, 17), 2 * 2 * words, "a second group of 16 records");
    } finally {
      await device.close();
    }
  }));

Deno.test("an epoch's time lies between those of the nearest densities, on a logarithmic scale", () => {
  const rates = [rate(1, 8), rate(0.25, 4), rate(0.25, 6)];
  assert.equal(secondsPerEpoch(rates, 1), 8);
  assert.equal(secondsPerEpoch(rates, 0.25), 5);
  assert.ok(Math.abs(secondsPerEpoch(rates, 0.5)! - 6.5) < 1e-9);
  assert.equal(secondsPerEpoch(rates, 0.01), 5);
  assert.equal(secondsPerEpoch([], 0.5), null);
});
