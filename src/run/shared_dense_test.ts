import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { openDevice } from "../addon/select.ts";
import { Failure, UsageError } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Config } from "../config/config.ts";
import type { RunObserver } from "./observer.ts";
import { doRun } from "./run.ts";
import { type DenseSource, denseTraining } from "./shared_dense.ts";
import { doToyRun, halving, silent, toyConfig, withToyDataset } from "./testing.ts";

/**
 * Does a run that copies the dense round of another run. Returns the rounds of which at least one epoch was
 * trained.
 */
async function doTakingOver(
  options: {
    directory: string;
    config: Config;
    denseFrom: string;
    otherwise?: DenseSource["otherwise"];
    stop?: () => boolean;
    note?: (message: string) => void;
  },
): Promise<number[]> {
  const { denseFrom, otherwise = "refuse", stop = () => false, note = () => {}, ...run } = options;
  const trained: number[] = [];
  const observer: RunObserver = {
    ...silent,
    epochDone: (round, { epoch }) => epoch === 1 && trained.push(round),
    stopRequested: stop,
    note,
  };
  const device = openDevice({ backend: "cpu" });
  try {
    const dense = { from: denseFrom, otherwise };
    await doRun({ ...run, dense, device, checkpointEvery: 0 }, observer);
  } finally {
    await device.close();
  }
  return trained;
}

/** The SHA-256 of every file of a run, without files of times or names. */
function results(run: string): Map<string, string> {
  const files = fs.readdirSync(run, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(run, path.join(entry.parentPath, entry.name)))
    .filter((name) => !["environment.json", "timing.json", "summary.json"].includes(name));
  return new Map(
    files.sort().map((name) => [name, sha256(fs.readFileSync(path.join(run, name)))]),
  );
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
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

Deno.test("a run with a rewind point of its own trains to it and copies the dense round then", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    await doToyRun({ directory: at("base"), config: toyConfig(data, { rewindTo: "0" }) });
    const config = toyConfig(data, { rewindTo: "4it" });
    await doToyRun({ directory: at("alone"), config });
    const expected = results(at("alone"));
    const trainedRounds = [1, 2]; // and less than an epoch of round 0
    const shared = (name: string) => ({ directory: at(name), config, denseFrom: at("base") });
    assert.deepEqual(await doTakingOver(shared("undisturbed")), trainedRounds);
    assert.deepEqual(results(at("undisturbed")), expected);
    for (const stopAfter of [1, 2, 3, 4, 5, 6]) {
      const name = `stopped${stopAfter}`;
      let asked = 0;
      await doTakingOver({ ...shared(name), stop: () => ++asked >= stopAfter });
      await doTakingOver(shared(name));
      assert.deepEqual(results(at(name)), expected, name);
    }
    // A lost rewind point is made again.
    const reached = () => fs.existsSync(runFiles.rewind(at("lost")));
    await doToyRun({ directory: at("lost"), config, stop: reached });
    fs.truncateSync(runFiles.rewind(at("lost")), 100);
    assert.deepEqual(await doTakingOver(shared("lost")), trainedRounds);
    assert.deepEqual(results(at("lost")), expected);
  }));

Deno.test("a run that was stopped before its rewind point copies nothing", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    await doToyRun({ directory: at("base"), config: toyConfig(data, { rewindTo: "0" }) });
    const config = toyConfig(data, { rewindTo: "4it" });
    const device = openDevice({ backend: "cpu" });
    try {
      const { outcome, summary } = await doRun(
        {
          ...{ directory: at("run"), config, device, checkpointEvery: 0 },
          dense: { from: at("base"), otherwise: "refuse" },
        },
        { ...silent, stopRequested: () => true },
      );
      assert.equal(outcome, "stopped");
      assert.deepEqual(summary.rounds, []);
      assert.ok(!fs.existsSync(runFiles.rewind(at("run"))));
    } finally {
      await device.close();
    }
  }));

Deno.test("dense rounds with other rewind points are the same, unless kernels are timed", () => {
  const dense = (changes: Partial<Config>) => denseTraining(toyConfig("data", changes));
  const { training } = toyConfig("data");
  const timed = { ...training, kernels: "timed" as const };
  const density = { ...training, kernels: "density" as const };
  assert.deepEqual(dense({ rewindTo: "1it" }), dense({ rewindTo: "0" }));
  const cuda = { backend: "cuda" as const };
  assert.deepEqual(
    dense({ ...cuda, training: density, rewindTo: "1it" }),
    dense({ ...cuda, training: density, rewindTo: "0" }),
  );
  assert.notDeepEqual(
    dense({ ...cuda, training: timed, rewindTo: "1it" }),
    dense({ ...cuda, training: timed, rewindTo: "0" }),
  );
  assert.notDeepEqual(dense({ seed: 1 }), dense({ seed: 2 }));
});

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

Deno.test("a run that may train the dense round does so, with the reason, if it cannot be taken over", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data, { rewindTo: "4it" });
    await doToyRun({ directory: at("alone"), config });
    await doToyRun({ directory: at("base"), config: toyConfig(data, { rewindTo: "0" }) });
    const environment = (text: string) => text.replace(/"native": "/, "$&older ");
    const damages: [name: string, damage: (base: string) => void, why: RegExp][] = [
      ["lost", (base) => fs.rmSync(base, { recursive: true }), /there is no run in/],
      [
        "built otherwise",
        (base) => change(runFiles.environment(base), environment),
        /^the dense round is trained here\. Cannot take .* build or data set \(native: older /,
      ],
      ["without settings", (base) => change(runFiles.config(base), () => "{"), /config\.json/],
      ["without times", (base) => change(runFiles.timing(base), () => "{"), /timing\.json/],
      [
        "damaged",
        (base) => fs.truncateSync(roundFiles.end(runFiles.round(base, 0)), 100),
        /end\.safetensors is damaged: /,
      ],
    ];
    for (const [name, damage, why] of damages) {
      const base = at(`base ${name}`);
      fs.cpSync(at("base"), base, { recursive: true });
      damage(base);
      let said: string[] = [];
      const run = {
        ...{ directory: at(name), config, denseFrom: base, otherwise: "train" as const },
        note: (message: string) => said.push(message),
      };
      // It is stopped after its rewind point; going on, it does the same again.
      await doTakingOver({ ...run, stop: () => fs.existsSync(runFiles.rewind(at(name))) });
      const done = () => fs.existsSync(roundFiles.done(runFiles.round(at(name), 0)));
      assert.ok(!done(), name);
      for (const rounds of [[0, 1, 2], []]) {
        said = [];
        const trained = await doTakingOver(run);
        assert.deepEqual(trained.filter((round) => round > 0), rounds.slice(1), name);
        // A finished round is not asked for again.
        assert.equal(said.length, rounds.length === 0 ? 0 : 1, said.join("\n"));
        if (rounds.length > 0) assert.match(said[0]!, why);
        assert.deepEqual(results(at(name)), results(at("alone")), name);
      }
    }
  }));

function change(file: string, edit: (text: string) => string): void {
  fs.writeFileSync(file, edit(fs.readFileSync(file, "utf8")));
}
