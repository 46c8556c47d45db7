import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { writeRun } from "../compare/fixture.ts";
import { compareDirectories, withDirectory } from "../compare/testing.ts";
import { readPredictions } from "../compare/predictions.ts";
import { decimals } from "../core/decimals.ts";
import { Failure, UsageError } from "../core/errors.ts";
import { outdated, readGroups, studyFiles, studyPages } from "./build.ts";
import { judge } from "./claims.ts";
import { addRuns } from "./collect.ts";
import { filled } from "./document.ts";
import { FIGURES } from "./figures.ts";
import { type Claim, groupFolders, readGroup } from "./group.ts";
import { lineChart } from "./svg.ts";
import { TABLES } from "./tables.ts";

Deno.test("docs/study.md and its figures are what the runs in docs/study give", () => {
  const files = studyFiles();
  assert.ok(files.size > 1);
  assert.deepEqual(outdated(files), [], "make them again with deno task study");
  const figures = groupFolders().flatMap((folder) =>
    fs.readdirSync(folder).filter((name) => name.endsWith(".svg"))
      .map((name) => path.join(folder, name))
  );
  assert.deepEqual(
    figures.filter((file) => !files.has(file)),
    [],
    "figures that no document shows",
  );
});

Deno.test("a group is compared with the runs of another group that it names", () =>
  withDirectory((directory) => {
    const [one, two] = ["one", "two"].map((name) => path.join(directory, "study", name));
    for (const seed of [1, 2]) {
      writeRun(one!, { name: `a-seed${seed}`, mode: "lr-rewind", seed, rounds: 3 });
      writeRun(one!, { name: `a-seed${seed}-continue`, mode: "finetune", seed, rounds: 3 });
      writeRun(two!, { name: `b-seed${seed}`, mode: "weight-rewind", seed, rounds: 2 });
    }
    const settings = path.join(two!, "study.json");
    const names = () => readGroup(two!)!.comparison.methods.map(({ name }) => name).sort();
    fs.writeFileSync(settings, "{}");
    assert.deepEqual(names(), ["weight-rewind"]);
    fs.writeFileSync(settings, '{ "with": ["one/a"] }');
    assert.deepEqual(names(), ["lr-rewind", "weight-rewind"]);
    fs.writeFileSync(settings, '{ "with": ["one/a"], "names": { "lr-rewind": "theirs" } }');
    const { comparison: { methods, runs, pairs } } = readGroup(two!)!;
    assert.deepEqual(methods.map(({ name }) => name).sort(), ["theirs", "weight-rewind"]);
    assert.equal(runs.filter(({ method }) => method === "theirs").length, 2);
    assert.deepEqual(pairs.map(({ a, b }) => [a, b]), [["theirs", "weight-rewind"]]);
    // Where a run is added, it is compared with them, too.
    const added = writeRun(path.join(directory, "runs"), {
      ...{ name: "c-seed1", mode: "finetune", seed: 1, rounds: 3 },
      change: (summary) => void (summary.dataset.sha256 = "00"),
    });
    assert.throws(() => addRuns([added], { group: two!, allowIncomplete: false }), UsageError);
    fs.writeFileSync(settings, '{ "with": ["one/c"] }');
    assert.throws(() => readGroup(two!), (error) => {
      assert.ok(error instanceof Failure);
      assert.match(error.message, /^Cannot compare with one\/c: there is no such run in /);
      return true;
    });
  }));

Deno.test("a group is read with the tables and figures of its runs", () =>
  withDirectory((directory) => {
    const group = path.join(directory, "study/toy");
    for (const seed of [1, 2, 3]) {
      for (const mode of ["lr-rewind", "finetune"] as const) {
        const name = `${mode}-${seed}`;
        writeRun(group, { name, mode, seed, rounds: 3, quality: (round) => 0.9 - 0.1 * round });
      }
    }
    fs.writeFileSync(path.join(group, "study.json"), "{}");
    const document = path.join(directory, "doc.md");
    const asked = Object.keys(TABLES)
      .map((table) => `<!-- study: toy ${table} -->\n<!-- end -->`).join("\n\n");
    const shown = "![Scores](study/toy/score.svg) and [another](pictures/toy/score.svg)";
    fs.writeFileSync(document, `# Title\n\n${asked}\n\n${shown}\n\nAfter.\n`);
    const files = studyFiles({ study: path.join(directory, "study"), documents: [document] });
    const text = files.get(document)!;
    assert.match(text, /^# Title\n\n<!-- study: toy methods -->\n\n\| method/);
    assert.ok(text.endsWith(`\n\n${shown}\n\nAfter.\n`));
    // Two methods of two levels each, and the dense networks, of which each method has its own here.
    assert.equal(text.match(/^\| lr-rewind \| 72\s% \|/gm)?.length, 4);
    assert.match(text, /\| lr-rewind \| 3 \| seed 1; seed 2; seed 3 \|/);
    // finetune before lr-rewind, by name, at both levels.
    assert.equal(text.match(/^\| finetune \| lr-rewind \| [^|]+ \| −?0\.\d{3} \[/gm)?.length, 2);
    // The figures are those that the document shows.
    assert.deepEqual([...files.keys()], [document, path.join(group, "score.svg")]);
    assert.match(files.get(path.join(group, "score.svg"))!, /^<svg /);
    assert.deepEqual(outdated(files).length, 2);
    for (const [file, contents] of files) fs.writeFileSync(file, contents);
    for (const link of ["study/toy/speed.svg", "study/none/score.svg"]) {
      const other = path.join(directory, "other.md");
      fs.writeFileSync(other, `![A figure](${link})\n`);
      assert.throws(
        () => studyFiles({ study: path.join(directory, "study"), documents: [other] }),
        new RegExp(`^Failure: Cannot draw ${link} of other\\.md: expected a group with`),
      );
    }
    // Filling a filled document changes nothing.
    assert.deepEqual(
      outdated(studyFiles({ study: path.join(directory, "study"), documents: [document] })),
      [],
    );
  }));

Deno.test("a figure of one method shows that of the plan's first run; lines begin with their own dense network", () =>
  withDirectory((directory) => {
    const group = path.join(directory, "toy");
    for (const [mode, dense] of [["finetune", 0.9], ["lr-rewind", 0.7]] as const) {
      const quality = (round: number) => dense - 0.1 * round;
      writeRun(group, { name: `${mode}-1`, mode, stream: mode, rounds: 3, quality });
    }
    fs.writeFileSync(path.join(group, "study.json"), "{}");
    const read = readGroup(group)!;
    const planned = {
      ...read,
      planned: ["lr-rewind-1", "finetune-1"].map((name) => ({ name, args: [] })),
    };
    assert.match(FIGURES["layers"]!(read), /Where weights are left, finetune/);
    assert.match(FIGURES["layers"]!(planned), /Where weights are left, lr-rewind/);
    assert.match(FIGURES["losses"]!(planned), /lr-rewind: train/);
    const lines = FIGURES["score"]!(read).matchAll(
      /<path d="M([\d.]+)[ ,]([\d.]+)[^"]*" fill="none"/g,
    );
    const begins = [...lines].map(([, x, y]) => [Number(x), Number(y)]);
    assert.equal(begins[0]![0], begins[1]![0], "both lines begin at 100 %");
    assert.ok(begins[0]![1]! < begins[1]![1]!, "finetune's line begins higher");
  }));

Deno.test("a method that lacks folds waits, and is in the tables when it has them all", () =>
  withDirectory((directory) => {
    const group = path.join(directory, "toy");
    const write = (mode: "lr-rewind" | "finetune", fold: number) =>
      writeRun(group, {
        ...{ name: `${mode}-seed${fold}-fold${fold}of3`, mode, seed: fold, rounds: 2 },
        folds: { count: 3, fold },
      });
    const rowsOf = () => {
      const read = readGroup(group)!;
      return [
        read.collected.length,
        TABLES["methods"]!(read).match(/^\| finetune /gm)?.length ?? 0,
      ];
    };
    for (const fold of [1, 2, 3]) write("lr-rewind", fold);
    fs.writeFileSync(path.join(group, "study.json"), "{}");
    write("finetune", 1);
    write("finetune", 3);
    assert.deepEqual(rowsOf(), [5, 0]);
    write("finetune", 2);
    assert.deepEqual(rowsOf(), [6, 1]);
  }));

Deno.test("rounds of unfinished runs are in the tables if asked for and if every fold has them", () =>
  withDirectory((directory) => {
    const group = path.join(directory, "study/toy");
    const planned: string[] = [];
    for (const fold of [1, 2, 3]) {
      const base = `lr-rewind-seed${fold}-fold${fold}of3`;
      const common = { mode: "lr-rewind", seed: fold, folds: { count: 3, fold } } as const;
      writeRun(group, { ...common, name: base, rounds: 4 });
      const name = `${base}-continue`;
      const control = { kind: "continue", base } as const;
      // Fold 1 is a round ahead.
      const rounds = fold === 1 ? 4 : 3;
      writeRun(path.join(directory, "runs"), { ...common, name, rounds, planned: 4, control });
      planned.push(base, name);
    }
    fs.writeFileSync(path.join(group, "study.json"), "{}");
    const controls = planned.filter((name) => name.endsWith("-continue"))
      .map((name) => path.join(directory, "runs", name));
    assert.throws(
      () => addRuns(controls, { group, allowIncomplete: false }),
      /not a finished run; finish it with deno task lth --name \S+-continue --resume, or add --allow/,
    );
    assert.throws(
      () => addRuns([path.join(directory, "nowhere")], { group, allowIncomplete: false }),
      /Cannot collect .*nowhere: there is no such run/,
    );
    addRuns(controls, { group, allowIncomplete: true });
    const read = readGroup(group)!;
    const rows = TABLES["methods"]!(read);
    assert.equal(rows.match(/^\| dense, \d+ epochs \|/gm)?.length, 2);
    // The first two pruned rounds have a dense network of as many epochs, the third has not.
    const equal = rows.split("\n").filter((row) => row.startsWith("| lr-rewind |"))
      .map((row) => row.split(" | ")[5] !== "");
    assert.deepEqual(equal, [true, true, false]);
    assert.match(
      TABLES["progress"]!({ ...read, planned: planned.map((name) => ({ name, args: [] })) }),
      /\| lr-rewind \| 3 \| {2}\| 3 \|\n\| lr-rewind-continue \| 0 \| 2 × 2 of 4 rounds, 3 of 4 rounds \| 3 \|/,
    );
  }));

Deno.test("F1 of each class is that of the records, worked out by hand", () =>
  withDirectory((directory) => {
    const run = writeRun(path.join(directory, "hand"), { name: "one", rounds: 1 });
    const group = path.dirname(run);
    fs.writeFileSync(path.join(group, "study.json"), "{}");
    const outcomes = [
      ...readPredictions(run, {
        round: 0,
        split: "test",
        classes: ["N", "A", "O", "~"],
      }).values(),
    ];
    const f1 = [0, 1, 2, 3].map((c) => {
      const both = outcomes.filter(({ truth, predicted }) => truth === c && predicted === c).length;
      const either = outcomes.filter(({ truth }) => truth === c).length +
        outcomes.filter(({ predicted }) => predicted === c).length;
      return (2 * both / either).toFixed(3);
    });
    const groups = new Map([["hand", readGroup(group)]]);
    const text = filled("<!-- study: hand classes -->\n<!-- end -->\n", groups);
    const mean = f1.slice(0, 3).reduce((sum, value) => sum + Number(value) / 3, 0);
    const row = text.split("\n").find((line) => line.startsWith("| dense"))!;
    assert.deepEqual(row.split(" | ").slice(3).join(" | "), `${f1.join(" | ")} |`);
    assert.ok(Math.abs(Number(row.split(" | ")[2]) - mean) < 0.001);
  }));

Deno.test("labels are counted by what the dense network said, worked out by hand", () =>
  withDirectory((directory) => {
    const run = writeRun(path.join(directory, "hand"), { name: "one", rounds: 2 });
    fs.writeFileSync(path.join(directory, "hand/study.json"), "{}");
    const read = (round: number) => {
      const asked = { round, split: "test", classes: ["N", "A", "O", "~"] };
      return [...readPredictions(run, asked)].sort(([a], [b]) => a < b ? -1 : 1);
    };
    const dense = read(0).map(([, { predicted }]) => predicted);
    const later = read(1).map(([, { predicted }]) => predicted);
    const truth = read(0).map(([, { truth }]) => truth);
    const share = (is: (i: number) => boolean) =>
      `${(100 * truth.filter((_, i) => is(i)).length / truth.length).toFixed(1)} %`;
    const expected = [
      share((i) => later[i] !== truth[i]),
      share((i) => later[i] !== truth[i] && dense[i] === truth[i]),
      share((i) => later[i] === truth[i] && dense[i] !== truth[i]),
      share((i) => later[i] !== truth[i] && dense[i] === later[i]),
      share((i) => later[i] !== truth[i] && dense[i] !== truth[i] && dense[i] !== later[i]),
    ];
    assert.ok(!expected.slice(0, 3).includes("0.0 %"), "the fixture has changes of each kind");
    const table = TABLES["labels"]!(readGroup(path.join(directory, "hand"))!).split("\n");
    assert.deepEqual(table[3]!.split(" | ").slice(2).join(" | "), `${expected.join(" | ")} |`);
    assert.ok(
      table[2]!.endsWith(" |  |  |  |  |"),
      "the dense network is not compared with itself",
    );
  }));

Deno.test("the table of work pairs a ticket with the dense network of about as many multiply-adds", () =>
  withDirectory((directory) => {
    const group = path.join(directory, "hand");
    const quality = (round: number) => 0.6 + 0.1 * round;
    const base = writeRun(group, { name: "one", rounds: 3, quality });
    writeRun(group, { name: "on", rounds: 3, control: { kind: "continue", base }, quality });
    fs.writeFileSync(path.join(group, "study.json"), "{}");
    const read = readGroup(group)!;
    const [ticket, on] = ["weight-rewind", "continue"].map((name) =>
      read.comparison.methods.find((method) => method.name === name)!
    );
    const { cost, mean } = ticket!.levels[2]!;
    assert.ok(
      cost!.denseEpochs > 18 && cost!.denseEpochs < 30,
      "36 epochs, as many as 24 dense ones",
    );
    const rows = TABLES["work"]!(read).split("\n").slice(2);
    assert.equal(rows.length, 2);
    const cells = rows[1]!.split("|").map((cell) => cell.trim()).slice(3, 8);
    const dense = on!.levels[1]!.mean;
    const [work, f1, other, theirs, difference] = cells;
    assert.deepEqual([work, f1, other, theirs], [
      cost!.denseEpochs.toFixed(1),
      mean.toFixed(3),
      "24 epochs",
      dense.toFixed(3),
    ]);
    assert.match(difference!, new RegExp(`^${decimals(mean - dense)} \\[`));
  }));

Deno.test("a claim holds, fails or is not resolved by its interval; it is not run without its method", () =>
  withDirectory((directory) => {
    const quality = { good: 0.9, bad: 0.5 };
    const write = (mode: "lr-rewind" | "finetune", level: keyof typeof quality) =>
      writeRun(directory, {
        ...{ name: mode, mode, rounds: 2, records: 800, stream: "same" },
        quality: (round) => round === 0 ? 0.9 : quality[level],
      });
    const comparison = compareDirectories([write("lr-rewind", "good"), write("finetune", "bad")]);
    const claim = (a: string, b: string, expects: Claim["expects"], percent = 72): Claim => ({
      ...{ claim: "c", source: "s", a, b, percent, expects },
    });
    const verdict = (asked: Claim) => judge(comparison, asked).verdict;
    assert.equal(verdict(claim("lr-rewind", "finetune", "better")), "holds");
    assert.equal(verdict(claim("finetune", "lr-rewind", "better")), "fails");
    assert.equal(verdict(claim("finetune", "lr-rewind", 0.01)), "fails");
    assert.equal(verdict(claim("finetune", "dense", 0.01)), "fails");
    assert.equal(verdict(claim("lr-rewind", "dense", 0.5)), "holds");
    assert.equal(verdict(claim("lr-rewind", "shuffle", "better")), "not run");
    assert.equal(verdict(claim("lr-rewind", "finetune", "better", 10)), "not run");
    const there = judge(comparison, claim("lr-rewind", "finetune", "better")).found!;
    const back = judge(comparison, claim("finetune", "lr-rewind", "better")).found!;
    assert.deepEqual([back.low, back.high], [-there.high, -there.low]);
    const unsure = compareDirectories([
      writeRun(directory, { name: "few", mode: "lr-rewind", rounds: 2, records: 20 }),
      writeRun(directory, { name: "other", mode: "finetune", rounds: 2, records: 20 }),
    ]);
    assert.equal(
      judge(unsure, claim("lr-rewind", "finetune", "better")).verdict,
      "not resolved",
    );
  }));

Deno.test("a document that asks for what is not there is refused in a sentence", () => {
  const groups = new Map([["empty", null]]);
  const region = (asked: string) => `<!-- study: ${asked} -->\nold\n<!-- end -->\n`;
  assert.match(
    filled(region("empty methods"), groups),
    /\n\nNo run of this part is finished yet\.\n\n/,
  );
  assert.throws(() => filled(region("other methods"), groups), Failure);
  assert.throws(
    () => filled(region("empty tables"), groups),
    /one of the tables methods, tickets, work/,
  );
  assert.throws(
    () => filled("<!-- study: empty methods -->\n", groups),
    /has no line <!-- end -->/,
  );
});

Deno.test("a damaged study.json is refused with its field", () =>
  withDirectory((directory) => {
    const file = path.join(directory, "g/study.json");
    fs.mkdirSync(path.dirname(file));
    fs.writeFileSync(file, '{"decision": "vote"}');
    assert.deepEqual(groupFolders(directory), [path.join(directory, "g")]);
    assert.throws(() => readGroup(path.join(directory, "g")), /study\.json: decision: /);
    fs.writeFileSync(file, "{");
    assert.throws(() => readGroup(path.join(directory, "g")), Failure);
  }));

Deno.test("a chart puts its points by hand-worked places and escapes its texts", () => {
  const axis = { label: "a<b", min: 0, max: 10, ticks: [{ at: 5, text: "5" }] };
  const text = lineChart({
    title: "T",
    x: axis,
    y: { ...axis, min: 1, max: 100, log: true, ticks: [{ at: 10, text: "10" }] },
    series: [{ label: "s", points: [{ x: 0, y: 1 }, { x: 10, y: 100, low: 10, high: 100 }] }],
  });
  assert.match(text, /<path d="M66 400L660 34"/);
  // 10 is in the middle of 1 to 100 on a logarithmic axis.
  assert.match(text, /<line x1="660" y1="217" x2="660" y2="34"/);
  assert.match(text, />a&lt;b</);
});

Deno.test("every group that is compared has a page with its methods, and trials have none", () =>
  withDirectory((directory) => {
    for (const [name, settings] of [["one", "{}"], ["two", '{ "trials": true }']] as const) {
      writeRun(path.join(directory, name), { name: "a", mode: "lr-rewind" });
      fs.writeFileSync(path.join(directory, name, "study.json"), settings);
    }
    const pages = [...studyPages("out", readGroups(directory))];
    assert.deepEqual(pages.map(([file]) => file), [path.join("out", "one.html")]);
    assert.match(pages[0]![1], /<title>[^<]*lr-rewind/);
  }));
