import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { RULES } from "../analysis/rescore.ts";
import { readRuns } from "../compare/run.ts";
import { readPredictions } from "../compare/predictions.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Scores, Summary } from "../results/summary.ts";
import { withToyDataset } from "../run/testing.ts";
import type { DecisionRule } from "../training/decision.ts";
import { command, outcome, toyArgs } from "./testing.ts";

interface Json {
  run: string;
  ownRule: DecisionRule;
  rounds: {
    round: number;
    temperature: number;
    rules: { rule: DecisionRule; dev: Scores; test: Scores | null }[];
  }[];
}

Deno.test("finished rounds are scored again by any rule from their saved files; the run does not change", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const trained = await outcome([
      ...toyArgs(data, run),
      ...["--epochs", "1"], // half trained, so that labels are not all right
      ...["--decision", "vote", "--prior-exponent", "1", "--prior-unit", "steps"],
    ]);
    assert.equal(trained.code, 0, trained.err);
    // The data set was moved after the run.
    const moved = path.join(directory, "moved");
    fs.renameSync(data, moved);
    const bytes = () =>
      fs.readdirSync(run, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.join(entry.parentPath, entry.name)).sort()
        .map((file) => [file, fs.readFileSync(file, "latin1")]);
    const before = bytes();
    const rescore = async (...args: string[]) => {
      const result = await command("rescore", ["--data", moved, ...args]);
      assert.equal(result.code, 0, result.err);
      assert.match(result.err, /trained with: most votes .* \(priors from training steps\)/);
      return result.out;
    };
    const summary: Summary = JSON.parse(fs.readFileSync(runFiles.summary(run), "utf8"));

    // By its own rule a run gets the same results as before, temperature and calibration included.
    const [own] = JSON.parse(await rescore("--json", run)) as Json[];
    assert.deepEqual(own!.ownRule, { decision: "vote", priorExponent: 1, priorUnit: "steps" });
    assert.equal(own!.rounds.length, 3);
    own!.rounds.forEach(({ rules: [each], temperature }, i) => {
      assert.deepEqual(each!.dev, summary.rounds[i]!.dev);
      assert.deepEqual(each!.test, summary.rounds[i]!.test);
      assert.equal(temperature, summary.rounds[i]!.temperature);
      assert.ok(each!.dev.calibration!.calibrationError >= 0);
    });

    // All rules, in a table and as JSON.
    const table = await rescore("--rules", run);
    assert.match(table, /dev: score by .*\n +run +round +left +vote 0 .*vote 1s .*mean 1\n/);
    assert.match(table, /\n *mean gain over vote 1s /);
    assert.match(table, /\ntest: score by/);
    const [all] = JSON.parse(await rescore("--rules", "--json", run)) as Json[];
    assert.deepEqual(all!.rounds[0]!.rules.map(({ rule }) => rule), RULES);

    // A mean rule, written for compare, decides as it would from the run's own predictions.
    const folder = path.join(directory, "again");
    const mean = ["--decision", "mean", "--prior-exponent", "0"];
    await rescore(...mean, "--write", folder, run);
    const written: Summary = JSON.parse(
      fs.readFileSync(runFiles.summary(path.join(folder, "run")), "utf8"),
    );
    assert.deepEqual(written.config["score"], {
      decision: "mean",
      priorExponent: 0,
      priorUnit: "steps",
    });
    const { runs } = readRuns([path.join(folder, "run")], {
      allowIncomplete: false,
      showTest: false,
    }); // refuses scores that do not follow from the predictions
    for (const [round, outcomes] of runs[0]!.outcomes) {
      const { classes } = summary;
      const first = readPredictions(run, { round, split: "test", classes });
      for (const [record, { predicted }] of outcomes) {
        const { probabilities } = first.get(record)!.said!;
        assert.equal(predicted, probabilities.indexOf(Math.max(...probabilities)), record);
      }
    }
    const refused = async (pattern: RegExp, ...args: string[]) => {
      const result = await command("rescore", args);
      assert.deepEqual([result.code, result.out], [2, ""], result.err);
      assert.match(result.err, pattern);
      assert.doesNotMatch(result.err, /\n {4}at /);
    };
    await refused(
      /^error: Cannot write the folder .*again.run: there is a folder with files; name another or remove it\n$/,
      ...mean,
      "--data",
      moved,
      "--write",
      folder,
      run,
    );
    await refused(
      /Cannot open the data set .*: the run was trained on it; name its folder with --data/,
      run,
    );
    await refused(/it shows all rules/, "--rules", "--decision", "mean", run);
    await refused(/choose one rule/, "--rules", "--write", folder, run);
    await refused(/there is no run in/, path.join(directory, "none"));
    assert.deepEqual(bytes(), before);

    // The test scores of an unfinished run stay hidden; its files with labels alone are read.
    fs.writeFileSync(
      runFiles.summary(run),
      JSON.stringify({ ...summary, complete: false, dataset: summary.dataset }),
    );
    fs.rmSync(roundFiles.predictions(runFiles.round(run, 2)));
    const hidden = await rescore("--rules", run);
    assert.match(
      hidden,
      /Not finished: run; test scores are hidden \(add --show-test to see them\)\.$/m,
    );
    assert.match(hidden, /test: .* 0 networks/);
    assert.equal(
      (JSON.parse(await rescore("--json", run)) as Json[])[0]!.rounds[0]!.rules[0]!.test,
      null,
    );
    assert.doesNotMatch(await rescore("--rules", "--show-test", run), /Not finished/);

    const other = { ...summary, dataset: { ...summary.dataset, sha256: "00" } };
    fs.writeFileSync(runFiles.summary(run), JSON.stringify(other));
    await refused(/its data set had sha256 00, the one given has/, "--data", moved, run);
    fs.writeFileSync(runFiles.summary(run), JSON.stringify({ ...summary, rounds: [] }));
    await refused(/no round of it is finished/, "--data", moved, run);
  }));
