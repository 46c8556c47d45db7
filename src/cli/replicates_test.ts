import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { runFiles } from "../core/paths.ts";
import type { Summary } from "../results/summary.ts";
import { withToyDataset } from "../run/testing.ts";
import { shellWords } from "../core/shell.ts";
import { type LthOptions, parseLthOptions } from "./lth_options.ts";
import { runReplicates } from "./replicates.ts";
import { outcome } from "./testing.ts";

/** Fake runs that note what they were asked to do; run number `stopAt` is stopped. */
async function replicate(args: string[], stopAt = -1) {
  const asked: LthOptions[] = [];
  const commands = new Set<string>();
  const renewed: string[] = [];
  const code = await runReplicates(parseLthOptions(args), {
    args,
    baseSeed: 4,
    runOne: (options, again) => {
      asked.push(options);
      commands.add(again);
      const code = asked.length - 1 === stopAt ? 130 : 0;
      return Promise.resolve({ name: options.name ?? `default${options.seed}`, code });
    },
    renewReport: (name) => renewed.push(name),
  });
  return { code, asked, commands: [...commands], renewed };
}

Deno.test("replicates differ only in seed and name", async () => {
  const { code, asked } = await replicate(["--replicates", "3", "--name", "a", "--epochs", "7"]);
  assert.equal(code, 0);
  assert.deepEqual(asked.map(({ name, seed }) => [name, seed]), [
    ["a-seed4", 4],
    ["a-seed5", 5],
    ["a-seed6", 6],
  ]);
  assert.deepEqual(asked.map(({ epochs }) => epochs), [7, 7, 7]);
  const unnamed = await replicate(["--replicates", "2"]);
  assert.deepEqual(unnamed.asked.map(({ name }) => name), [undefined, undefined]);
});

Deno.test("after the last run, the reports of earlier runs are written again", async () => {
  const { renewed } = await replicate(["--replicates", "3", "--name", "a"]);
  assert.deepEqual(renewed, ["a-seed4", "a-seed5"]);
  assert.deepEqual((await replicate(["--replicates", "3", "--name", "a"], 2)).renewed, []);
});

Deno.test("a stopped replicate ends the series, and the printed command continues all of them", async () => {
  const args = ["--replicates", "3", "--resume", "--data", "my data"];
  const { code, asked, commands } = await replicate(args, 1);
  assert.equal(code, 130);
  assert.equal(asked.length, 2);
  assert.deepEqual(commands, ["deno task lth --replicates 3 --data 'my data' --resume"]);
});

Deno.test("words are quoted if a shell would otherwise change them", () => {
  assert.equal(shellWords(["a-b", "./c,d=1", ""]), "a-b ./c,d=1 ''");
  assert.equal(shellWords(["it's $HOME"]), "'it'\\''s $HOME'");
});

Deno.test("replicates of a fold have equal data and different networks; a second start finds them complete", () =>
  withToyDataset(async ({ directory, data }) => {
    const name = path.join(directory, "toy");
    const args = [
      ...["--data", data, "--name", name, "--filters", "4", "--blocks", "2", "--kernel", "4"],
      ...["--epochs", "1", "--batch-size", "4", "--rounds", "1", "--backend", "cpu"],
      ...["--folds", "4", "--fold", "2", "--seed", "5", "--replicates", "2"],
    ];
    const first = await outcome(args);
    assert.equal(first.code, 0, first.err);
    assert.ok(first.out.includes(`deno task compare ${name}-seed5 ${name}-seed6\n`), first.out);
    const [a, b] = [5, 6].map((seed): Summary =>
      JSON.parse(fs.readFileSync(runFiles.summary(`${name}-seed${seed}`), "utf8"))
    );
    assert.deepEqual(a!.config["folds"], { count: 4, fold: 2, seed: 2018 });
    assert.deepEqual(a!.dataset, b!.dataset);
    assert.deepEqual(a!.dataset.counts, { train: [11, 11], dev: [4, 4], test: [5, 5] });
    assert.notDeepEqual(a!.rounds[0]!.epochs, b!.rounds[0]!.epochs);
    for (const seed of [5, 6]) {
      assert.match(fs.readFileSync(`${name}-seed${seed}/report.html`, "utf8"), /2 of 2 runs/);
    }

    const again = await outcome(args);
    assert.equal(again.code, 0, again.err);
    assert.equal(again.out.match(/is already complete/g)?.length, 2);
    const other = await outcome([...args, "--fold", "3"]);
    assert.equal(other.code, 2);
    assert.match(other.err, /folds\.fold: 2, not 3/);
  }));
