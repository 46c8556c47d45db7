import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { withToyDataset } from "../run/testing.ts";
import { readSummary } from "../results/read.ts";
import { CROSS_VALIDATION } from "../ticket/cross_validation.ts";
import { readTicket } from "../ticket/ticket_file.ts";
import { command, outcome, toyArgs } from "./testing.ts";

Deno.test("a ticket of all records states the score of its cross-validation, and no folder of its maker", () =>
  withToyDataset(async ({ directory, data }) => {
    const train = async (name: string, ...args: string[]) => {
      const run = path.join(directory, name);
      const { code, err } = await outcome([
        ...[...toyArgs(data, run), "--epochs", "2", "--rounds", "1", ...args],
      ]);
      assert.equal(code, 0, err);
      return run;
    };
    const run = await train("whole");
    const folds = [
      await train("fold1", "--folds", "2", "--fold", "1", "--seed", "2"),
      await train("fold2", "--folds", "2", "--fold", "2", "--seed", "3"),
    ];
    const file = path.join(directory, "x.ticket.safetensors");
    const asked = ["--run", run, "--format", "ticket", "--out", file, "--cross-validation"];

    const half = await command("export", [...asked, folds[0]!]);
    assert.equal(half.code, 2);
    assert.match(
      half.err,
      /^error: Cannot use the cross-validation: its runs are of fold 1, expected/,
    );
    const alone = await command("export", ["--format", "ticket", "--cross-validation", folds[0]!]);
    assert.match(alone.err, /^error: --cross-validation goes with --run/);
    const summary = path.join(run, "summary.json");
    fs.renameSync(summary, `${summary}.away`);
    const early = await command("export", [...asked, ...folds]);
    fs.renameSync(`${summary}.away`, summary);
    assert.equal(early.code, 2);
    assert.match(early.err, /^error: Cannot use the cross-validation: .* has no summary\.json; /);
    assert.ok(!fs.existsSync(file));

    const exported = await command("export", [...asked, ...folds]);
    assert.equal(exported.code, 0, exported.err);
    const ticket = readTicket(file);
    const { records, headline } = ticket.metrics[CROSS_VALIDATION]!;
    const tested = folds.map((fold) => readSummary(fold).rounds[1]!.test!);
    assert.equal(records, tested.reduce((sum, { records }) => sum + records, 0));
    const { train: a, dev: b, test: c } = ticket.provenance.records;
    assert.equal(records, a! + b! + c!);
    const [low, high] = [Math.min, Math.max].map((of) => of(...tested.map(({ score }) => score)));
    assert.ok(headline.score > low! - 0.2 && headline.score < high! + 0.2);
    assert.equal(ticket.provenance.config["data"], path.basename(data));

    const hub = path.join(directory, "hub");
    const folder = await command("export", [
      ...["--run", run, "--format", "hub", "--out", hub, "--cross-validation", ...folds],
    ]);
    assert.equal(folder.code, 0, folder.err);
    const readme = fs.readFileSync(path.join(hub, "README.md"), "utf8");
    assert.match(readme, /^ +split: cross-validation$/m);
    assert.match(
      readme,
      new RegExp(`\\| cross-validation \\| ${records} \\|[^]*Cross-validation: networks`),
    );

    const page = path.join(directory, "page.html");
    const [first] = fs.readdirSync(path.join(directory, "records"))
      .filter((name) => /\.(csv|mat)$/.test(name));
    const predicted = await command("predict", [
      ...["--ticket", file, "--html", page, path.join(directory, "records", first!)],
    ]);
    assert.equal(predicted.code, 0, predicted.err);
    assert.match(fs.readFileSync(page, "utf8"), /Ticket x\.ticket\.safetensors: whole, round 1\./);
  }));
