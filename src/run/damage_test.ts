import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, UsageError } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Config } from "../config/config.ts";
import { assertSameResults, doToyRun, toyConfig, withToyDataset } from "./testing.ts";

/** Runs until a toy run is in the middle of round 1 and has saved two states of it. */
async function stopInRoundOne(directory: string, config: Config): Promise<void> {
  const masked = () => fs.existsSync(roundFiles.mask(runFiles.round(directory, 1)));
  let chunks = 0;
  const { outcome } = await doToyRun({
    directory,
    config,
    stop: () => masked() && ++chunks >= 3,
  });
  assert.equal(outcome, "stopped");
}

const damages: Record<string, (file: string) => void> = {
  "cut off": (file) => fs.truncateSync(file, fs.statSync(file).size - 100),
  "cut off in its header": (file) => fs.truncateSync(file, 200),
  empty: (file) => fs.truncateSync(file, 0),
  "with a flipped bit": (file) => flip(file, 0.7),
  "with a flipped bit in its header": (file) => flip(file, 0.001),
};

function flip(file: string, at: number): void {
  const bytes = fs.readFileSync(file);
  bytes[Math.floor(at * bytes.length)]! ^= 4;
  fs.writeFileSync(file, bytes);
}

Deno.test("a damaged state is replaced by the previous one, two damaged states by the round's beginning, with a note", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data, { rewindTo: "3it" });
    await doToyRun({ directory: at("whole"), config });
    await stopInRoundOne(at("stopped"), config);
    const files = [runFiles.latest, runFiles.previous];
    for (const file of files) assert.ok(fs.existsSync(file(at("stopped"))));
    let number = 0;
    for (const [how, damage] of Object.entries(damages)) {
      for (const which of [files.slice(0, 1), files.slice(1), files]) {
        const run = at(`damaged${number++}`);
        fs.cpSync(at("stopped"), run, { recursive: true });
        for (const file of which) damage(file(run));
        const notes: string[] = [];
        await doToyRun({ directory: run, config, note: (text) => notes.push(text) });
        const said = notes.join("\n");
        const context = `${which.length} ${how}: ${said}`;
        if (which[0] === runFiles.previous) assert.equal(said, "", context);
        else {
          assert.match(said, /latest\.safetensors is damaged: /, context);
          const then = which.length === 1
            ? /the state saved before it is used/
            : /round 1: it is trained from its beginning/;
          assert.match(said, then, context);
        }
        assertSameResults(run, at("whole"), context);
      }
    }
    // A crash between the two renames leaves no latest state.
    const run = at("between");
    fs.cpSync(at("stopped"), run, { recursive: true });
    fs.rmSync(runFiles.latest(run));
    await doToyRun({ directory: run, config });
    assertSameResults(run, at("whole"));
  }));

Deno.test("a dense round whose rewind point is lost is trained from its beginning, with a note", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data, { rewindTo: "3it" });
    await doToyRun({ directory: at("whole"), config });
    let chunks = 0;
    const stop = () => fs.existsSync(runFiles.rewind(at("stopped"))) && ++chunks >= 3;
    await doToyRun({ directory: at("stopped"), config, stop });
    const losses = { ...damages, missing: (file: string) => fs.rmSync(file) };
    for (const [how, lose] of Object.entries(losses)) {
      const run = at(how);
      fs.cpSync(at("stopped"), run, { recursive: true });
      lose(runFiles.rewind(run));
      const notes: string[] = [];
      await doToyRun({ directory: run, config, note: (text) => notes.push(text) });
      assert.match(
        notes.join("\n"),
        /rewind\.safetensors is missing or damaged, .*: the dense round is trained/,
        how,
      );
      assertSameResults(run, at("whole"), how);
    }
  }));

Deno.test("a damaged state never overwrites the good state before it", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const config = toyConfig(data);
    await stopInRoundOne(run, config);
    const good = fs.readFileSync(runFiles.previous(run));
    flip(runFiles.latest(run), 0.5);
    await doToyRun({ directory: run, config, stop: () => true });
    assert.deepEqual(fs.readFileSync(runFiles.previous(run)), good);
  }));

Deno.test("damaged masks of the current round are made again", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data);
    await doToyRun({ directory: at("whole"), config });
    await stopInRoundOne(at("run"), config);
    flip(roundFiles.mask(runFiles.round(at("run"), 1)), 0.9);
    const notes: string[] = [];
    await doToyRun({ directory: at("run"), config, note: (text) => notes.push(text) });
    assert.match(notes.join(), /mask\.safetensors is damaged: .*; round 1 begins again/);
    assertSameResults(at("run"), at("whole"));
  }));

Deno.test("a damaged file of a finished round is refused with advice, and following it repairs the run", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data);
    await doToyRun({ directory: at("whole"), config });
    const rounds = [0, 1, 2].map((round) => runFiles.round("", round));
    const files = rounds.flatMap((round, i) => [
      ...(i > 0 ? [roundFiles.mask(round)] : []),
      ...[roundFiles.end(round), roundFiles.scores(round)],
      ...[roundFiles.metrics(round), roundFiles.predictions(round)],
    ]);
    let number = 0;
    for (const file of [...files, runFiles.rewind("")]) {
      const run = at(`damaged${number++}`);
      fs.cpSync(at("whole"), run, { recursive: true });
      const gone = number % 3 === 0;
      if (gone) fs.rmSync(path.join(run, file));
      else flip(path.join(run, file), 0.6);
      if (file === runFiles.rewind("")) fs.rmSync(roundFiles.done(runFiles.round(run, 2)));
      let advice = "";
      await assert.rejects(doToyRun({ directory: run, config }), (error) => {
        assert.ok(error instanceof Failure, String(error));
        assert.ok(error.message.startsWith(`${path.join(run, file)} is `), error.message);
        advice = /delete (\S+) and continue/.exec(error.message)![1]!;
        return true;
      });
      fs.rmSync(advice);
      await doToyRun({ directory: run, config });
      assertSameResults(run, at("whole"), file);
    }
  }));

Deno.test("a configuration, data set or build that differs from the run's beginning is refused by name", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data);
    await stopInRoundOne(at("run"), config);
    const run = at("changed");
    const refused = async (message: RegExp, change: () => void, asked = config) => {
      fs.rmSync(run, { recursive: true, force: true });
      fs.cpSync(at("run"), run, { recursive: true });
      change();
      await assert.rejects(doToyRun({ directory: run, config: asked }), (error) => {
        assert.ok(error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
    };
    const edit = (file: string, from: RegExp, to: string) => () => {
      const text = fs.readFileSync(file, "utf8");
      assert.match(text, from);
      fs.writeFileSync(file, text.replace(from, to));
    };
    await refused(
      /training\.epochs: 3, not 4 \(--epochs\)\).*--name NEW/,
      () => {},
      { ...config, training: { ...config.training, epochs: 4 } },
    );
    await refused(/mode: .*--fork NEW/, () => {}, { ...config, mode: "finetune" });
    // The file was edited, and the command line agrees with it.
    await refused(
      /config\.json has changed since the run began \(seed: 3, not 4 \(--seed\)\)/,
      edit(runFiles.config(run), /"seed": 3/, '"seed": 4'),
      { ...config, seed: 4 },
    );
    const environment = runFiles.environment(run);
    await refused(
      /native: GNU 1, now .*--fork NEW/,
      edit(environment, /"native": "[^"]*"/, '"native": "GNU 1"'),
    );
    await refused(
      /device: cpu: abacus.*, now/,
      edit(environment, /"device": "[^"]*"/, '"device": "cpu: abacus"'),
    );
    await refused(
      /datasetSha256: 00, now/,
      edit(environment, /"datasetSha256": "[^"]*"/, '"datasetSha256": "00"'),
    );
    await refused(/environment\.json is missing/, () => fs.rmSync(environment));
  }));

Deno.test("wrong contents in a run's files give a failure, not a stack trace", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const config = toyConfig(data);
    await stopInRoundOne(at("run"), config);
    const cases: [string, string, RegExp][] = [
      ["environment.json", "{", /environment\.json is damaged/],
      ["environment.json", "{}", /environment\.json is damaged/],
      ["timing.json", "[", /timing\.json is damaged: delete it/],
      ["timing.json", '{"rounds": [null]}', /timing\.json is damaged: delete it/],
      ["round-000/DONE", "0\n", /DONE is damaged; delete .*DONE/],
      ["config.json", "x", /config\.json: it is not JSON/],
    ];
    for (const [name, contents, message] of cases) {
      const run = at("bad");
      fs.cpSync(at("run"), run, { recursive: true });
      fs.writeFileSync(path.join(run, name), contents);
      await assert.rejects(doToyRun({ directory: run, config }), (error) => {
        assert.ok(error instanceof Failure || error instanceof UsageError, String(error));
        assert.match(error.message, message);
        return true;
      });
      fs.rmSync(run, { recursive: true });
    }
    // An unreadable summary is written again.
    fs.writeFileSync(runFiles.summary(at("run")), "{");
    const { outcome } = await doToyRun({ directory: at("run"), config });
    assert.equal(outcome, "finished");
  }));

Deno.test("the next start removes what killed writes have left", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const config = toyConfig(data);
    await stopInRoundOne(run, config);
    const left = [
      path.join(run, ".latest.safetensors.4711.tmp"),
      path.join(runFiles.round(run, 1), ".end.safetensors.4711.tmp"),
    ];
    for (const file of left) fs.writeFileSync(file, "half");
    await doToyRun({ directory: run, config });
    for (const file of left) assert.ok(!fs.existsSync(file), file);
  }));
