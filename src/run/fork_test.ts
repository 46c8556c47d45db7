import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, UsageError } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Config } from "../config/config.ts";
import { openBase } from "./control_base.ts";
import { controlConfig } from "./control_config.ts";
import {
  assertSameResults,
  doToyRun,
  halving,
  resultsOf,
  toyConfig,
  withToyDataset,
} from "./testing.ts";

/** Forks `base` and finishes the fork; returns its note about the copied rounds. */
async function fork(run: { directory: string; config: Config; forkFrom: string }): Promise<string> {
  let said = "";
  await doToyRun({ ...run, note: (message) => said += `${message}\n` });
  return said;
}

Deno.test("a fork copies the rounds that its settings would produce and ends as if it had trained all", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const base = toyConfig(data, { rewindTo: "3it" });
    await doToyRun({ directory: at("base"), config: base });
    const before = resultsOf(at("base"));
    const keepStem = { ...halving(2), keepLayers: ["stem"] };
    const cases: [name: string, Config, RegExp][] = [
      ["same", base, /forked from .*base, rounds 0 to 2\n/],
      ["more", { ...base, pruning: halving(3) }, /rounds 0 to 2\n/],
      ["fewer", { ...base, pruning: halving(1) }, /rounds 0 to 1\n/],
      ["target", { ...base, pruning: { ...halving(9), target: 6 } }, /rounds 0 to 2\n/],
      ["share", { ...base, pruning: halving(2, 0.3) }, /round 0\n/],
      ["mode", { ...base, mode: "finetune" }, /round 0\n/],
      ["criterion", { ...base, pruning: { ...halving(2), criterion: "random" } }, /round 0\n/],
      ["layers", { ...base, pruning: keepStem }, /round 0\n/],
    ];
    for (const [name, config, message] of cases) {
      await doToyRun({ directory: at("alone"), config });
      const said = await fork({ directory: at(name), config, forkFrom: at("base") });
      assert.match(said, message, name);
      assertSameResults(at(name), at("alone"), name);
      fs.rmSync(at("alone"), { recursive: true });
      const environment = JSON.parse(fs.readFileSync(runFiles.environment(at(name)), "utf8"));
      assert.ok(environment.forkedFrom.includes(at("base")));
    }
    assert.deepEqual(resultsOf(at("base")), before);
  }));

Deno.test("an unfinished run is forked at its last finished round; another build is mentioned", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data);
    await doToyRun({ directory: at("whole"), config });
    const inRoundTwo = () => fs.existsSync(roundFiles.mask(runFiles.round(at("base"), 2)));
    await doToyRun({ directory: at("base"), config, stop: inRoundTwo });
    const file = runFiles.environment(at("base"));
    const environment = JSON.parse(fs.readFileSync(file, "utf8"));
    fs.writeFileSync(file, JSON.stringify({ ...environment, native: "GNU 1" }));
    await assert.rejects(
      doToyRun({ directory: at("base"), config }),
      /native: GNU 1, now .*--fork/,
    );
    const said = await fork({ directory: at("fork"), config, forkFrom: at("base") });
    assert.match(said, /rounds 0 to 1, made on another machine or build \(native: GNU 1, now /);
    assertSameResults(at("fork"), at("whole"));
  }));

Deno.test("a fork whose source is damaged, or that was killed while it copied, can be repeated", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data);
    const run = { directory: at("fork"), config, forkFrom: at("base") };
    await doToyRun({ directory: at("base"), config });
    const end = roundFiles.end(runFiles.round(at("base"), 1));
    const bytes = fs.readFileSync(end);
    fs.truncateSync(end, 100);
    await assert.rejects(
      doToyRun(run),
      (error) => error instanceof Failure && error.message.startsWith(`${end} is damaged`),
    );
    assert.ok(!fs.existsSync(at("fork")), "a fork was begun");
    fs.writeFileSync(end, bytes);

    await fork(run);
    const environment = fs.readFileSync(runFiles.environment(at("fork")), "utf8");
    const kept: string[][] = [
      ["config.json"],
      ["config.json", "environment.json"],
      ["config.json", "environment.json", "rewind.safetensors", "round-000"],
    ];
    for (const names of kept) {
      for (const name of fs.readdirSync(at("fork"))) {
        if (!names.includes(name)) fs.rmSync(path.join(at("fork"), name), { recursive: true });
      }
      const other = { ...run, config: { ...config, pruning: halving(3) } };
      await assert.rejects(doToyRun(other), /There is already a run in .*fork/);
      assert.match(await fork(run), /forked from .*base, rounds 0 to 2\n/);
      assertSameResults(at("fork"), at("base"));
      const again = JSON.parse(fs.readFileSync(runFiles.environment(at("fork")), "utf8"));
      const { created } = again;
      assert.deepEqual(again, { ...JSON.parse(environment), created });
    }
    // A run that is no fork is left alone.
    await doToyRun({ directory: at("alone"), config, stop: () => true });
    await assert.rejects(fork({ ...run, directory: at("alone") }), /There is already a run in/);
  }));

Deno.test("a fork is advised only if it would work", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const base = toyConfig(data, { pruning: halving(1) });
    await doToyRun({ directory: at("base"), config: base });
    const policy = { kind: "shuffle", rounds: null } as const;
    const control = controlConfig(openBase(at("base"), "take masks from"), policy);
    const schedule = { kind: "set", every: "1ep", share: 0.4, end: 1 } as const;
    const single = toyConfig(data, {
      mode: "set",
      pruning: { ...base.pruning, rounds: 1, target: 8, schedule },
      training: { ...base.training, kernels: "density" },
    });
    for (const [name, config] of Object.entries({ control, single, begun: base })) {
      let chunks = 0;
      const run = { directory: at(name), config };
      await doToyRun({ ...run, stop: () => ++chunks > 2 });
      const file = runFiles.environment(at(name));
      const text = fs.readFileSync(file, "utf8");
      fs.writeFileSync(file, text.replace(/"native": "/, "$&older "));
      await assert.rejects(doToyRun(run), /native: older .*; start another run with --name NEW$/);
      fs.writeFileSync(file, text);
      const other = { ...run, config: { ...config, pruning: halving(3) } };
      await assert.rejects(doToyRun(other), /options out, or start another run with --name NEW$/);
    }
    const other = { directory: at("base"), config: single };
    await assert.rejects(doToyRun(other), /options out, or start another run with --name NEW$/);
    const forked = { directory: at("fork"), config: base, forkFrom: at("control") };
    const advice = /it is a control; .* --run \S+base --kind shuffle --name NEW$/;
    await assert.rejects(doToyRun(forked), advice);
  }));

Deno.test("an impossible fork is refused with the reason, and nothing is written", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data);
    let chunks = 0;
    await doToyRun({ directory: at("begun"), config, stop: () => ++chunks > 2 });
    await doToyRun({ directory: at("base"), config });
    const refused = async (message: RegExp, run: { config?: Config; forkFrom?: string }) => {
      const options = { directory: at("fork"), config, forkFrom: at("base"), ...run };
      await assert.rejects(doToyRun(options), (error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
      assert.ok(!fs.existsSync(at("fork")), String(message));
    };
    await refused(/there is no run in/, { forkFrom: at("nowhere") });
    await refused(/its dense round is not finished/, { forkFrom: at("begun") });
    await refused(/no round of it can be used .*seed: 3, not 4/, {
      config: { ...config, seed: 4 },
    });
    const training = { ...config.training, epochs: 4 };
    await refused(/training\.epochs: 3, not 4/, { config: { ...config, training } });
    const file = runFiles.environment(at("base"));
    const environment = JSON.parse(fs.readFileSync(file, "utf8"));
    fs.writeFileSync(file, JSON.stringify({ ...environment, datasetSha256: "00" }));
    await refused(/its data set had sha256 00, the present one has/, {});
    fs.writeFileSync(file, JSON.stringify(environment));

    await fork({ directory: at("fork"), config, forkFrom: at("base") });
    await assert.rejects(
      doToyRun({ directory: at("fork"), config, forkFrom: at("base") }),
      /There is already a run in .*fork/,
    );
  }));
