import assert from "node:assert/strict";
import * as path from "node:path";
import type { Mode } from "../config/modes.ts";
import type { Summary } from "../results/summary.ts";
import { type RunFixture, writeRun } from "./fixture.ts";
import { compareDirectories, withDirectory } from "./testing.ts";

/** For each seed: runs of two methods, and the dense network of the first method trained on. */
function withContinued(
  directory: string,
  { seeds = 3, rounds = 4, planned = 3 }: { seeds?: number; rounds?: number; planned?: number } =
    {},
): string[] {
  return Array.from({ length: seeds }, (_, i) => i + 1).flatMap((seed) => {
    const ticket = (mode: Mode, quality: RunFixture["quality"]) =>
      writeRun(directory, { name: `${mode}-${seed}`, mode, seed, stream: "s", quality: quality! });
    return [
      ticket("lr-rewind", (round) => 0.8 + 0.02 * round),
      ticket("weight-rewind", () => 0.8),
      writeRun(directory, {
        name: `continue-${seed}`,
        mode: "lr-rewind",
        seed,
        rounds,
        planned,
        stream: "c",
        quality: (round) => 0.8 + 0.03 * round,
        control: { kind: "continue", base: path.join(directory, `lr-rewind-${seed}`) },
      }),
    ];
  });
}

Deno.test("the first difference is to the dense network trained for as many epochs", () =>
  withDirectory((directory) => {
    const runs = withContinued(directory);
    const { methods, pairs, notes, hints, sentences } = compareDirectories(runs);
    const [continued, lr, weight] = ["continue of lr-rewind", "lr-rewind", "weight-rewind"].map(
      (name) => methods.find((method) => method.name === name)!,
    );
    assert.equal(continued!.continued, true);
    assert.deepEqual(continued!.levels.map(({ kept }) => kept), Array(4).fill(lr!.levels[0]!.kept));
    assert.deepEqual(continued!.levels.map(({ cost }) => cost!.epochs), [12, 24, 36, 48]);
    assert.equal(continued!.matching.byInterval, null);
    // Both methods share the dense round of a seed, so both are compared with that network trained on.
    for (const method of [lr!, weight!]) {
      method.levels.forEach((level, i) => {
        if (i === 0) return assert.equal(level.toEqual, null);
        const expected = level.mean - continued!.levels[i]!.mean;
        assert.ok(Math.abs(level.toEqual!.difference - expected) < 1e-12);
        assert.deepEqual(level.toEqual!.epochs, { own: 12 * (i + 1), dense: 12 * (i + 1) });
        assert.equal(level.toEqual!.source, "seeds and records");
        assert.ok(
          Math.abs(level.toDense!.difference - (level.mean - method.levels[0]!.mean)) < 1e-12,
        );
      });
    }
    assert.equal(pairs.length, 1, "a dense network trained on has no pair");
    assert.ok(!notes.some((note) => /fewer epochs/.test(note)));
    assert.ok(!hints.some((hint) => /--kind continue/.test(hint)));
    const weaker = lr!.levels.some((level) =>
      level.toEqual && level.toEqual.difference > level.toDense!.difference
    );
    assert.equal(notes.some((note) => /^lr-rewind at .* the harder test\.$/.test(note)), weaker);
    assert.ok(
      sentences.methods.some((text) => /of equal training \(\d+ epochs, dense \d+\)/.test(text)),
    );
    assert.ok(
      sentences.methods.some((text) => /^continue .*trained on for 48 epochs in total/.test(text)),
    );
  }));

Deno.test("equal work is the dense network whose training took the nearest number of multiply-adds", () =>
  withDirectory((directory) => {
    const { methods } = compareDirectories(withContinued(directory));
    const named = (name: string) => methods.find((method) => method.name === name)!;
    const [lr, continued] = [named("lr-rewind"), named("continue of lr-rewind")];
    // A pruned epoch costs its surviving multiply-adds: these tickets never need as much as 48 dense epochs.
    const expected = lr.levels.slice(1).map(({ cost }) =>
      [12, 24, 36, 48].reduce((a, b) =>
        Math.abs(b - cost!.denseEpochs) <= Math.abs(a - cost!.denseEpochs) ? b : a
      )
    );
    assert.ok(expected.some((epochs, i) => epochs < 12 * (i + 2)), "work differs from epochs");
    lr.levels.slice(1).forEach(({ toEqualWork, mean, cost }, i) => {
      assert.deepEqual(toEqualWork!.denseEpochs, { own: cost!.denseEpochs, dense: expected[i] });
      assert.deepEqual(toEqualWork!.epochs, { own: 12 * (i + 2), dense: expected[i] });
      const dense = continued.levels[expected[i]! / 12 - 1]!;
      assert.ok(Math.abs(toEqualWork!.difference - (mean - dense.mean)) < 1e-12);
    });
    assert.equal(lr.levels[0]!.toEqualWork, null);
  }));

Deno.test("without a dense network of equal training, a note says so and a hint names the commands", () =>
  withDirectory((directory) => {
    const runs = withContinued(directory, { seeds: 2 }).filter((run) => !/continue/.test(run));
    const { notes, hints, methods } = compareDirectories(runs);
    assert.equal(methods[0]!.levels[1]!.toEqual, null);
    assert.ok(notes.some((note) => /fewer epochs \(12 against up to 48 in total\)/.test(note)));
    const hint = hints.find((text) => /--kind continue/.test(text))!;
    // These runs are not below checkpoints/, where a command would look for a name.
    const [first, second] = [1, 2].map((seed) => path.join(directory, `lr-rewind-${seed}`));
    assert.ok(hint.includes(`control --run ${first} --kind continue `), hint);
    assert.ok(hint.includes(`likewise for ${second})`), hint);
    assert.doesNotMatch(notes.join("\n"), /--\w|deno task/);
  }));

Deno.test("if dense was not trained for as long, the tests end and a note says so", () =>
  withDirectory((directory) => {
    const runs = withContinued(directory, { seeds: 2, rounds: 2, planned: 1 });
    const { notes, methods, sentences } = compareDirectories(runs, { margin: 0.9 });
    const lr = methods.find(({ name }) => name === "lr-rewind")!;
    assert.deepEqual(lr.levels.map(({ toEqual }) => toEqual !== null), [false, true, false, false]);
    assert.deepEqual(lr.matching.byInterval, 1);
    assert.equal(lr.matching.stoppedAt, 2);
    assert.ok(
      notes.some((note) => /^lr-rewind: no dense network was trained for as long/.test(note)),
    );
    assert.match(sentences.methods.find((text) => /^lr-rewind/.test(text))!, /the tests end\./);
  }));

Deno.test("of two dense networks of equal training the one that trains like the ticket is taken", () =>
  withDirectory((directory) => {
    const dropoutIn = (rounds: string) => ({ config }: Summary) => {
      const { training, network } = config as Record<string, Record<string, unknown>>;
      config["training"] = { ...training, dropoutRounds: rounds };
      config["network"] = { ...network, dropout: 0.2 };
    };
    const write = (fixture: Partial<RunFixture> & { name: string }, rounds: string) =>
      writeRun(directory, {
        ...{ mode: "lr-rewind", rounds: 3, stream: fixture.name, change: dropoutIn(rounds) },
        ...fixture,
      });
    const trainedOn = (base: string, rounds: string, quality: number) =>
      write({
        name: `${base}-continue`,
        quality: () => quality,
        control: { kind: "continue", base: path.join(directory, base) },
      }, rounds);
    const ticket = write({ name: "ticket" }, "dense");
    // The second dense network has other bits, as from another machine, and drops in its first round alone.
    const other = write({ name: "other", rounds: 1, planned: 0, quality: () => 0.7 }, "first");
    const own = trainedOn("ticket", "dense", 0.9);
    const others = trainedOn("other", "first", 0.6);
    const against = (runs: string[]) => {
      const { methods } = compareDirectories(runs);
      const level = methods.flatMap(({ continued, levels }) => continued ? [] : levels)
        .find(({ density, toEqual }) => density < 1 && toEqual !== null)!;
      return level.mean - level.toEqual!.difference;
    };
    const [higher, lower] = [against([ticket, own]), against([ticket, other, others])];
    assert.ok(higher > lower + 0.05, `${higher} ${lower}`);
    assert.ok(Math.abs(against([ticket, own, other, others]) - higher) < 1e-12);
    const noted = (runs: string[]) =>
      compareDirectories(runs).notes.some((note) =>
        /had dropout in all of their epochs/.test(note)
      );
    assert.deepEqual([noted([ticket, own]), noted([ticket, other, others])], [true, false]);
  }));

Deno.test("a single training is compared with a dense network of one schedule as long, if there is one", () =>
  withDirectory((directory) => {
    // As real runs have them: kernels of single trainings are always chosen by density.
    const epochs = (count: number, kernels = "timed") => ({ config }: Summary) => {
      const training = config["training"] as Record<string, unknown>;
      config["training"] = { ...training, epochs: count, kernels, dropoutRounds: "first" };
      config["network"] = { ...config["network"] as Record<string, unknown>, dropout: 0.2 };
    };
    const base = writeRun(directory, { name: "base", mode: "lr-rewind" });
    const continued = writeRun(directory, {
      ...{ name: "on", mode: "lr-rewind", quality: () => 0.6 },
      control: { kind: "continue", base },
    });
    const rigl = writeRun(directory, {
      ...{ name: "rigl", mode: "rigl", single: { pruned: 3, macs: 1e6 } },
      change: epochs(48, "density"),
      quality: () => 0.7,
    });
    // A run of one dense round, whose last row counts as many epochs as several schedules have.
    const trainedOnce = (name: string, count: number) =>
      writeRun(directory, {
        ...{ name, mode: "finetune", rounds: 1, planned: 0, quality: () => 0.9 },
        change: (summary) => {
          epochs(count)(summary);
          const last = summary.rounds[0]!.epochs.at(-1)!;
          last.step = count * summary.rounds[0]!.epochs[0]!.step;
        },
      });
    const once = trainedOnce("once", 48);
    const against = (runs: string[]) => {
      const { methods, pairs, notes } = compareDirectories(runs);
      const level = methods.find(({ name }) => name === "rigl")!.levels[1]!;
      const mean = level.toEqual && level.mean - level.toEqual.difference;
      return { mean, methods, pairs, notes, level };
    };
    const scoreOf = (name: string, { methods }: ReturnType<typeof against>, at: number) =>
      methods.find((method) => method.name === name)!.levels[at]!.mean;
    const cycles = against([base, continued, rigl]);
    assert.ok(Math.abs(cycles.mean! - scoreOf("continue of lr-rewind", cycles, 3)) < 1e-12);
    const ofDropout = (notes: readonly string[]) =>
      notes.some((note) =>
        /^The dense network of one schedule had dropout .* rigl had none/.test(note)
      );
    assert.ok(!ofDropout(cycles.notes));
    for (const runs of [[base, continued, rigl, once], [base, rigl, once]]) {
      const found = against(runs);
      assert.ok(Math.abs(found.mean! - scoreOf("dense", found, 0)) < 1e-12);
      assert.ok(ofDropout(found.notes), found.notes.join("\n"));
      assert.deepEqual(found.level.toEqual!.epochs, { own: 48, dense: 48 });
      // Tickets of several schedules keep the dense network trained on, and rigl has no dense network for a pair.
      const lr = found.methods.find(({ name }) => name === "lr-rewind")!;
      if (runs.length === 4) {
        assert.ok(
          Math.abs(
            lr.levels[3]!.mean - lr.levels[3]!.toEqual!.difference -
              scoreOf("continue of lr-rewind", found, 3),
          ) < 1e-12,
        );
      }
      assert.deepEqual(
        found.pairs.map(({ a, b, levels }) => [a, b, levels.map(({ levelA }) => levelA)]),
        [["dense", "lr-rewind", [0]], ["lr-rewind", "rigl", [3]]],
      );
    }
    // One of another length is no reference, and not the network that rigl is said to begin with.
    const longer = trainedOnce("a-longer", 96);
    const beside = against([longer, base, rigl]);
    assert.equal(beside.mean, null);
    assert.ok(
      Math.abs(
        beside.level.mean - beside.level.toDense!.difference - scoreOf("lr-rewind", beside, 0),
      ) < 1e-12,
    );
    assert.equal(against([longer, rigl]).mean, null);
  }));
