import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { writeJson } from "../core/files.ts";
import { fixtureSummary } from "./fixture.ts";
import { rebuildIndex, writeIndex } from "./index_page.ts";
import { browserTest, overflow } from "./testing.ts";

browserTest(
  "the list of runs sorts in both directions, links to reports and fits its window",
  async (pages) => {
    const evil = `"><img src=x onerror=alert(1)>`;
    const runs = [["b", 5], ["c", 1], [evil, 20], ["a", 0]].map(([name, rounds]) => ({
      summary: fixtureSummary({ rounds: Number(rounds), planned: 19, name: String(name) }),
      report: name === "c" ? null : `${name}.html`,
    }));
    const file = path.join(pages.directory, "index.html");
    const comparisons = [["y", 3, 8], [evil, 2, null], ["x", 1, 64]].map((
      [name, count, matching],
    ) => ({
      ...{
        name: String(name),
        page: `compare-${name}.html`,
        answer: `${name} wins`,
        split: "test",
      },
      ...{ methods: Number(count), runs: 3 * Number(count), records: 91 },
      matching: matching === null ? null : Number(matching),
      curves: [[0.7, 0.6], [0.7, null]],
    }));
    writeIndex(runs, { file, comparisons, unreadable: ["<broken>"] });
    for (const width of [380, 1600]) {
      await pages.open(file, { width }, async (page) => {
        const [first, second] = [page.locator(".runs").first(), page.locator("#comparisons .runs")];
        const column = (n: number, table = first) =>
          table.locator(`tbody tr > :nth-child(${n})`).allInnerTexts();
        assert.deepEqual(await column(1), ["b", "c", evil, "a"]);
        await first.getByRole("button", { name: "Rounds" }).click();
        assert.deepEqual(await column(5), ["0", "1", "5", "20"]);
        await first.getByRole("button", { name: "Rounds" }).click();
        assert.deepEqual(await column(5), ["20", "5", "1", "0"]);
        await first.getByRole("button", { name: "Sparsest" }).click();
        assert.equal((await column(8)).at(-1), "–", "missing values come last");
        assert.deepEqual(
          await first.locator("a").evaluateAll((links) =>
            links.map((link) => decodeURIComponent(link.getAttribute("href") ?? "")).sort()
          ),
          [`${evil}.html`, "a.html", "b.html"],
        );
        assert.equal(await first.locator(".sparkline path").count(), 4);

        await second.getByRole("button", { name: "Matching" }).click();
        assert.deepEqual(await column(1, second), ["y", "x", evil], "only its own table is sorted");
        assert.equal((await column(8)).at(-1), "–");
        assert.equal(await second.locator("a").first().getAttribute("href"), "compare-y.html");
        assert.equal(await page.locator("img").count(), 0);
        assert.match(await page.locator("main").innerText(), /cannot be read: <broken>/);
        assert.ok(await overflow(page) <= 0);
      });
    }
  },
);

Deno.test("the list is rebuilt from the runs on disk, broken ones named", () => {
  const root = fs.mkdtempSync("/tmp/index-");
  try {
    const [checkpoints, reports] = [path.join(root, "checkpoints"), path.join(root, "reports")];
    rebuildIndex({ checkpoints, reports });
    const read = () => fs.readFileSync(path.join(reports, "index.html"), "utf8");
    assert.match(read(), /No run has finished a round yet/);

    const summary = fixtureSummary({ rounds: 2, name: "good" });
    writeJson(path.join(checkpoints, "good/summary.json"), summary);
    writeJson(path.join(checkpoints, "odd/summary.json"), { format: "other" });
    fs.mkdirSync(path.join(checkpoints, "young"));
    fs.writeFileSync(path.join(reports, "good.html"), "");
    fs.mkdirSync(path.join(reports, "good"));
    fs.writeFileSync(path.join(reports, "good/ecg.html"), "");
    const comparison = {
      format: "lth-ecg-comparison/1",
      ...{
        name: "a · b",
        split: "test",
        records: 91,
        sentences: { answer: "Both match." },
        runs: [1],
      },
      methods: [{
        levels: [{ theta: 1, mean: 0.8 }, { theta: 32, mean: 0.7 }],
        matching: { byInterval: 1 },
      }, {
        continued: true,
        levels: [{ theta: 1, mean: 0.8 }, { theta: 1, mean: 0.9 }],
        matching: { byInterval: null },
      }],
    };
    for (
      const [name, value] of [["compare-a", comparison], ["compare-odd", { format: "?" }]] as const
    ) {
      writeJson(path.join(reports, name, "comparison.json"), value);
      fs.writeFileSync(path.join(reports, `${name}.html`), "");
    }
    // Results whose page was deleted.
    writeJson(path.join(reports, "compare-gone/comparison.json"), comparison);
    rebuildIndex({ checkpoints, reports });
    assert.match(read(), /href="good.html"/);
    assert.match(read(), /href="good\/ecg.html"/);
    assert.match(read(), /1 comparison</);
    assert.match(read(), /href="compare-a.html">a · b<[^]*32×[^]*Both match\./);
    // The dense network that is trained on has one density, so it is no curve over densities.
    assert.equal(read().match(/class="sparkline"/g)!.length, 2);
    assert.doesNotMatch(read(), /compare-gone/);
    assert.match(read(), /cannot be read: compare-odd, odd\./);
    assert.doesNotMatch(read(), /young/);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});
