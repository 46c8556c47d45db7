import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { writeJson } from "../core/files.ts";
import { readSummary } from "../results/read.ts";
import type { Summary } from "../results/summary.ts";
import { COMPARE_DEFAULTS, compareRuns } from "./compare.ts";
import { type RunFixture, writeRun } from "./fixture.ts";
import { readRuns } from "./run.ts";
import { runDifferences } from "./run_differences.ts";
import { continuedBeside, denseBeside, replicatesOf } from "./siblings.ts";
import { withDirectory } from "./testing.ts";

/** A run with its configuration beside its summary. */
function write(directory: string, fixture: RunFixture): string {
  const run = writeRun(directory, fixture);
  const { config, mode } = readSummary(run);
  writeJson(path.join(run, "config.json"), { ...config, mode, control: fixture.control ?? null });
  return run;
}

Deno.test("replicates are readable runs beside the run that differ only in the seed", () =>
  withDirectory((directory) => {
    const own = write(directory, { name: "a", seed: 1 });
    write(directory, { name: "b", seed: 2 });
    write(directory, { name: "c", seed: 3 });
    write(directory, { name: "same-seed", seed: 1 });
    write(directory, { name: "other-mode", seed: 2, mode: "finetune" });
    write(directory, { name: "control", seed: 2, control: { kind: "reinit", base: "b" } });
    const data = (summary: { dataset: { sha256: string } }) => (summary.dataset.sha256 = "00");
    write(directory, { name: "other-data", seed: 2, change: data });
    write(directory, { name: "fold", seed: 2, folds: { count: 2, fold: 1 } });
    fs.writeFileSync(path.join(write(directory, { name: "broken", seed: 4 }), "summary.json"), "{");
    fs.mkdirSync(path.join(directory, "empty"));
    const found = replicatesOf(own, readSummary(own));
    assert.deepEqual(found.map(({ name }) => name), ["b", "c"]);
  }));

Deno.test("the differences of a single run equal those of a comparison of that run", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, {
      name: "a",
      quality: (round) => 0.9 - 0.1 * round,
      records: 91,
    });
    const { runs, split } = readRuns([run], { allowIncomplete: false, showTest: false });
    const [method] = compareRuns(runs, { ...COMPARE_DEFAULTS, split }).methods;
    const found = runDifferences(run, readSummary(run))!;
    for (const level of method!.levels.slice(1)) {
      const { difference, low, high } = level.toDense!;
      const own = found.rounds.get(level.round)!;
      assert.deepEqual([own.toDense.difference, own.toDense.low, own.toDense.high], [
        difference,
        low,
        high,
      ]);
      assert.equal(own.toDense.epochs, 12);
      assert.equal(own.epochs, 12 * (level.round + 1));
      assert.equal(own.toEqual, null);
    }
    assert.equal(found.draws, 10_000);
    assert.equal(found.stoppedAt, 1);
    assert.equal(found.continued, null);
    fs.rmSync(path.join(run, "round-003/predictions.csv"));
    assert.equal(runDifferences(run, readSummary(run)), null);
  }));

Deno.test("a control that trained the dense network on is found beside the run once the control is complete", () =>
  withDirectory((directory) => {
    const run = write(directory, { name: "a", quality: () => 0.8 });
    const control = (name: string, base: string, planned = 3) =>
      write(directory, {
        name,
        planned,
        control: { kind: "continue", base },
        quality: (round) => 0.8 + 0.04 * round,
      });
    control("other", "b");
    control("unfinished", "a", 5);
    assert.equal(continuedBeside(run), null);
    const own = control("a-continue", "a");
    assert.equal(continuedBeside(run), own);
    const found = runDifferences(run, readSummary(run))!;
    assert.equal(found.continued, "a-continue");
    const { toEqual, toDense } = found.rounds.get(3)!;
    assert.equal(toEqual!.epochs, 48);
    assert.ok(Math.abs(toEqual!.score - readSummary(own).rounds.at(-1)!.test!.score) < 1e-12);
    assert.ok(toEqual!.difference < toDense.difference);
    // It is also found by its path.
    fs.rmSync(own, { recursive: true });
    assert.equal(continuedBeside(run), null);
    assert.equal(control("by-path", run), continuedBeside(run));
  }));

Deno.test("a single training is compared with the dense network of a run with its settings and seed", () =>
  withDirectory((directory) => {
    const run = write(directory, {
      ...{ name: "rigl", mode: "rigl", seed: 1, single: { pruned: 3, macs: 1e6 } },
      quality: () => 0.75,
      change: ({ config }) => void Object.assign(config, { training: { epochs: 48 } }),
    });
    const summary = readSummary(run);
    const base = (name: string, more: Partial<RunFixture> & { training?: object } = {}) => {
      const { training = {}, ...fixture } = more;
      return write(directory, {
        ...{ name, mode: "lr-rewind", seed: 1, quality: (round) => 0.85 - 0.05 * round },
        change: ({ config }) =>
          void Object.assign(config, { training: { epochs: 12, ...training } }),
        ...fixture,
      });
    };
    base("other-seed", { seed: 2 });
    base("other-rate", { training: { learningRate: 0.5 } });
    base("unfinished", { planned: 5 });
    base("gradual", { mode: "gradual", single: { pruned: 3, macs: 1 } });
    base("control", { control: { kind: "reorder", base: "base" } });
    base("fold", { folds: { count: 2, fold: 1 } });
    assert.equal(denseBeside(run, summary), null);
    assert.equal(runDifferences(run, summary), null);

    const own = base("own");
    assert.equal(denseBeside(run, summary), own);
    const found = runDifferences(run, summary)!;
    assert.deepEqual([found.beside, found.run, found.continued], ["own", own, null]);
    const { toDense, toEqual, epochs } = found.rounds.get(1)!;
    const dense = readSummary(own).rounds[0]!.test!.score;
    assert.ok(Math.abs(toDense.score - dense) < 1e-12);
    assert.ok(Math.abs(toDense.difference - (summary.rounds[0]!.test!.score - dense)) < 1e-12);
    assert.deepEqual([toDense.epochs, epochs, toEqual], [12, 48, null]);

    // A run that prunes nothing and trains for another time is left out, also where it comes first by name.
    base("a-dense", {
      ...{ rounds: 1, planned: 0 },
      change: ({ config }: Summary) => {
        config["training"] = { ...config["training"] as object, epochs: 96 };
      },
    });
    assert.equal(denseBeside(run, summary), own);

    // A run whose dense network was trained on is preferred.
    const later = base("run");
    const on = base("run-on", {
      control: { kind: "continue", base: "run" },
      quality: (round) => 0.8 + 0.01 * round,
    });
    assert.equal(denseBeside(run, summary), later);
    const equal = runDifferences(run, summary)!;
    assert.deepEqual([equal.beside, equal.continued], ["run", "run-on"]);
    assert.equal(equal.rounds.get(1)!.toEqual!.epochs, 48);
    assert.ok(
      Math.abs(equal.rounds.get(1)!.toEqual!.score - readSummary(on).rounds.at(-1)!.test!.score) <
        1e-12,
    );
    fs.rmSync(path.join(later, "round-000/predictions.csv"));
    assert.equal(runDifferences(run, summary), null);
  }));
