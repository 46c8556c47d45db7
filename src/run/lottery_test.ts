import assert from "node:assert/strict";
import { type LotteryParts, runLottery } from "./lottery.ts";

/** Parts that record their calls, with some rounds done and one interrupted. */
function fakes(options: { done?: number[]; interrupted?: number; stopIn?: number }) {
  const calls: string[] = [];
  const done = new Set(options.done);
  const note = (name: string) => (round: number) => {
    calls.push(`${name} ${round}`);
    return Promise.resolve();
  };
  const parts: LotteryParts = {
    rounds: 2,
    isDone: (round) => done.has(round),
    restore: (round) => {
      if (round !== options.interrupted) return Promise.resolve(false);
      calls.push(`restore ${round}`);
      return Promise.resolve(true);
    },
    initialise: () => {
      calls.push("initialise");
      return Promise.resolve();
    },
    prune: note("prune"),
    rewind: note("rewind"),
    train: (round) => {
      calls.push(`train ${round}`);
      return Promise.resolve(round === options.stopIn ? "stopped" : "finished");
    },
    finish: note("finish"),
  };
  return { calls, parts };
}

Deno.test("a new run trains dense, then prunes, rewinds and retrains each round", async () => {
  const { calls, parts } = fakes({});
  assert.equal(await runLottery(parts), "finished");
  assert.deepEqual(calls, [
    ...["initialise", "train 0", "finish 0"],
    ...["prune 1", "rewind 1", "train 1", "finish 1"],
    ...["prune 2", "rewind 2", "train 2", "finish 2"],
  ]);
});

Deno.test("finished rounds are skipped", async () => {
  const { calls, parts } = fakes({ done: [0, 1] });
  assert.equal(await runLottery(parts), "finished");
  assert.deepEqual(calls, ["prune 2", "rewind 2", "train 2", "finish 2"]);
  const all = fakes({ done: [0, 1, 2] });
  await runLottery(all.parts);
  assert.deepEqual(all.calls, []);
});

Deno.test("an interrupted round is restored, neither pruned nor rewound again", async () => {
  const { calls, parts } = fakes({ done: [0], interrupted: 1 });
  await runLottery(parts);
  assert.deepEqual(calls.slice(0, 4), ["restore 1", "train 1", "finish 1", "prune 2"]);
});

Deno.test("a stop ends the run before the round is finished", async () => {
  const { calls, parts } = fakes({ stopIn: 1 });
  assert.equal(await runLottery(parts), "stopped");
  assert.equal(calls.at(-1), "train 1");
});
