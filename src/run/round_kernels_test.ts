import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import type { Config } from "../config/config.ts";
import { RunStore } from "./run_store.ts";
import { type Kernels, Workbench } from "../training/workbench.ts";
import { copyRounds } from "./copy_rounds.ts";
import { runLottery } from "./lottery.ts";
import { type KernelHolder, readKernels, settleKernels, useKernels } from "./round_kernels.ts";
import { RunWriter } from "./run_writer.ts";
import { doToyRun, resultsOf, silent, toyConfig, withToyDataset, withToyRun } from "./testing.ts";

/** Has the kernels of a stem only; each timing finds other kernels. */
class Stem implements KernelHolder {
  timings = 0;
  held: Kernels | null = null;

  constructor(readonly timesKernels = true) {}

  chooseKernels(): Promise<Kernels> {
    this.held = { stem: `timing ${++this.timings}` };
    return Promise.resolve(this.held);
  }

  setKernels(kernels: Kernels): void {
    if (kernels["stem"] === undefined) throw new RangeError("there are no kernels of stem");
    this.held = kernels;
  }
}

const settle = (bench: Stem, directory: string) =>
  settleKernels(bench, { directory, writer: new RunWriter() });

Deno.test("kernels are timed once for a round, and taken from the record from then on", () =>
  inTemporaryDirectory(async (directory) => {
    const [first, second] = [new Stem(), new Stem()];
    await settle(first, directory);
    await settle(first, directory);
    await settle(second, directory);
    assert.deepEqual([first.timings, second.timings], [1, 0]);
    assert.deepEqual(second.held, { stem: "timing 1" });
    assert.deepEqual(first.held, second.held);
    await settle(first, path.join(directory, "next"));
    assert.deepEqual(first.held, { stem: "timing 2" });
  }));

Deno.test("if no bit depends on kernels, nothing is timed, read or written", () =>
  inTemporaryDirectory(async (directory) => {
    const cpu = new Stem(false);
    await settle(cpu, directory);
    assert.deepEqual(fs.readdirSync(directory), []);
    fs.writeFileSync(roundFiles.kernels(directory), "of a GPU, and damaged");
    await settle(cpu, directory);
    assert.deepEqual([cpu.timings, cpu.held], [0, null]);
  }));

Deno.test("a finished round is computed on its recorded kernels, or on the backend's with a note", () =>
  inTemporaryDirectory(async (directory) => {
    const notes: string[] = [];
    const use = (bench: Stem) => useKernels(bench, { directory, note: (text) => notes.push(text) });
    const [trained, shown, cpu] = [new Stem(), new Stem(), new Stem(false)];
    use(shown); // an older run, without recorded kernels
    assert.equal(shown.held, null);
    await settle(trained, directory);
    use(shown);
    use(cpu);
    assert.deepEqual(shown.held, trained.held);
    assert.equal(cpu.held, null);
    assert.deepEqual(notes, []);
    // Another precision, say.
    fs.writeFileSync(roundFiles.kernels(directory), "{}");
    use(shown);
    assert.equal(notes.length, 1);
    assert.match(
      notes[0]!,
      /does not fit \(there are no kernels of stem\): .* default kernels of the backend$/,
    );
    fs.writeFileSync(roundFiles.kernels(directory), "{");
    assert.throws(() => use(shown), Failure);
  }));

Deno.test("a record that is invalid or does not fit is refused in a sentence and not changed", () =>
  inTemporaryDirectory(async (directory) => {
    const file = roundFiles.kernels(directory);
    for (
      const [contents, why] of [
        ...["", "{", "null", "[]", '"stem"', '{"stem": 1}', '{"stem": {}}']
          .map((text) => [text, /kernels\.json is damaged: /] as const),
        ["{}", /does not fit: there are no kernels of stem;/],
        ['{"other": "forward=simt"}', /does not fit: there are no kernels of stem;/],
      ] as const
    ) {
      fs.writeFileSync(file, contents);
      const stem = new Stem();
      await assert.rejects(settle(stem, directory), (error) => {
        assert.ok(error instanceof Failure, String(error));
        assert.match(error.message, why, contents);
        assert.match(
          error.message,
          /^[^\n]*; delete it and continue the run with deno task lth --name \S+ --resume: /,
        );
        return true;
      });
      assert.deepEqual([stem.timings, stem.held], [0, null]);
      assert.equal(fs.readFileSync(file, "utf8"), contents);
    }
  }));

/** What one process did of a run: the kernels of each round's steps, and how often it timed kernels. */
interface Watched {
  readonly stepsOn: Map<number, Set<string>>;
  timings: number;
  readonly notes: string[];
  /** Number of states within a round that existed when each round's steps began. */
  readonly statesAtStart: number[];
}

/** Continues a run as on a device that times kernels, until `stop` returns true. */
async function continueRun(
  run: { directory: string; config: Config },
  stop: () => boolean = () => false,
): Promise<Watched & { outcome: "finished" | "stopped" }> {
  const watched: Watched = { stepsOn: new Map(), timings: 0, notes: [], statesAtStart: [] };
  let round = -1;
  class Timing extends Workbench {
    private held = "none";
    private choosing = false;
    override get timesKernels() {
      return true;
    }
    override async chooseKernels(): Promise<Kernels> {
      this.choosing = true;
      await super.chooseKernels();
      this.choosing = false;
      watched.timings++;
      this.held = `found at ${performance.now()}`;
      return { all: this.held };
    }
    override setKernels(kernels: Kernels): void {
      if (kernels["all"] === undefined) throw new RangeError("there are no kernels of all");
      this.held = kernels["all"];
    }
    override trainingProgram(length: number) {
      if (!this.choosing) watched.stepsOn.get(round)!.add(this.held);
      return super.trainingProgram(length);
    }
  }
  const observer = {
    ...silent,
    roundStarted: (started: number) => {
      round = started;
      watched.stepsOn.set(round, new Set());
      const states = [runFiles.latest, runFiles.previous].map((file) => file(run.directory));
      watched.statesAtStart.push(states.filter((file) => fs.existsSync(file)).length);
      assert.equal(
        fs.existsSync(kernelsOf(run.directory, round)),
        run.config.training.kernels === "timed",
        "timed ones are recorded before the first step, others are not",
      );
    },
    note: (text: string) => watched.notes.push(text),
    stopRequested: stop,
  };
  const outcome = await withToyRun(
    { ...run, observer, Bench: Timing },
    ({ experiment }) => runLottery(experiment),
  );
  return { ...watched, outcome };
}

const kernelsOf = (run: string, round: number) => roundFiles.kernels(runFiles.round(run, round));

Deno.test("every step of a round runs on one choice, however often the run is stopped", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = { directory: path.join(directory, "run"), config: toyConfig(data) };
    const stepsOn = new Map<number, Set<string>>();
    let [timings, stops] = [0, 0];
    for (;;) {
      const part = await continueRun(run, () => true);
      for (const [round, held] of part.stepsOn) {
        stepsOn.set(round, new Set([...stepsOn.get(round) ?? [], ...held]));
      }
      timings += part.timings;
      if (part.outcome === "finished") break;
      stops++;
    }
    assert.ok(stops > 10, `only ${stops} stops`);
    assert.equal(timings, 3);
    for (const round of [0, 1, 2]) {
      const recorded = readKernels(runFiles.round(run.directory, round))!["all"]!;
      assert.deepEqual([...stepsOn.get(round)!], [recorded], `round ${round}`);
    }
    assert.equal(new Set([...stepsOn.values()].flatMap((held) => [...held])).size, 3);
  }));

/** Stops a run in round 1, some steps after its kernels were chosen. */
async function stopInRoundOne(run: { directory: string; config: Config }): Promise<void> {
  const begun = () => fs.existsSync(kernelsOf(run.directory, 1));
  let chunks = 0;
  const { outcome } = await continueRun(run, () => begun() && ++chunks >= 3);
  assert.equal(outcome, "stopped");
}

Deno.test("a round with a lost record begins again; one with a damaged record is refused", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = { directory: path.join(directory, "run"), config: toyConfig(data) };
    await stopInRoundOne(run);
    const file = kernelsOf(run.directory, 1);
    const before = fs.readFileSync(file, "utf8");
    fs.writeFileSync(file, '{"stem": "forward=simt"}');
    await assert.rejects(
      continueRun(run),
      /kernels\.json does not fit: .*; delete it and continue/,
    );
    fs.rmSync(file);
    const { notes, timings, stepsOn, statesAtStart } = await continueRun(run);
    assert.match(notes.join("\n"), /kernels\.json is missing: .*trained from its beginning/);
    assert.deepEqual([timings, [...stepsOn.keys()]], [2, [1, 2]]);
    assert.equal(statesAtStart[0], 0); // if it is killed now, it must not continue from there on other kernels
    assert.notEqual(fs.readFileSync(file, "utf8"), before);

    const other = { ...run, directory: path.join(directory, "other") };
    await continueRun(other);
    const [a, b] = [run, other].map((each) => new RunStore(each.directory).finishedRounds());
    assert.deepEqual(a, b); // no step of the lost beginning is among them
  }));

Deno.test("a round's record is sealed with it, copied with it, and used when it is trained again", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => ({
      directory: path.join(directory, name),
      config: toyConfig(data),
    });
    await continueRun(at("run"));
    const source = new RunStore(at("run").directory);
    const store = new RunStore(at("copy").directory);
    store.create(at("copy").config);
    copyRounds(source, { store, rounds: [0, 1] });
    store.checkFinished();
    for (const round of [0, 1]) {
      const [there, here] = [source, store].map((each) =>
        fs.readFileSync(kernelsOf(each.directory, round), "utf8")
      );
      assert.equal(here, there);
    }
    fs.rmSync(roundFiles.done(runFiles.round(store.directory, 1)));
    const { timings } = await continueRun(at("copy"));
    assert.equal(timings, 1); // round 2's
    assert.deepEqual(readKernels(runFiles.round(store.directory, 1)), {
      all: readKernels(runFiles.round(source.directory, 1))!["all"],
    });
    fs.appendFileSync(kernelsOf(store.directory, 1), " ");
    assert.throws(() => store.checkFinished(), /kernels\.json is damaged: .* delete .*DONE/);
  }));

Deno.test("kernels by density are neither timed nor recorded, and no state misses a record", () =>
  withToyDataset(async ({ directory, data }) => {
    const timed = toyConfig(data);
    const config = { ...timed, training: { ...timed.training, kernels: "density" as const } };
    const run = { directory: path.join(directory, "run"), config };
    const parts: Watched[] = [];
    for (;;) {
      const part = await continueRun(run, () => parts.length < 5);
      parts.push(part);
      if (part.outcome === "finished") break;
    }
    assert.equal(parts.length, 6);
    for (const { timings, notes, stepsOn } of parts) {
      assert.deepEqual([timings, notes], [0, []]);
      for (const held of stepsOn.values()) assert.deepEqual([...held], ["none"]);
    }
    const names = [...resultsOf(run.directory).keys()];
    assert.deepEqual(names.filter((name) => name.includes("kernels")), []);
  }));

Deno.test("a run on the CPU leaves no record", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    await doToyRun({ directory: run, config: toyConfig(data) });
    const names = [...resultsOf(run).keys()];
    assert.ok(names.includes("round-001/scores.json"), names.join());
    assert.deepEqual(names.filter((name) => name.includes("kernels")), []);
  }));
