import assert from "node:assert/strict";
import { shellWords } from "./command.ts";
import { type LthOptions, parseLthOptions } from "./lth_options.ts";
import { runReplicates } from "./replicates.ts";

/** Runs that note what they were asked for; the one in place `stopAt` is stopped. */
async function replicate(args: string[], stopAt = -1) {
  const asked: LthOptions[] = [];
  const commands = new Set<string>();
  const code = await runReplicates(parseLthOptions(args), {
    args,
    baseSeed: 4,
    runOne: (options, again) => {
      asked.push(options);
      commands.add(again);
      const code = asked.length - 1 === stopAt ? 130 : 0;
      return Promise.resolve({ name: options.name ?? `default${options.seed}`, code });
    },
  });
  return { code, asked, commands: [...commands] };
}

Deno.test("replicates differ in seed and name alone", async () => {
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

Deno.test("a stopped replicate is the last, and the command continues all of them", async () => {
  const args = ["--replicates", "3", "--resume", "--data", "my data"];
  const { code, asked, commands } = await replicate(args, 1);
  assert.equal(code, 130);
  assert.equal(asked.length, 2);
  assert.deepEqual(commands, ["deno task lth --replicates 3 --data 'my data' --resume"]);
});

Deno.test("words are quoted where a shell would not read them back", () => {
  assert.equal(shellWords(["a-b", "./c,d=1", ""]), "a-b ./c,d=1 ''");
  assert.equal(shellWords(["it's $HOME"]), "'it'\\''s $HOME'");
});
