import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { writeJson } from "../core/files.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import { applyOverrides } from "../run/resolve.ts";
import { presetConfig } from "../config/presets.ts";
import { fixtureSummary } from "../report/fixture.ts";
import type { Summary } from "../results/summary.ts";
import { RunStore } from "../run/run_store.ts";
import type { RoundState } from "../run/run_store.ts";
import { writeCheckpoint } from "../training/checkpoint.ts";
import { isComplete, readProgress, settingsDifferences } from "./cell_state.ts";

const CONFIG = presetConfig("quick", "cpu");

/** A `summary.json` with rounds of these thetas, of `plannedRounds` pruned ones. */
function summary(thetas: number[], plannedRounds: number, first = 0): Summary {
  const made = fixtureSummary({ rounds: thetas.length });
  const rounds = made.rounds.map((round, i) => ({
    ...round,
    round: first + i,
    theta: thetas[i]!,
    dev: { ...round.dev, score: 0.5 + i },
  }));
  return { ...made, complete: false, plannedRounds, rounds };
}

function saveLatest(run: string, round: number, epochs: number): void {
  const rows = Array.from({ length: epochs }, (_, i) => ({ epoch: i + 1 }));
  const state = { round, progress: { rows } } as RoundState;
  writeCheckpoint(runFiles.latest(run), { snapshot: new Map(), state });
}

Deno.test("progress is read from the run's files", () =>
  inTemporaryDirectory((directory) => {
    const run = path.join(directory, "run");
    const nothing = { roundsDone: 0, rounds: null, epoch: 0, epochs: null };
    assert.deepEqual(readProgress(run), { ...nothing, score: null, theta: null });
    assert.equal(isComplete(run), false);

    new RunStore(run).create(CONFIG);
    saveLatest(run, 0, 4);
    const dense = { roundsDone: 0, rounds: null, epoch: 4, epochs: 15 };
    assert.deepEqual(readProgress(run), { ...dense, score: null, theta: null });

    writeJson(runFiles.summary(run), summary([1, 2.5], 3));
    const between = { roundsDone: 2, rounds: 4, epoch: 0, epochs: 15 };
    assert.deepEqual(readProgress(run), { ...between, score: 1.5, theta: 2.5 });
    saveLatest(run, 2, 7);
    assert.equal(readProgress(run).epoch, 7);
  }));

Deno.test("a complete run whose round is to be repaired is not done", () =>
  inTemporaryDirectory((directory) => {
    const run = path.join(directory, "run");
    const store = new RunStore(run);
    store.create(CONFIG);
    writeJson(runFiles.summary(run), { ...summary([1, 2], 1), complete: true });
    for (const round of [0, 1]) store.seal(round);
    assert.equal(isComplete(run), true);
    fs.rmSync(roundFiles.done(runFiles.round(run, 0)));
    assert.equal(isComplete(run), false);
  }));

Deno.test("a control has no dense round", () =>
  inTemporaryDirectory((directory) => {
    const run = path.join(directory, "run");
    const masksSha256 = "0".repeat(64);
    const control = { kind: "reinit", base: "b", masksSha256, rounds: [2, 3] } as const;
    new RunStore(run).create({ ...CONFIG, control: { ...control, rounds: [2, 3] } });
    writeJson(runFiles.summary(run), { ...summary([4], 2, 2), control });
    saveLatest(run, 3, 5);
    const { roundsDone, rounds, epoch } = readProgress(run);
    assert.deepEqual([roundsDone, rounds, epoch], [1, 2, 5]);
  }));

Deno.test("a single training has one round", () =>
  inTemporaryDirectory((directory) => {
    const run = path.join(directory, "run");
    new RunStore(run).create(applyOverrides(CONFIG, { mode: "rigl", target: 8 }));
    writeJson(runFiles.summary(run), { ...summary([8], 1, 1), mode: "rigl" });
    const { roundsDone, rounds } = readProgress(run);
    assert.deepEqual([roundsDone, rounds], [1, 1]);
  }));

Deno.test("a run is compared with the plan's settings on the run's own backend", () =>
  inTemporaryDirectory((directory) => {
    const run = path.join(directory, "run");
    const asked = (backend: "cpu" | "cuda") =>
      applyOverrides(presetConfig("quick", backend), { epochs: 3 });
    assert.deepEqual(settingsDifferences(run, asked), []);
    new RunStore(run).create({ ...asked("cuda"), seed: 5 });
    assert.deepEqual(settingsDifferences(run, asked), ["seed: 5, not 1 (--seed)"]);
  }));
