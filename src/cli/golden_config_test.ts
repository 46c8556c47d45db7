/**
 * The bytes of config.json. golden_configs.jsonl was written at commit b762769, before there was a schema
 * (its lines with the preset cinc2017 anew when that became the recipe of docs/recipe.md):
 * a line is [arguments of `deno task lth`, JSON.stringify of the configuration that they asked for].
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { parseConfig } from "../config/config.ts";
import { isRecord } from "../core/records.ts";
import { askedConfig } from "./lth.ts";
import { parseLthOptions } from "./lth_options.ts";

const FILE = new URL("../config/golden_configs.jsonl", import.meta.url);

/** `now` without settings that `then` did not have: they came later. */
function without(now: unknown, then: unknown): unknown {
  if (!isRecord(now) || !isRecord(then)) return now;
  return Object.fromEntries(
    Object.entries(now).filter(([key]) => Object.hasOwn(then, key))
      .map(([key, value]) => [key, without(value, then[key])]),
  );
}

Deno.test("presets and options give the configuration that they gave before, byte for byte", () => {
  const lines = fs.readFileSync(FILE, "utf8").trimEnd().split("\n");
  assert.equal(lines.length, 24);
  for (const line of lines) {
    const [words, saved] = JSON.parse(line) as [string, unknown];
    const [args, backend] = words === "cuda"
      ? [[], "cuda"] as const
      : [words.split(" "), "cpu"] as const;
    const config = askedConfig(parseLthOptions(args), backend);
    assert.equal(JSON.stringify([words, without(config, saved)]), line);
    const read = parseConfig(saved, words);
    assert.equal(JSON.stringify(without(read, saved)), JSON.stringify(saved), "read back");
  }
});

Deno.test("configurations of before any later setting load with the old behaviour", () => {
  const [, full] = JSON.parse(fs.readFileSync(FILE, "utf8").split("\n")[0]!) as [
    string,
    Record<string, Record<string, unknown>>,
  ];
  const { orderSeed: _o, initFrom: _i, folds: _f, score: _s, flipAverage: _a, ...old } = full;
  const { control: _c, precision: _p, training, ...older } = old;
  const { warmup: _w, sameNoise: _n, augment: _g, loss: _l, teacher: _t, ...oldTraining } =
    training!;
  const { average: _v, earlyStopping: _e, onNan: _q, kernels: _k, ...oldest } = oldTraining;
  const config = parseConfig({ ...older, training: oldest }, "an old run");
  assert.equal(config.training.sameNoise, true);
  assert.deepEqual(config.score, { decision: "vote", priorExponent: 1, priorUnit: "steps" });
  assert.deepEqual(config.training.loss, { labelSmoothing: 0, classWeights: "none", focal: 0 });
  assert.equal(config.precision, "fp32");
  const now = parseConfig({ ...full, score: config.score }, "now");
  now.training.sameNoise = true;
  assert.equal(JSON.stringify(config), JSON.stringify(now), "the same order, the same values");
});
