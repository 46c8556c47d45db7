import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { openDevice } from "../addon/select.ts";
import { Failure, UsageError } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Config } from "../config/config.ts";
import type { RunObserver } from "./observer.ts";
import { doRun } from "./run.ts";
import { doToyRun, halving, silent, toyConfig, withToyDataset } from "./testing.ts";

/** Does a run that copies the dense round of another run. Returns the rounds that were trained. */
async function doTakingOver(
  options: { directory: string; config: Config; denseFrom: string; stop?: () => boolean },
): Promise<number[]> {
  const { stop = () => false, ...run } = options;
  const trained: number[] = [];
  const observer: RunObserver = {
    ...silent,
    roundStarted: (round) => trained.push(round),
    stopRequested: stop,
    opened: () => {},
    note: () => {},
    summarised: () => {},
  };
  const device = openDevice({ backend: "cpu" });
  try {
    await doRun({ ...run, device, checkpointEvery: 0 }, observer);
  } finally {
    await device.close();
  }
  return trained;
}

/** The bytes of every file of a run, without files of times or names. */
function results(run: string): Map<string, string> {
  const files = fs.readdirSync(run, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(run, path.join(entry.parentPath, entry.name)))
    .filter((name) => !["environment.json", "timing.json", "summary.json"].includes(name));
  return new Map(
    files.sort().map((name) => [name, fs.readFileSync(path.join(run, name)).toString("base64")]),
  );
}

Deno.test("a run with a copied dense round ends, bit for bit, as if it had trained the round", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const base = toyConfig(data, { rewindTo: "4it" });
    await doToyRun({ directory: at("base"), config: base });
    for (const mode of ["weight-rewind", "finetune"] as const) {
      const config = toyConfig(data, { mode, rewindTo: "4it", pruning: halving(1, 0.8) });
      await doToyRun({ directory: at(mode), config });
      const shared = { directory: at(`${mode}-shared`), config, denseFrom: at("base") };
      assert.deepEqual(await doTakingOver(shared), [1]);
      assert.deepEqual(results(shared.directory), results(at(mode)));
      assert.deepEqual(await doTakingOver(shared), [], "a finished run was done again");
    }
  }));

Deno.test("an unfinished dense round is replaced by the copied one", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data);
    await doToyRun({ directory: at("base"), config });
    let asked = 0;
    await doToyRun({ directory: at("run"), config, stop: () => ++asked > 3 });
    assert.ok(fs.existsSync(runFiles.latest(at("run"))), "nothing had begun");
    assert.deepEqual(
      await doTakingOver({ directory: at("run"), config, denseFrom: at("base") }),
      [1, 2],
    );
    assert.deepEqual(results(at("run")), results(at("base")));
  }));

Deno.test("a dense round that would differ, or is damaged, is refused and nothing is copied", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data, { pruning: halving(0) });
    await doToyRun({ directory: at("base"), config });
    let asked = 0;
    await doToyRun({ directory: at("begun"), config, stop: () => ++asked > 3 });
    const refuses = async (
      name: string,
      { denseFrom, config, type, message }: {
        denseFrom: string;
        config: Config;
        type: typeof UsageError | typeof Failure;
        message: RegExp;
      },
    ) => {
      await assert.rejects(
        doTakingOver({ directory: at(name), config, denseFrom }),
        (error: Error) => error instanceof type && message.test(error.message),
      );
      assert.ok(!fs.existsSync(roundFiles.done(runFiles.round(at(name), 0))), name);
      assert.ok(!fs.existsSync(runFiles.rewind(at(name))), name);
      // A user's mistake is told before the run has a directory, so that it can be started again.
      if (type === UsageError) assert.ok(!fs.existsSync(at(name)), name);
    };
    const usage = { config, type: UsageError };
    await refuses("a", { ...usage, denseFrom: at("nowhere"), message: /there is no run in/ });
    await refuses("b", {
      ...usage,
      denseFrom: at("begun"),
      message: /dense round is not finished/,
    });
    const others: [Partial<Config>, RegExp][] = [
      [{ seed: 4 }, /seed: 3, not 4/],
      [{ rewindTo: "2it" }, /rewindTo: "0", not "2it"/],
      [{ training: { ...config.training, epochs: 2 } }, /training\.epochs: 3, not 2/],
    ];
    for (const [i, [changes, message]] of others.entries()) {
      const other = toyConfig(data, changes);
      const denseFrom = at("base");
      await refuses(`c${i}`, { config: other, type: UsageError, denseFrom, message });
    }
    const environment = runFiles.environment(at("base"));
    const text = fs.readFileSync(environment, "utf8");
    fs.writeFileSync(environment, text.replace(/"native": "/, "$&older "));
    await refuses("d", { ...usage, denseFrom: at("base"), message: /native: older .*, now / });
    fs.writeFileSync(environment, text);
    const end = roundFiles.end(runFiles.round(at("base"), 0));
    const bytes = fs.readFileSync(end);
    bytes[bytes.length - 9]! ^= 1;
    fs.writeFileSync(end, bytes);
    await refuses("e", { config, type: Failure, denseFrom: at("base"), message: /is damaged/ });
  }));
