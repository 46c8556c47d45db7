import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import { copyRounds } from "./copy_rounds.ts";
import { settleKernels } from "./round_kernels.ts";
import { RunStore } from "./run_store.ts";
import { RunWriter } from "./run_writer.ts";
import { startOfRound } from "./rounds.ts";
import { doToyRun, toyConfig, withToyDataset } from "./testing.ts";

/** Every file below a directory with its bytes. */
function contentsOf(directory: string): Map<string, string> {
  const names = fs.readdirSync(directory, { recursive: true }) as string[];
  return new Map(
    names.sort().filter((name) => fs.statSync(path.join(directory, name)).isFile())
      .map((name) => [name, fs.readFileSync(path.join(directory, name), "latin1")]),
  );
}

Deno.test("a process that has lost the lock changes no file of the run, whatever it writes", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const config = toyConfig(data);
    await doToyRun({ directory: run, config });
    const sound = new RunStore(run);
    const [summary] = sound.finishedRounds();
    const snapshot = sound.loadEnd(0);
    const temporary = path.join(run, ".summary.json.1.tmp");
    for (const file of [temporary, runFiles.latest(run)]) fs.writeFileSync(file, "left");
    fs.writeFileSync(roundFiles.done(runFiles.round(run, 1)), ""); // of an older version
    const lost = new RunWriter(() => {
      throw new Failure("another process has taken it over");
    });
    const store = new RunStore(run, lost);
    const progress = startOfRound(0).progress;
    const changes: Record<string, () => unknown> = {
      create: () => store.create(config),
      saveEnvironment: () => store.saveEnvironment({}),
      saveRewindPoint: () => store.saveRewindPoint({ snapshot, state: progress }),
      saveLatest: () => store.saveLatest({ snapshot, state: startOfRound(1) }),
      saveMasks: () => store.saveMasks(1, snapshot),
      finishRound: () => store.finishRound(summary!, { end: snapshot, predictions: [] }),
      sealOlderRounds: () => store.sealOlderRounds(),
      removeLeftovers: () => store.removeLeftovers(),
      saveSummary: () => store.saveSummary(sound.loadSummary()!),
      saveTiming: () => store.saveTiming({ rounds: [] }),
      removeLatest: () => store.removeLatest(),
      copyRounds: () => copyRounds(sound, { store, rounds: [0] }),
      settleKernels: () =>
        settleKernels({
          timesKernels: true,
          chooseKernels: () => Promise.resolve({}),
          setKernels: () => {},
        }, { directory: runFiles.round(run, 1), writer: lost }),
    };
    const writing = Object.getOwnPropertyNames(RunStore.prototype)
      .filter((name) => /^(create|save[A-Z]|finishRound|sealOlder|remove)/.test(name));
    for (const name of writing) assert.ok(changes[name], `${name} is not tried`);
    const before = contentsOf(run);
    for (const [name, change] of Object.entries(changes)) {
      await assert.rejects(async () => await change(), /has taken it over/, name);
      assert.deepEqual(contentsOf(run), before, name);
    }
  }));

Deno.test("only the writer and the lock change files of a run", () => {
  const folder = new URL("./", import.meta.url);
  const writes =
    /\bwrite(Json|Checkpoint|Files?Atomic|FolderAtomic)\b|\bremoveTemporaryFiles\b|fs\.(write|append|rm|rename|mkdir|copy|unlink|truncate)/;
  const found = fs.readdirSync(folder)
    .filter((name) => /(?<!_test|testing)\.ts$/.test(name))
    .filter((name) => writes.test(fs.readFileSync(new URL(name, folder), "utf8")));
  assert.deepEqual(found, ["lock.ts", "run_writer.ts"]);
});
