import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { ROOT } from "../core/paths.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import { parsePlan, readPlan } from "./plan.ts";

const PLAN = { name: "toy", modes: ["weight-rewind"], seeds: [1] };

Deno.test("a mode given as a text has its name as label and no settings", () => {
  const { modes, set, folds, controls } = parsePlan(
    {
      ...PLAN,
      modes: ["finetune", { mode: "weight-rewind", label: "late", set: { "rewind-to": "1ep" } }],
    },
    "it",
  );
  assert.deepEqual(modes, [
    { mode: "finetune", label: "finetune", set: {} },
    { mode: "weight-rewind", label: "late", set: { "rewind-to": "1ep" } },
  ]);
  assert.deepEqual([set, folds, controls], [{}, null, []]);
});

Deno.test("errors name the field that is wrong", () => {
  const cases: [unknown, RegExp][] = [
    [[], /expected an object in braces, not \[\]/],
    [{ ...PLAN, colour: "red" }, /colour/],
    [{ ...PLAN, name: "two words" }, /name: use letters/],
    [{ ...PLAN, preset: "fast" }, /preset: .*"quick"/],
    [{ ...PLAN, modes: [] }, /modes: /],
    [{ ...PLAN, modes: ["finetuning"] }, /modes\.0\.mode: .*"finetune"/],
    [{ ...PLAN, modes: [{ mode: "finetune", sets: {} }] }, /modes\.0: .*sets/],
    [{ ...PLAN, modes: ["finetune", "finetune"] }, /modes: two have the same label/],
    [{ ...PLAN, seeds: [] }, /seeds: /],
    [{ name: "toy", modes: ["finetune"] }, /seeds: name at least one, or let every fold/],
    [{ ...PLAN, folds: { count: 5, seeds: "fold" } }, /seeds: every fold has its own/],
    [{ ...PLAN, folds: { count: 5, seeds: [1] } }, /folds\.seeds: /],
    ...["a", "a:b@0", "a:b@1.2.3", "a:b@200", "a:b,c:d", "a:b,c", " :b"].map((
      pair,
    ): [unknown, RegExp] => [
      { ...PLAN, pairs: ["a:b@6.4 %", pair] },
      /pairs\.1: write METHOD:METHOD/,
    ]),
    [{ ...PLAN, pairs: ["a:b", "b:a@5", "b:a"] }, /pairs: a pair is there twice/],
    [{ ...PLAN, seeds: [0, 1.5] }, /seeds\.1: /],
    [{ ...PLAN, seeds: [3, 3] }, /seeds: a seed is there twice/],
    [
      { ...PLAN, set: { teacher: "big-{fold}" } },
      /set: \{fold\} stands for a fold, and the plan has no/,
    ],
    [{ ...PLAN, folds: 5 }, /folds: expected an object in braces, not 5/],
    [{ name: "toy", seeds: [1] }, /modes: expected a list in brackets, but it is missing/],
    [{ ...PLAN, name: 7 }, /name: expected a text in quotes, not 7/],
    [{ ...PLAN, folds: { count: 1 } }, /folds\.count: /],
    [{ ...PLAN, set: { seed: 4 } }, /set\.seed: the plan or the sweep decides it elsewhere/],
    [{ ...PLAN, set: { "folds.fold": 4 } }, /set\.folds\.fold: .* decides it elsewhere/],
    [
      { ...PLAN, set: { "try-dense-from": "a" } },
      /set\.try-dense-from: .* decides it elsewhere/,
    ],
    [{ ...PLAN, set: { "--epochs": 4 } }, /set\.--epochs: .*without its dashes/],
    [{ ...PLAN, set: { epochs: null } }, /set\.epochs: write a number/],
    [
      { ...PLAN, controls: [{ kind: "reinit", rounds: "some" }] },
      /controls\.0\.rounds: write "all"/,
    ],
    [
      { ...PLAN, controls: [1, 2].map((round) => ({ kind: "reinit", rounds: [round] })) },
      /controls: a kind is there twice/,
    ],
    [
      { ...PLAN, controls: [{ kind: "reinit", rounds: "all", of: ["finetune"] }] },
      /control reinit is of finetune, which is not one of its modes \(weight-rewind\)/,
    ],
  ];
  for (const [value, message] of cases) {
    assert.throws(() => parsePlan(value, "it"), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, /^Cannot use the plan it: /);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("a file that is absent or not JSON is refused by name", () =>
  inTemporaryDirectory((directory) => {
    const file = path.join(directory, "plan.json");
    assert.throws(() => readPlan(file), /Cannot read the plan .*plan\.json: no such file/);
    fs.writeFileSync(file, "{");
    assert.throws(() => readPlan(file), /plan\.json: it is not JSON/);
    fs.writeFileSync(file, JSON.stringify(PLAN));
    assert.equal(readPlan(file).name, "toy");
  }));

Deno.test("the plans that come with the project are valid", () => {
  const directory = path.join(ROOT, "scripts/plans");
  const files = fs.readdirSync(directory);
  assert.ok(files.length > 0);
  for (const file of files) assert.ok(readPlan(path.join(directory, file)).description);
});
