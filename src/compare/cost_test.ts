import assert from "node:assert/strict";
import type { EpochRow, Summary, Timing } from "../results/summary.ts";
import { fixtureSummary } from "../report/fixture.ts";
import { costOf, epochsToReach } from "./cost.ts";
import type { Control, Run } from "./run.ts";

/** Ten steps per epoch, macs halved every round, dev scores as given. */
function run(options: {
  mode?: Summary["mode"];
  rewindTo?: string;
  rounds?: number;
  control?: Control;
  devScores?: number[];
  timing?: Timing;
}): Run {
  const { mode = "weight-rewind", rewindTo = "0", rounds = 3, devScores = [0.2, 0.6, 0.5, 0.7] } =
    options;
  const summary = fixtureSummary({ rounds });
  summary.mode = mode;
  summary.config["rewindTo"] = rewindTo;
  summary.dataset.counts.train = [100, 60];
  summary.rounds.forEach((round) => {
    round.denseMacs = 800;
    round.macs = 800 / 2 ** round.round;
    round.kept = 64 / 2 ** round.round;
    round.epochs = devScores.map((devScore, i) => ({
      epoch: i + 1,
      step: 10 * (i + 1),
      devScore,
    } as EpochRow));
  });
  return {
    name: "r",
    directory: "/r",
    summary,
    control: options.control ?? null,
    timing: options.timing ?? null,
    outcomes: new Map(),
  };
}

const network = (run: Run, round: number) => ({ run, round: run.summary.rounds[round]! });

Deno.test("a ticket costs every round up to it, and sparser rounds cost less", () => {
  const own = run({});
  assert.deepEqual(costOf(network(own, 0), [own]), {
    epochs: 4,
    weightEpochs: 4,
    steps: 40,
    denseEpochs: 4,
    macs: 3 * 800 * 160 * 4,
    seconds: null,
  });
  assert.deepEqual(costOf(network(own, 2), [own]), {
    epochs: 12,
    // Rewound weights have their own round only.
    weightEpochs: 4,
    steps: 120,
    denseEpochs: 4 + 2 + 1,
    macs: 3 * 160 * 4 * (800 + 400 + 200),
    seconds: null,
  });
});

Deno.test("seconds are timed seconds per epoch times epochs; without times of one round there are none", () => {
  // Round 1 was interrupted: only its last epoch was timed.
  const rounds = [[0, 8, 4], [1, 1.5, 1], [2, 4, 4]].map(([round, trainSeconds, epochs]) => ({
    round: round!,
    trainSeconds: trainSeconds!,
    epochs: epochs!,
  }));
  const timed = run({ timing: { rounds } });
  assert.equal(costOf(network(timed, 2), [timed])?.seconds, 8 + 4 * 1.5 + 4);
  const late = run({ timing: { rounds }, rewindTo: "1ep" });
  assert.equal(costOf(network(late, 1), [late])?.seconds, 8 + 3 * 1.5);
  const partly = run({ timing: { rounds: rounds.slice(0, 1) } });
  assert.equal(costOf(network(partly, 0), [partly])?.seconds, 8);
  assert.equal(costOf(network(partly, 1), [partly])?.seconds, null);
});

Deno.test("steps that late rewinding copies are not counted again", () => {
  const late = run({ rewindTo: "1ep5it" });
  assert.equal(costOf(network(late, 0), [late])?.steps, 40);
  assert.equal(costOf(network(late, 2), [late])?.steps, 40 + 25 + 25);
  assert.equal(costOf(network(late, 2), [late])?.epochs, 4 + 2.5 + 2.5);
  const kept = run({ rewindTo: "1ep5it", mode: "finetune" });
  assert.equal(costOf(network(kept, 2), [kept])?.steps, 120);
});

Deno.test("a control costs its own rounds and those that its mask came from", () => {
  const base = run({});
  const control = run({ control: { kind: "reinit", base: "r" } });
  control.summary.rounds = control.summary.rounds.slice(2);
  assert.deepEqual(costOf(network(control, 0), [base, control])?.steps, 40 + 40 + 40);
  assert.deepEqual(costOf(network(control, 0), [base, control])?.denseEpochs, 4 + 2 + 1);
  assert.equal(costOf(network(control, 0), [control]), null);
  const late = { rewindTo: "1ep", rounds: 3 };
  const shuffled = run({ ...late, control: { kind: "shuffle", base: "r" } });
  const fresh = run({ ...late, control: { kind: "reinit", base: "r" } });
  assert.equal(costOf(network(shuffled, 2), [base, shuffled])?.steps, 40 + 40 + 30);
  assert.equal(costOf(network(fresh, 2), [base, fresh])?.steps, 40 + 40 + 40);
  const small = run({ control: { kind: "dense-small", base: "r" }, rounds: 1 });
  small.summary.rounds[0]!.denseMacs = small.summary.rounds[0]!.macs = 200;
  assert.deepEqual(costOf(network(small, 0), [base, small])?.steps, 40);
  assert.deepEqual(costOf(network(small, 0), [base, small])?.denseEpochs, 1);
});

Deno.test("epochs to a threshold count only the round's own training", () => {
  assert.equal(epochsToReach(network(run({}), 1), 0.6), 2);
  assert.equal(epochsToReach(network(run({}), 1), 0.7), 4);
  assert.equal(epochsToReach(network(run({}), 1), 0.71), null);
  // The second epoch's score was reached before the rewind point, not after it.
  assert.equal(epochsToReach(network(run({ rewindTo: "2ep" }), 1), 0.6), 2);
  assert.equal(epochsToReach(network(run({ rewindTo: "15it" }), 1), 0.6), 0.5);
});

Deno.test("epochs of the weights leave out the rounds that only found the mask", () => {
  const epochs = (own: Run, round: number, runs = [own]) =>
    costOf(network(own, round), runs)!.weightEpochs;
  assert.equal(epochs(run({ rewindTo: "1ep" }), 2), 4);
  assert.equal(epochs(run({ mode: "lr-rewind" }), 2), 12);
  const base = run({ mode: "lr-rewind" });
  const control = (kind: Control["kind"]) =>
    run({ mode: "lr-rewind", control: { kind, base: "r" } });
  for (const [kind, expected] of [["shuffle", 8], ["reinit", 4], ["reorder", 12]] as const) {
    const own = control(kind);
    assert.equal(epochs(own, 2, [base, own]), expected, kind);
  }
});

Deno.test("a dense network trained on costs the dense round and its own", () => {
  const base = run({ rewindTo: "1ep" });
  const own = run({ rewindTo: "1ep", control: { kind: "continue", base: "r" } });
  own.summary.rounds = own.summary.rounds.slice(1);
  own.summary.rounds.forEach((round) => (round.macs = 800));
  const cost = costOf(network(own, 1), [base, own])!;
  assert.deepEqual([cost.epochs, cost.weightEpochs, cost.denseEpochs, cost.steps], [
    12,
    12,
    12,
    120,
  ]);
});
