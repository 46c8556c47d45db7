import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { csvText } from "../report/csv.ts";
import { browserTest, canvasColors, newPicture, overflow } from "../report/testing.ts";
import type { Comparison } from "./comparison.ts";
import { writeRun } from "./fixture.ts";
import { comparisonPage } from "./page.ts";
import { scoreTable } from "./tables.ts";
import { compareDirectories, withDirectory } from "./testing.ts";
import { defaultOut, writeComparison } from "./write.ts";

/** A comparison of three methods with three replicates each. */
function study(directory: string): Comparison {
  const methods = [["weight-rewind", 0.02], ["finetune", 0.08], ["lr-rewind", 0.04]] as const;
  const runs = methods.flatMap(([mode, loss]) =>
    [1, 2, 3].map((seed) =>
      writeRun(directory, {
        name: `${mode}-${seed}`,
        mode,
        seed,
        stream: mode,
        rounds: 6,
        prune: 0.4,
        quality: (round) => 0.85 - loss * round,
      })
    )
  );
  return compareDirectories(runs, { margin: 0.05 });
}

browserTest("a comparison is drawn, says its verdicts and holds its values", async (pages) => {
  const comparison = study(pages.directory);
  const { page: file } = writeComparison(comparison, path.join(pages.directory, "out/three"));
  for (const width of [380, 1600]) {
    for (const theme of ["light", "dark"] as const) {
      await pages.open(file, { width, theme }, async (page) => {
        const colors = await canvasColors(page);
        assert.equal(colors.length, 4);
        colors.forEach((count) => assert.ok(count > 10, `${count} colours on a canvas`));
        assert.ok(await overflow(page) <= 0, `${width}: ${await overflow(page)} too wide`);
      });
    }
  }
  await pages.open(file, {}, async (page) => {
    assert.equal(await page.locator(".answer").innerText(), comparison.sentences.answer);
    const { methods, pairs } = comparison.sentences;
    const sentences = (section: string) => page.locator(`${section} .verdicts li`).allInnerTexts();
    assert.deepEqual(await sentences("#answer"), methods);
    assert.deepEqual(await sentences("#pairs"), pairs);
    const cells = (selector: string) =>
      page.locator(selector).evaluateAll((nodes) =>
        nodes.map((node) => Number((node as HTMLElement).dataset["value"]))
      );
    const level = comparison.methods[0]!.levels[5]!;
    const { difference, low, high } = level.toDense!;
    assert.deepEqual(await cells("#scores tbody tr:nth-child(6) td[data-value]"), [
      ...[level.round, level.kept, level.density, level.theta, level.thetaAll],
      ...[72, level.mean, level.min, level.max, 3],
    ]);
    assert.deepEqual(await cells("#dense tbody tr:nth-child(6) td[data-value]"), [
      level.round,
      level.density,
      level.theta,
      72,
      12,
      difference,
      low,
      high,
      level.toDense!.seedDeviation,
      difference,
      low,
      high,
    ]);
    assert.equal(await page.locator("#pairs tbody tr").count(), 3 * 6);
    assert.equal(await page.locator("#runs tbody tr").count(), 9);
    assert.doesNotMatch(await page.locator("body").innerText(), /NaN|undefined|null|Infinity/);
  });
});

browserTest("methods can be read by keyboard, hidden, and saved", async (pages) => {
  const comparison = study(pages.directory);
  const { page: file } = writeComparison(comparison, path.join(pages.directory, "three"));
  await pages.open(file, {}, async (page) => {
    await page.locator('[data-figure="differences"] .plot').focus();
    await page.keyboard.press("End");
    const least = comparison.methods[0]!.levels[5]!;
    assert.match(await page.locator("#live").innerText(), /kept, .*× fewer weights: finetune −0\./);
    assert.match(
      await page.locator("#live").innerText(),
      new RegExp(`finetune −${Math.abs(least.toDense!.difference).toFixed(3)}, `),
    );
    const figure = page.locator('[data-figure="scores"]');
    const seen: string[] = [];
    await newPicture(page, '[data-figure="scores"] canvas', seen);
    await figure.getByRole("button", { name: /^finetune/ }).click();
    await newPicture(page, '[data-figure="scores"] canvas', seen);
    await figure.getByRole("button", { name: "Log axis" }).click();
    await newPicture(page, '[data-figure="scores"] canvas', seen);
    const waiting = page.waitForEvent("download");
    await figure.getByRole("button", { name: "CSV" }).click();
    const target = path.join(pages.directory, "saved.csv");
    await (await waiting).saveAs(target);
    assert.equal(fs.readFileSync(target, "utf8"), csvText(scoreTable(comparison)));
  });
});

browserTest("hostile names are shown as they are and do nothing", async (pages) => {
  const evil = `</script><script>alert(1)</script>"><img src=x onerror=alert(2)>`;
  const runs = ([["lr-rewind", evil], ["finetune", "magnitude"]] as const).map((
    [mode, criterion],
    i,
  ) =>
    writeRun(pages.directory, {
      name: `run${i}`,
      mode,
      classes: [evil, "__proto__", "O", "~"],
      change: ({ config }) => Object.assign(config, { pruning: { criterion } }),
    })
  );
  const compared = JSON.stringify(compareDirectories(runs));
  const comparison: Comparison = JSON.parse(
    compared.replaceAll('"finetune"', JSON.stringify("=cmd|' /C calc'!A0")),
  );
  comparison.runs.forEach((run) => (run.name = evil));
  const { page: file, csv } = writeComparison(comparison, path.join(pages.directory, "evil"));
  assert.match(fs.readFileSync(csv, "utf8"), /^'=cmd/m);
  await pages.open(file, { width: 380 }, async (page) => {
    assert.equal(await page.locator("h1").innerText(), comparison.name);
    assert.ok(comparison.name.includes(evil));
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("script").count(), 2);
    assert.ok(await overflow(page) <= 0, `${await overflow(page)} too wide`);
  });
});

browserTest("a single run without pruned networks makes a page, too", async (pages) => {
  const comparison = compareDirectories([writeRun(pages.directory, { name: "one", rounds: 1 })]);
  const { page: file } = writeComparison(comparison, path.join(pages.directory, "one"));
  await pages.open(file, {}, async (page) => {
    assert.match(await page.locator(".answer").innerText(), /only dense networks/);
    assert.equal((await canvasColors(page)).length, 4);
    assert.equal(await page.locator("#pairs").count(), 0);
  });
});

Deno.test("comparison.csv has one row per network and per difference between methods", () =>
  withDirectory((directory) => {
    const comparison = study(directory);
    const { csv, json } = writeComparison(comparison, path.join(directory, "out"));
    assert.deepEqual(JSON.parse(fs.readFileSync(json, "utf8")), comparison);
    const lines = fs.readFileSync(csv, "utf8").trimEnd().split("\r\n").map((line) =>
      line.split(",")
    );
    assert.equal(lines.length, 1 + 3 * 6 + 3 * (5 + 1));
    const head = lines[0]!;
    const row = (method: string, against: string, round: string) =>
      Object.fromEntries(
        lines.find((line) => line[0] === method && line[1] === against && line[2] === round)!
          .map((cell, i) => [head[i], cell]),
      );
    const { average, levels } = comparison.pairs[0]!;
    const pair = row("finetune", "lr-rewind", "2");
    assert.equal(Number(pair["low"]), levels[1]!.low);
    assert.equal(Number(pair["mean"]), comparison.methods[0]!.levels[2]!.mean);
    assert.equal(Number(pair["mean of the other"]), comparison.methods[1]!.levels[2]!.mean);
    assert.equal(Number(row("finetune", "lr-rewind", "mean")["high"]), average.high);
    assert.equal(row("finetune", "dense", "0")["difference"], "");
    assert.equal(Number(row("finetune", "dense", "5")["epochs"]), 72);
  }));

Deno.test("the default name is the same for any order, and short for many runs", () =>
  withDirectory((directory) => {
    const few = compareDirectories([writeRun(directory, { name: "b", rounds: 1 })]);
    assert.match(defaultOut(few), /\/reports\/compare-b$/);
    few.runs = ["b", "a"].map((name) => ({ ...few.runs[0]!, name }));
    assert.match(defaultOut(few), /\/compare-a-b$/);
    few.runs = Array.from({ length: 30 }, (_, i) => ({ ...few.runs[0]!, name: `run-${i}` }));
    const name = defaultOut(few);
    assert.match(name, /\/compare-30-runs-[0-9a-f]{8}$/);
    few.runs.reverse();
    assert.equal(defaultOut(few), name);
  }));

Deno.test("the chart of differences says what it subtracts, and which networks it leaves out", () =>
  withDirectory((directory) => {
    const noteOf = (directories: readonly string[]) => {
      const page = comparisonPage(compareDirectories(directories, { allowIncomplete: true }));
      return /<h3>Pruned minus dense<\/h3><p class="note">(.*?)<\/p>/s.exec(page)![1]!;
    };
    const run = writeRun(directory, { name: "r", mode: "lr-rewind", rounds: 4 });
    const continued = (rounds: number) =>
      writeRun(directory, {
        ...{ name: `continue-${rounds}`, mode: "lr-rewind", rounds, planned: 3 },
        control: { kind: "continue", base: run },
      });
    assert.match(noteOf([run]), /the dense networks that they began with\. Bands/);
    assert.match(noteOf([run, continued(4)]), /trained for as many epochs\. Bands/);
    assert.match(
      noteOf([run, continued(2)]),
      /as many epochs\. Pruned networks without .* not drawn/,
    );
  }));
