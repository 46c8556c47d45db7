/** The plans in scripts/plans. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Config } from "../config/config.ts";
import type { Mode } from "../config/modes.ts";
import { networkGraph } from "../config/network_config.ts";
import { ROOT } from "../core/paths.ts";
import { prunableWeights } from "../model/graph.ts";
import { keepCounts } from "../pruning/plan.ts";
import { expandPlan } from "../sweep/cells.ts";
import { readPlan } from "../sweep/plan.ts";
import { askedConfig } from "./lth.ts";
import { parseLthOptions } from "./lth_options.ts";

const FOLDER = path.join(ROOT, "scripts/plans");

/** A plan's runs, without controls: the words of each command, and its teachers. */
function runsOf(plan: string): { name: string; args: string[]; teachers: string[] }[] {
  const isTeacher = (word?: string) => word?.startsWith("--teacher");
  return expandPlan(readPlan(path.join(FOLDER, plan)))
    .filter(({ base }) => base === null)
    .map(({ name, args }) => ({
      name,
      args: args.filter((word, i) => !isTeacher(word) && !isTeacher(args[i - 1])),
      teachers: args.filter((_, i) => args[i - 1] === "--teacher").flatMap((it) => it.split(",")),
    }));
}

/** The configurations of a plan's runs, without those of controls; without teachers, which are not there. */
function configsOf(plan: string): Config[] {
  return runsOf(plan).map(({ args }) => askedConfig(parseLthOptions(args, { quiet: true }), "cpu"));
}

Deno.test("every run of every shipped plan has valid settings", () => {
  for (const name of fs.readdirSync(FOLDER)) assert.ok(configsOf(name).length > 0, name);
});

Deno.test("the baselines keep as many weights and train as many epochs as the tickets of the study, or one round more", () => {
  const kept = ({ network, pruning }: Config) =>
    keepCounts(prunableWeights(networkGraph(network, 4)), pruning);
  const study = configsOf("study.json")[0]!;
  const ticket = { ...study, pruning: { ...study.pruning, rounds: 7 } };
  const found = configsOf("baselines.json").map((config) => ({
    mode: config.mode,
    kept: kept(config).at(-1),
    epochs: config.training.epochs,
    seed: config.seed,
    fold: config.folds!.fold,
  }));
  const ofRounds: [round: number, modes: Mode[]][] = [
    [3, ["gradual", "set", "rigl"]],
    [5, ["gradual", "set", "rigl"]],
    [6, ["gradual"]],
    [4, ["rigl"]],
    [6, ["rigl"]],
    [7, ["rigl"]],
  ];
  const expected = ofRounds.flatMap(([round, modes]) =>
    modes.flatMap((mode) =>
      [1, 2, 3, 4, 5].map((seed) => ({
        ...{ mode, kept: kept(ticket)[round - 1], epochs: (round + 1) * ticket.training.epochs },
        ...{ seed, fold: seed },
      }))
    )
  );
  // The dense network of one schedule prunes nothing and trains as long as the tickets of round 5.
  const dense = [1, 2, 3, 4, 5].map((seed) => ({
    ...{ mode: "lr-rewind", kept: undefined, epochs: 6 * ticket.training.epochs, seed, fold: seed },
  }));
  assert.deepEqual(found, [...expected, ...dense]);
});

Deno.test("teachers are runs of the other plans with the student's fold and seed", () => {
  const known = new Set(["study.json", "baselines.json"].flatMap(runsOf).map(({ name }) => name));
  const students = runsOf("teacher.json");
  assert.equal(students.length, 10);
  for (const { name, teachers } of students) {
    assert.equal(teachers.length, 2);
    for (const teacher of teachers) {
      const run = teacher.replace(/@\d+$/, "");
      assert.ok(known.has(run), run);
      assert.equal(/seed.*$/.exec(run)![0], /seed.*$/.exec(name)![0]);
    }
  }
});
