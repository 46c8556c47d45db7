import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import type { Mode } from "../config/modes.ts";
import { readSummary } from "../results/read.ts";
import { holm } from "../statistics/holm.ts";
import { writeRun } from "./fixture.ts";
import { parsePairs } from "../config/planned_pairs.ts";
import { compareDirectories, withDirectory } from "./testing.ts";

const KINDS = [
  { mode: "weight-rewind", quality: (round: number) => 0.8 - 0.02 * round },
  { mode: "finetune", quality: (round: number) => 0.8 - 0.08 * round },
] as const;

/** Two methods with `seeds` replicates each. */
function study(directory: string, seeds = 3): string[] {
  return KINDS.flatMap(({ mode, quality }) =>
    Array.from(
      { length: seeds },
      (_, i) =>
        writeRun(directory, { name: `${mode}-${i + 1}`, mode, seed: i + 1, quality, stream: "s" }),
    )
  );
}

Deno.test("equal networks differ by exactly 0 with interval [0, 0], within and between methods", () =>
  withDirectory((directory) => {
    const constant = { quality: () => 0.7, stream: "same" };
    const runs = (["weight-rewind", "lr-rewind"] as const).flatMap((mode) =>
      [1, 2, 3].map((seed) =>
        writeRun(directory, { name: `${mode}-${seed}`, mode, seed, ...constant })
      )
    );
    const { methods, pairs } = compareDirectories(runs);
    for (const { levels, average } of pairs) {
      for (const { difference, low, high, verdict, perSeed } of [...levels, average]) {
        assert.deepEqual({ difference, low, high }, { difference: 0, low: 0, high: 0 });
        assert.equal(verdict, "equal");
        assert.deepEqual(perSeed, [0, 0, 0]);
      }
    }
    assert.equal(pairs[0]?.levels.length, 3);
    assert.deepEqual(methods[0]?.levels[2]?.scores, methods[1]?.levels[2]?.scores);
    assert.ok(methods[0]!.levels[1]!.toDense!.high > 0, "other draws of other rounds do differ");
  }));

Deno.test("the order of the runs changes nothing", () =>
  withDirectory((directory) => {
    const runs = study(directory);
    const expected = compareDirectories(runs);
    assert.deepEqual(compareDirectories([...runs].reverse()), expected);
    assert.deepEqual(compareDirectories([3, 0, 5, 1, 4, 2].map((i) => runs[i]!)), expected);
    assert.notDeepEqual(compareDirectories(runs, { seed: 2 }), expected);
  }));

Deno.test("scores, replicates and differences are those of the summaries", () =>
  withDirectory((directory) => {
    const scores: number[][] = [];
    const runs = [3, 1, 2].map((seed) =>
      writeRun(directory, {
        name: `run${seed}`,
        seed,
        quality: (round) => 0.8 - 0.1 * round,
        change: (summary) => (scores[seed] = summary.rounds.map(({ test }) => test!.score)),
      })
    );
    const { methods: [method], records } = compareDirectories(runs);
    assert.equal(records, 60);
    assert.deepEqual(method!.seeds, [1, 2, 3]);
    method!.levels.forEach((level, r) => {
      const own = [1, 2, 3].map((seed) => scores[seed]![r]!);
      const average = (own[0]! + own[1]! + own[2]!) / 3;
      level.scores.forEach((score, i) => assert.ok(Math.abs(score - own[i]!) < 1e-12));
      assert.ok(Math.abs(level.mean - average) < 1e-12);
      assert.equal(level.min, Math.min(...level.scores));
      assert.equal(level.max, Math.max(...level.scores));
      if (r === 0) return assert.equal(level.toDense, null);
      const { difference, low, high, perSeed } = level.toDense!;
      assert.ok(Math.abs(difference - (level.mean - method!.levels[0]!.mean)) < 1e-12);
      assert.ok(low < difference && difference < high);
      perSeed.forEach((value, i) =>
        assert.equal(value, level.scores[i]! - method!.levels[0]!.scores[i]!)
      );
    });
  }));

Deno.test("a method with a clear loss is worse than dense; one that keeps its score is not", () =>
  withDirectory((directory) => {
    const runs = study(directory);
    const { methods, pairs } = compareDirectories(runs, { margin: 0.12 });
    const [finetune, rewind] = methods;
    assert.equal(finetune!.name, "finetune");
    assert.equal(finetune!.levels[3]!.toDense!.verdict, "worse");
    assert.equal(rewind!.levels[1]!.toDense!.verdict, "matches");
    assert.equal(pairs[0]!.levels[2]!.verdict, "worse");
    assert.equal(rewind!.matching.byInterval !== null, true);
    const { byInterval, byPoint } = rewind!.matching;
    assert.ok(byPoint! >= byInterval!);
    for (const [i, level] of rewind!.levels.entries()) {
      if (i > 0 && i <= byInterval!) assert.ok(level.toDense!.low > -0.12);
    }
    const { stoppedAt } = rewind!.matching;
    if (stoppedAt !== null) assert.ok(rewind!.levels[stoppedAt]!.toDense!.low <= -0.12);
    assert.equal(stoppedAt ?? 4, byInterval! + 1);
  }));

Deno.test("pooled folds of one seed give the result of the undivided records", () =>
  withDirectory((directory) => {
    const common = { quality: () => 0.7, stream: "pooled" };
    const whole = compareDirectories([writeRun(directory, { name: "whole", ...common })]);
    const parts = [2, 3, 1].map((fold) =>
      writeRun(directory, {
        name: `fold${fold}`,
        folds: { count: 3, fold },
        ...common,
        change: (summary) => (summary.dataset.sha256 = String(fold)),
      })
    );
    const pooled = compareDirectories(parts);
    assert.deepEqual(compareDirectories([...parts].reverse()), pooled);
    assert.equal(pooled.records, 60);
    assert.deepEqual(pooled.methods[0]!.seeds, [1]);
    assert.equal(pooled.methods[0]!.folds, 3);
    pooled.methods[0]!.levels.forEach((level, i) => {
      const { scores, toDense } = whole.methods[0]!.levels[i]!;
      assert.deepEqual(level.scores, scores);
      assert.equal(level.toDense?.difference, toDense?.difference);
      if (i === 0) return;
      // The interval is one over folds: t(2), from the scores of the folds alone.
      const score = (fold: number, round: number) =>
        readSummary(parts.find((part) => part.endsWith(`fold${fold}`))!).rounds[round]!.test!.score;
      const perFold = [1, 2, 3].map((fold) => score(fold, i) - score(fold, 0));
      level.toDense!.perFold.forEach((value, k) =>
        assert.ok(Math.abs(value - perFold[k]!) < 1e-12)
      );
      const mean = (perFold[0]! + perFold[1]! + perFold[2]!) / 3;
      const sd = Math.sqrt(perFold.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 2);
      const half = 4.302653 * sd / Math.sqrt(3);
      assert.equal(level.toDense!.source, "folds");
      assert.ok(Math.abs(level.toDense!.high - level.toDense!.difference - half) < 1e-6);
      assert.ok(level.toDense!.corrected!.high > level.toDense!.high);
      // Over records alone it is that of the undivided records.
      assert.deepEqual(level.toDense!.records, { low: toDense!.low, high: toDense!.high });
    });
    const isShorter = pooled.methods[0]!.levels.some(({ toDense }) =>
      toDense !== null &&
      toDense.high - toDense.low < toDense.records!.high - toDense.records!.low
    );
    assert.equal(
      pooled.notes.some((note) => /these intervals are too short/.test(note)),
      isShorter,
    );
    assert.ok(pooled.notes.some((note) => /pooled over 3 folds/.test(note)));
    const two = compareDirectories(parts.slice(0, 2));
    assert.ok(two.notes.some((note) => /Only 2 of the 3 folds/.test(note)));
    const other = [1, 2].map((fold) =>
      writeRun(directory, {
        name: `other${fold}`,
        mode: "finetune",
        folds: { count: 3, fold },
        ...common,
        change: (summary) => (summary.dataset.sha256 = String(fold)),
      })
    );
    assert.throws(
      () => compareDirectories([...parts, ...other]),
      /different test records \((40 and 60|60 and 40); .*folds 1, 2.* against/,
    );
    assert.throws(
      () => compareDirectories(parts, { split: "dev" }),
      /in the dev split of more than/,
    );
  }));

Deno.test("a control is compared with the dense network of its base", () =>
  withDirectory((directory) => {
    const base = writeRun(directory, { name: "base", quality: () => 0.9 });
    const control = writeRun(directory, {
      name: "base-reinit",
      control: { kind: "reinit", base: "base" },
      quality: () => 0.5,
      change: (summary) => (summary.rounds = summary.rounds.slice(2, 3)),
    });
    const { methods, pairs } = compareDirectories([control, base]);
    assert.deepEqual(methods.map(({ name }) => name), ["weight-rewind", "reinit"]);
    const [rewind, reinit] = methods;
    assert.equal(reinit!.levels.length, 2);
    assert.equal(reinit!.levels[0]!.mean, rewind!.levels[0]!.mean);
    assert.equal(reinit!.levels[1]!.kept, rewind!.levels[2]!.kept);
    assert.equal(reinit!.levels[1]!.toDense!.verdict, "worse");
    assert.deepEqual(pairs[0]!.levels.map(({ levelA, levelB }) => [levelA, levelB]), [[2, 1]]);
    assert.throws(
      () => compareDirectories([control]),
      (error) => error instanceof UsageError && /without its base run base/.test(error.message),
    );
  }));

Deno.test("the level of a small dense network is its number of weights", () =>
  withDirectory((directory) => {
    const kept: number[] = [];
    const base = writeRun(directory, {
      name: "base",
      change: ({ rounds }) => kept.push(...rounds.map((round) => round.kept)),
    });
    const small = writeRun(directory, {
      name: "small",
      control: { kind: "dense-small", base },
      change: (summary) => {
        summary.config["network"] = { filters: 4 };
        const [only] = summary.rounds;
        summary.rounds = [{ ...only!, kept: kept[2]! + 9, prunable: kept[2]! + 9, density: 1 }];
      },
    });
    const { methods, pairs } = compareDirectories([base, small]);
    const level = methods[1]!.levels[1]!;
    assert.equal(methods[1]!.name, "dense-small");
    const odd = writeRun(directory, {
      name: "odd",
      control: { kind: "dense-small", base },
      change: (summary) => (summary.rounds = [{ ...summary.rounds[0]!, kept: 7 }]),
    });
    const apart = compareDirectories([base, odd]);
    assert.deepEqual(apart.pairs, []);
    assert.ok(apart.notes.some((note) => /: weight-rewind and dense-small\.$/.test(note)));
    assert.equal(level.theta, kept[0]! / (kept[2]! + 9));
    assert.deepEqual(pairs[0]!.levels.map(({ levelA, levelB }) => [levelA, levelB]), [[2, 1]]);
  }));

Deno.test("density grids that meet only in places are compared there, and a note says that densities are only near", () =>
  withDirectory((directory) => {
    const a = writeRun(directory, { name: "a", prune: 0.3, rounds: 5 });
    const b = writeRun(directory, { name: "b", prune: 0.28, rounds: 3, mode: "lth-ecg" });
    const { pairs, notes } = compareDirectories([a, b]);
    assert.ok(pairs[0]!.levels.length > 0 && pairs[0]!.levels.length < 4);
    assert.ok(
      notes.some((note) => /about as many weights \(within 10 %\): lth-ecg and/.test(note)),
    );
    const far = writeRun(directory, { name: "far", prune: 0.85, rounds: 2, mode: "finetune" });
    assert.throws(
      () => compareDirectories([a, far]),
      /no pruned network of it keeps about as many/,
    );
  }));

Deno.test("notes name unequal budgets and single seeds", () =>
  withDirectory((directory) => {
    const a = writeRun(directory, { name: "a" });
    const b = writeRun(directory, {
      name: "b",
      mode: "finetune",
      change: ({ config }) => (config["training"] = { epochs: 99 }),
    });
    const { notes } = compareDirectories([a, b]);
    assert.ok(
      notes.includes("Budgets differ: training.epochs is 99 (finetune), 12 (weight-rewind)."),
    );
    assert.ok(notes.some((note) => /Every method has one seed only/.test(note)));
  }));

Deno.test("a replicate that lacks a level is left out of it together with its dense network", () =>
  withDirectory((directory) => {
    const far = writeRun(directory, { name: "far", quality: () => 0.8 });
    const near = writeRun(directory, {
      name: "near",
      seed: 2,
      rounds: 2,
      planned: 3,
      quality: () => 0.4,
    });
    const { methods: [method] } = compareDirectories([far, near], { allowIncomplete: true });
    const [dense, first, second] = method!.levels;
    assert.equal(dense!.scores.length, 2);
    assert.equal(first!.toDense!.difference, first!.mean - dense!.mean);
    assert.equal(second!.scores.length, 1);
    assert.equal(second!.toDense!.difference, second!.scores[0]! - dense!.scores[0]!);
    assert.ok(second!.toDense!.high < 0.2, "the poor replicate's dense network is not in it");
  }));

Deno.test("a note names dense networks that have learned nothing", () =>
  withDirectory((directory) => {
    const good = writeRun(directory, { name: "good", mode: "finetune", quality: () => 0.6 });
    const poor = writeRun(directory, { name: "poor", quality: () => 0 });
    // 15 of 60 records in each class: always answering one of three scores 2 * 15 / (60 + 15) / 3.
    const note = /dense networks of weight-rewind score no more .* \(CinC F1 0\.133\)/;
    assert.ok(compareDirectories([good, poor]).notes.some((text) => note.test(text)));
    const { notes } = compareDirectories([good]);
    assert.ok(!notes.some((text) => /score no more/.test(text)));
  }));

Deno.test("a level after the first failure is not tested, whatever its interval", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, {
      name: "gap",
      records: 200,
      stream: "g",
      quality: (round) => round === 2 ? 0.4 : 0.8,
    });
    const { methods: [method], sentences } = compareDirectories([run], { margin: 0.1 });
    assert.deepEqual(method!.levels.map(({ toDense }) => toDense?.verdict), [
      undefined,
      "matches",
      "worse",
      "not tested",
    ]);
    assert.deepEqual(method!.matching, { byInterval: 1, stoppedAt: 2, byPoint: 3 });
    assert.match(sentences.methods[0]!, /is worse than dense: .*: the tests end there\./);
  }));

Deno.test("folds with a seed each form one replicate, paired fold by fold", () =>
  withDirectory((directory) => {
    const folds = (mode: Mode, quality: number, seedOf: (fold: number) => number) =>
      [1, 2, 3].map((fold) =>
        writeRun(directory, {
          name: `${mode}-${fold}-${seedOf(fold)}`,
          mode,
          seed: seedOf(fold),
          folds: { count: 3, fold },
          stream: mode,
          quality: () => quality,
          change: (summary) => (summary.dataset.sha256 = String(fold)),
        })
      );
    const runs = [
      ...folds("lr-rewind", 0.9, (fold) => fold),
      ...folds("finetune", 0.5, (fold) => fold),
    ];
    const { methods, pairs, records } = compareDirectories(runs);
    assert.equal(records, 60);
    assert.deepEqual(methods.map(({ seeds, folds }) => [seeds, folds]), [[[null], 3], [[null], 3]]);
    assert.equal(pairs[0]!.average.source, "folds");
    assert.equal(pairs[0]!.average.perFold.length, 3);
    // A second set of folds with seeds of its own is a second replicate.
    const more = folds("lr-rewind", 0.9, (fold) => fold + 10);
    const twice = compareDirectories([...runs.slice(0, 3), ...more]);
    assert.equal(twice.methods[0]!.levels[1]!.scores.length, 2);
    assert.equal(twice.methods[0]!.levels[1]!.toDense!.source, "seeds and records");
  }));

Deno.test("planned differences are adjusted together, the others are exploratory", () =>
  withDirectory((directory) => {
    const runs = (["weight-rewind", "lr-rewind", "finetune"] as const).flatMap((mode, k) =>
      [1, 2, 3].map((seed) =>
        writeRun(directory, {
          name: `${mode}-${seed}`,
          mode,
          seed,
          stream: mode,
          records: 200,
          quality: (round) => 0.85 - 0.12 * k * round,
        })
      )
    );
    const asked = parsePairs("weight-rewind:finetune,lr-rewind:weight-rewind@75");
    const { methods, tests, pairs, sentences, notes } = compareDirectories(runs, { pairs: asked });
    const pair = pairs.find(({ a, b }) => a === "finetune" && b === "weight-rewind")!;
    assert.equal(tests[0]!.difference, -pair.average.difference);
    assert.equal(tests[0]!.low, -pair.average.high);
    assert.equal(tests[0]!.density, null);
    assert.deepEqual(tests.map(({ adjusted }) => adjusted), holm(tests.map(({ p }) => p)));
    assert.ok(tests[0]!.differs, JSON.stringify(tests));
    const lr = methods.find(({ name }) => name === "lr-rewind")!;
    assert.equal(tests[1]!.density, lr.levels[1]!.density);
    assert.deepEqual(pairs.map(({ named }) => named).filter((named) => named).length, 2);
    assert.match(
      sentences.tests[0]!,
      /^weight-rewind against finetune, mean over all densities: .*they differ\.$/,
    );
    assert.equal(sentences.pairs.filter((text) => /exploratory/.test(text)).length, 1);
    assert.ok(
      notes.some((note) => /2 tests planned before are adjusted together/.test(note)),
    );
    assert.throws(
      () => compareDirectories(runs, { pairs: parsePairs("weight-rewind:magic") }),
      /Cannot test the pair weight-rewind:magic: these runs have the pairs "finetune:lr-rewind", /,
    );
    assert.throws(
      () => compareDirectories(runs.slice(0, 1), { pairs: parsePairs("a:b") }),
      /Cannot test the pair a:b: these runs have no two methods with networks of about the same size$/,
    );
  }));

Deno.test("networks of unequal training are marked, and a note names them", () =>
  withDirectory((directory) => {
    const base = writeRun(directory, { name: "base", mode: "lr-rewind" });
    const shuffle = writeRun(directory, {
      name: "shuffle",
      mode: "lr-rewind",
      control: { kind: "shuffle", base },
      change: (summary) => (summary.rounds = summary.rounds.slice(1)),
    });
    const { pairs, notes } = compareDirectories([base, shuffle]);
    // Round 1 begins with the dense network in both.
    assert.deepEqual(pairs[0]!.levels.map(({ equalTraining }) => equalTraining), [
      true,
      false,
      false,
    ]);
    assert.ok(
      notes.some((note) =>
        /lr-rewind \(48 in total, 48 of its weights\) and shuffle .*\(48 in total, 24 of its weights\)/
          .test(note)
      ),
      notes.join("\n"),
    );
  }));

Deno.test("records of one group are drawn together, and a note says so", () =>
  withDirectory((directory) => {
    const write = (name: string, size: number) =>
      writeRun(directory, {
        name,
        quality: (round) => 0.9 - 0.1 * round,
        stream: "g",
        change: ({ dataset, rounds }) => {
          if (size === 0) return;
          const records = Array.from({ length: rounds[0]!.test!.records }, (_, i) => i);
          const test = Object.fromEntries(
            records.map((
              i,
            ) => [`test-${String(i).padStart(4, "0")}`, `p${Math.floor(i / size)}`]),
          );
          dataset.groups = { dev: {}, test };
        },
      });
    const alone = compareDirectories([write("alone", 0)]);
    const grouped = compareDirectories([write("grouped", 4)]);
    assert.equal(alone.groups, null);
    assert.equal(grouped.groups, 15);
    assert.ok(grouped.notes.some((note) => /60 test records by their 15 groups/.test(note)));
    const [a, b] = [alone, grouped].map(({ methods }) => methods[0]!.levels[3]!.toDense!);
    assert.equal(a!.difference, b!.difference);
    assert.notEqual(a!.low, b!.low);
    // Groups of one record each count as no groups.
    const single = compareDirectories([write("single", 1)]);
    assert.deepEqual(single.methods[0]!.levels[3]!.toDense, alone.methods[0]!.levels[3]!.toDense);
  }));
