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

/** The configurations of a plan's runs, without those of controls. */
function configsOf(name: string): Config[] {
  return expandPlan(readPlan(path.join(FOLDER, name)))
    .filter(({ base }) => base === null)
    .map(({ args }) => askedConfig(parseLthOptions(args, { quiet: true }), "cpu"));
}

Deno.test("every run of every shipped plan has valid settings", () => {
  for (const name of fs.readdirSync(FOLDER)) assert.ok(configsOf(name).length > 0, name);
});

Deno.test("the baselines keep as many weights and train as many epochs as the tickets of the study", () => {
  const kept = ({ network, pruning }: Config) =>
    keepCounts(prunableWeights(networkGraph(network, 4)), pruning);
  const [ticket] = configsOf("study.json");
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
  ];
  const expected = ofRounds.flatMap(([round, modes]) =>
    modes.flatMap((mode) =>
      [1, 2, 3, 4, 5].map((seed) => ({
        ...{ mode, kept: kept(ticket!)[round - 1], epochs: (round + 1) * ticket!.training.epochs },
        ...{ seed, fold: seed },
      }))
    )
  );
  assert.deepEqual(found, expected);
});
