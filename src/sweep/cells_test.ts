import assert from "node:assert/strict";
import { expandPlan } from "./cells.ts";
import { parsePlan } from "./plan.ts";

Deno.test("modes, seeds and folds multiply in this order, a mode's controls follow its runs", () => {
  const cells = expandPlan(parsePlan({
    name: "toy",
    modes: [{ mode: "weight-rewind", label: "late" }, "weight-rewind"],
    seeds: [7, 3],
    folds: { count: 2 },
    controls: [{ kind: "reinit", rounds: "all", of: ["late"] }],
  }, "it"));
  assert.deepEqual(cells.map(({ name, base }) => [name, base]), [
    ["toy-late-seed7-fold1of2", null],
    ["toy-late-seed7-fold2of2", null],
    ["toy-late-seed3-fold1of2", null],
    ["toy-late-seed3-fold2of2", null],
    ["toy-late-seed7-fold1of2-reinit", "toy-late-seed7-fold1of2"],
    ["toy-late-seed7-fold2of2-reinit", "toy-late-seed7-fold2of2"],
    ["toy-late-seed3-fold1of2-reinit", "toy-late-seed3-fold1of2"],
    ["toy-late-seed3-fold2of2-reinit", "toy-late-seed3-fold2of2"],
    ["toy-weight-rewind-seed7-fold1of2", null],
    ["toy-weight-rewind-seed7-fold2of2", null],
    ["toy-weight-rewind-seed3-fold1of2", null],
    ["toy-weight-rewind-seed3-fold2of2", null],
  ]);
  assert.deepEqual(cells.map(({ number }) => number), [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]);
});

Deno.test("with a seed per fold, fold i has seed i, and so has its control", () => {
  const cells = expandPlan(parsePlan({
    name: "cv",
    modes: ["lr-rewind"],
    folds: { count: 3, seeds: "fold" },
    controls: [{ kind: "continue", rounds: "all" }],
  }, "it"));
  assert.deepEqual(cells.map(({ name }) => name), [
    ...[1, 2, 3].map((i) => `cv-lr-rewind-seed${i}-fold${i}of3`),
    ...[1, 2, 3].map((i) => `cv-lr-rewind-seed${i}-fold${i}of3-continue`),
  ]);
  assert.match(cells[1]!.args.join(" "), /--seed 2 --folds 3 --fold 2/);
});

Deno.test("a setting without an option is set by its path", () => {
  const [run] = expandPlan(parsePlan({
    name: "toy",
    set: {
      "training.beta2": 0.99,
      "training.flip": false,
      "training.schedule.milestones": ["0.5"],
    },
    modes: ["weight-rewind"],
    seeds: [1],
  }, "it"));
  assert.match(
    run!.args.join(" "),
    / --set training\.beta2=0\.99 --set training\.flip=false --set training\.schedule\.milestones=0\.5 /,
  );
});

Deno.test("a cell's arguments are those of the command line, with a mode's own settings last", () => {
  const [run, control] = expandPlan(parsePlan({
    name: "toy",
    preset: "quick",
    set: { epochs: 4, "learning-rate": 0.01, "keep-layers": ["stem", "head"] },
    modes: [{ mode: "lth-ecg", set: { epochs: 5 } }],
    seeds: [0],
    folds: { count: 3 },
    controls: [{ kind: "random-uniform", rounds: [1, 4] }],
  }, "it")).filter(({ name }) => name.includes("fold2"));
  assert.deepEqual(run!.args.join(" ").split(" --"), [
    ...[
      "--preset quick",
      "mode lth-ecg",
      "epochs 5",
      "learning-rate 0.01",
      "keep-layers stem,head",
    ],
    ...["seed 0", "folds 3", "fold 2", "name toy-lth-ecg-seed0-fold2of3"],
  ]);
  assert.deepEqual(control!.args.join(" ").split(" --"), [
    ...["control", "run toy-lth-ecg-seed0-fold2of3", "kind random-uniform", "rounds 1,4"],
    "name toy-lth-ecg-seed0-fold2of3-random-uniform",
  ]);
});

Deno.test("without folds the name has no fold; true sets a flag, false is left out", () => {
  const [cell] = expandPlan(parsePlan({
    name: "/tmp/toy",
    set: { verbose: true, quiet: false },
    modes: ["finetune"],
    seeds: [2],
  }, "it"));
  assert.equal(cell!.name, "/tmp/toy-finetune-seed2");
  assert.deepEqual(cell!.args, [
    ...["--mode", "finetune", "--verbose", "--seed", "2", "--name", "/tmp/toy-finetune-seed2"],
  ]);
});

Deno.test("a setting can name a run's own seed and fold, such as its teacher", () => {
  const cells = expandPlan(parsePlan({
    name: "student",
    set: { teacher: ["big-seed{seed}-fold{fold}of{folds}", "small-{fold}@3"] },
    modes: [{ mode: "gradual", set: { target: 50 } }],
    folds: { count: 2, seeds: "fold" },
  }, "it"));
  assert.deepEqual(cells.map(({ args }) => args[args.indexOf("--teacher") + 1]), [
    "big-seed1-fold1of2,small-1@3",
    "big-seed2-fold2of2,small-2@3",
  ]);
});
