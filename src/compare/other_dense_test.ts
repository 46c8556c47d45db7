/** Methods whose dense networks are trained in different ways. */
import assert from "node:assert/strict";
import type { Summary } from "../results/summary.ts";
import { writeRun } from "./fixture.ts";
import { parsePairs } from "../config/planned_pairs.ts";
import { compareDirectories, withDirectory } from "./testing.ts";

/** Sets the dropout of a run's network. */
const dropout = (rate: number) => ({ config }: Summary) => {
  config["network"] = { ...config["network"] as Record<string, unknown>, dropout: rate };
};

Deno.test("dense networks with other settings are a pair of their own, also in runs without pruning", () =>
  withDirectory((directory) => {
    const runs = [0, 0.2].flatMap((rate) =>
      [1, 2, 3].map((seed) =>
        writeRun(directory, {
          name: `d${rate}-${seed}`,
          ...{ seed, rounds: 1, planned: 0, change: dropout(rate) },
          quality: () => 0.8 - rate,
          stream: "s",
        })
      )
    );
    const [a, b] = [0, 0.2].map((rate) => `dense (network.dropout ${rate})`);
    const { pairs, methods, tests } = compareDirectories(runs, {
      pairs: parsePairs(`${a}:${b}@100`),
    });
    assert.deepEqual(methods.map(({ name }) => name), [a, b]);
    assert.equal(pairs.length, 1);
    const [level] = pairs[0]!.levels;
    assert.deepEqual([level!.levelA, level!.levelB], [0, 0]);
    const [scoreA, scoreB] = methods.map(({ levels }) => levels[0]!.mean);
    assert.ok(Math.abs(level!.difference - (scoreA! - scoreB!)) < 1e-12);
    assert.ok(level!.difference > 0.05, `${level!.difference}`);
    assert.equal(tests[0]!.density, 1);
  }));

Deno.test("equal dense networks are no pair: of another mode, of a control, with dropout in dense rounds alone", () =>
  withDirectory((directory) => {
    const common = { stream: "s", rounds: 2, planned: 1 };
    const runs = [
      writeRun(directory, { ...common, name: "a", mode: "weight-rewind" }),
      writeRun(directory, { ...common, name: "b", mode: "lr-rewind" }),
      writeRun(directory, {
        ...{ ...common, name: "c", mode: "finetune" },
        change: ({ config }) => {
          const training = config["training"] as Record<string, unknown>;
          config["training"] = { ...training, dropoutRounds: "dense" };
        },
      }),
    ];
    const { pairs } = compareDirectories(runs);
    assert.equal(pairs.length, 3);
    for (const { levels } of pairs) assert.deepEqual(levels.map(({ levelA }) => levelA), [1]);
  }));
