import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { writeJson } from "../core/files.ts";
import { fixtureSummary } from "./fixture.ts";
import { rebuildIndex, writeIndex } from "./index_page.ts";
import { browserTest, overflow } from "./testing.ts";

browserTest(
  "the list of runs sorts both ways, links reports and stays within its window",
  async (pages) => {
    const evil = `"><img src=x onerror=alert(1)>`;
    const runs = [["b", 5], ["c", 1], [evil, 20], ["a", 0]].map(([name, rounds]) => ({
      summary: fixtureSummary({ rounds: Number(rounds), planned: 19, name: String(name) }),
      report: name === "c" ? null : `${name}.html`,
    }));
    const file = path.join(pages.directory, "index.html");
    writeIndex(runs, { file, unreadable: ["<broken>"] });
    for (const width of [380, 1600]) {
      await pages.open(file, { width }, async (page) => {
        const column = (n: number) =>
          page.locator(`.runs tbody tr > :nth-child(${n})`).allInnerTexts();
        assert.deepEqual(await column(1), ["b", "c", evil, "a"]);
        await page.getByRole("button", { name: "Rounds" }).click();
        assert.deepEqual(await column(4), ["0", "1", "5", "20"]);
        await page.getByRole("button", { name: "Rounds" }).click();
        assert.deepEqual(await column(4), ["20", "5", "1", "0"]);
        await page.getByRole("button", { name: "Sparsest" }).click();
        assert.equal((await column(7)).at(-1), "–", "missing values come last");
        assert.deepEqual(
          await page.locator(".runs a").evaluateAll((links) =>
            links.map((link) => decodeURIComponent(link.getAttribute("href") ?? "")).sort()
          ),
          [`${evil}.html`, "a.html", "b.html"],
        );
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
    rebuildIndex({ checkpoints, reports });
    assert.match(read(), /href="good.html"/);
    assert.match(read(), /cannot be read: odd\./);
    assert.doesNotMatch(read(), /young/);
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});
