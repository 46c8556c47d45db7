/** Comparisons of runs that train once, without a dense round of their own. */
import assert from "node:assert/strict";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { readSummary } from "../results/read.ts";
import { writeRun } from "./fixture.ts";
import { compareDirectories, withDirectory } from "./testing.ts";

const SEEDS = [1, 2, 3];

/** Tickets of lr-rewind, the dense networks trained on, and two single trainings to its third round. */
function study(directory: string, macs = 1e6): { rounds: string[]; single: string[] } {
  const rounds = SEEDS.flatMap((seed) => {
    const base = writeRun(directory, {
      ...{ name: `lr-${seed}`, mode: "lr-rewind", seed, stream: "lr" },
      quality: (round) => 0.8 - 0.02 * round,
    });
    const continued = writeRun(directory, {
      ...{ name: `on-${seed}`, mode: "lr-rewind", seed, stream: "on" },
      quality: (round) => 0.8 + 0.01 * round,
      control: { kind: "continue", base },
    });
    return [base, continued];
  });
  const single = (["rigl", "gradual"] as const).flatMap((mode) =>
    SEEDS.map((seed) =>
      writeRun(directory, {
        ...{ name: `${mode}-${seed}`, mode, seed, stream: mode, single: { pruned: 3, macs } },
        quality: () => 0.75,
      })
    )
  );
  return { rounds, single };
}

Deno.test("a single training is a level of its own method, against the dense network of its seed", () =>
  withDirectory((directory) => {
    const macs = 1e6;
    const { rounds, single } = study(directory, macs);
    const { denseMacs } = readSummary(single[0]!).rounds[0]!;
    const { methods, pairs, notes } = compareDirectories([...single, ...rounds]);
    const [lr, on] = ["lr-rewind", "continue of lr-rewind"].map((name) =>
      methods.find((method) => method.name === name)!
    );
    for (const name of ["rigl", "gradual"]) {
      const method = methods.find((method) => method.name === name)!;
      assert.deepEqual(method.seeds, SEEDS);
      const [dense, sparse] = method.levels;
      assert.equal(method.levels.length, 2);
      assert.deepEqual(dense!.scores, lr!.levels[0]!.scores);
      assert.equal(sparse!.kept, lr!.levels[3]!.kept);
      // Four schedules, as the ticket of round 3 and the dense network of round 3 of `continue`.
      assert.equal(sparse!.cost!.epochs, 48);
      assert.equal(sparse!.cost!.weightEpochs, 48);
      assert.deepEqual(sparse!.toEqual!.epochs, { own: 48, dense: 48 });
      assert.ok(
        Math.abs(sparse!.toEqual!.difference - (sparse!.mean - on!.levels[3]!.mean)) < 1e-12,
      );
      assert.ok(
        Math.abs(sparse!.toDense!.difference - (sparse!.mean - lr!.levels[0]!.mean)) < 1e-12,
      );
      // Its multiply-adds are those of the masks during the training, not of the last one.
      assert.ok(Math.abs(sparse!.cost!.denseEpochs / (48 * macs / denseMacs) - 1) < 1e-12);
      const pair = pairs.find(({ a, b }) =>
        [a, b].sort().join() === [name, "lr-rewind"].sort().join()
      );
      assert.deepEqual(pair!.levels.map(({ equalTraining }) => equalTraining), [true]);
    }
    assert.ok(!notes.some((note) => /^Budgets differ/.test(note)), notes.join("\n"));
    assert.ok(!notes.some((note) => /^Epochs differ/.test(note)), notes.join("\n"));
  }));

Deno.test("without a run that has the dense network of its seed, a single training is refused", () =>
  withDirectory((directory) => {
    const { rounds, single } = study(directory);
    const seedOne = rounds.filter((run) => path.basename(run).endsWith("-1"));
    assert.throws(() => compareDirectories([...seedOne, ...single]), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(
        error.message,
        /gradual-2: mode gradual trains no dense network .* another mode with seed 2, too$/,
      );
      return true;
    });
  }));

Deno.test("no control that trains a dense network on is proposed of a run without one", () =>
  withDirectory((directory) => {
    const single = writeRun(directory, {
      name: "rigl",
      mode: "rigl",
      single: { pruned: 3, macs: 1 },
    });
    const base = writeRun(directory, { name: "base", mode: "lr-rewind" });
    // Trained on for less long than the single training.
    const continued = writeRun(directory, {
      ...{ name: "on", mode: "lr-rewind", rounds: 3 },
      control: { kind: "continue", base },
    });
    const { hints, notes } = compareDirectories([single, base, continued]);
    assert.ok(notes.some((note) => /^rigl: .*No dense network of equal training/.test(note)));
    assert.deepEqual(hints.filter((hint) => hint.includes("--kind continue")), []);
  }));

/** Single trainings by `set` to the sizes of these rounds, for these epochs. */
function sets(directory: string, trainings: readonly [pruned: number, epochs: number][]): string[] {
  return trainings.map(([pruned, epochs]) =>
    writeRun(directory, {
      ...{ name: `set-${pruned}-${epochs}`, mode: "set", single: { pruned, macs: 1 } },
      change: ({ config }) => {
        config["pruning"] = { target: pruned, schedule: { kind: "set" } };
        config["training"] = { ...config["training"] as object, epochs };
      },
    })
  );
}

Deno.test("single trainings to several compressions are levels of one method", () =>
  withDirectory((directory) => {
    const base = writeRun(directory, { name: "base", mode: "lr-rewind" });
    const trainings = sets(directory, [[2, 36], [3, 48]]);
    const { methods, pairs } = compareDirectories([base, ...trainings], {
      pairs: [{ a: "set", b: "lr-rewind", percent: null, text: "set:lr-rewind" }],
    });
    const set = methods.find(({ name }) => name === "set")!;
    assert.deepEqual(set.levels.map(({ cost }) => cost!.epochs), [12, 36, 48]);
    assert.equal(pairs.length, 1);
  }));

Deno.test("two lengths of single training to one compression are two methods", () =>
  withDirectory((directory) => {
    const base = writeRun(directory, { name: "base", mode: "lr-rewind" });
    const trainings = sets(directory, [[2, 36], [2, 48], [3, 48]]);
    const { methods } = compareDirectories([base, ...trainings]);
    assert.deepEqual(methods.map(({ name, levels }) => [name, levels.length]), [
      ["lr-rewind", 4],
      ["set (training.epochs 36)", 2],
      ["set (training.epochs 48)", 3],
    ]);
  }));
