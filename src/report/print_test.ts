/// <reference lib="dom" />
import assert from "node:assert/strict";
import * as path from "node:path";
import { fixtureSummary } from "./fixture.ts";
import { writeReport } from "./report.ts";
import { browserTest } from "./testing.ts";

browserTest(
  "on paper no table is cut off or overlaps the next part, and nothing is clickable",
  async (pages) => {
    const file = path.join(pages.directory, "printed.html");
    writeReport({ summary: fixtureSummary({ rounds: 4 }), timing: null, environment: null, file });
    await pages.open(file, { width: 720 }, async (page) => {
      await page.emulateMedia({ media: "print" });
      const tables = await page.locator(".scroll").evaluateAll((nodes) =>
        nodes.map((node) => ({
          rows: node.querySelectorAll("tr").length,
          hidden: node.scrollHeight - node.clientHeight,
        }))
      );
      assert.ok(tables.some(({ rows }) => rows > 30), "the table of layers should be on the page");
      for (const { rows, hidden } of tables) {
        assert.ok(hidden <= 1, `${rows} rows, ${hidden} px hidden`);
      }
      for (const control of ["#theme", ".roundbar", ".tools", "summary"]) {
        assert.equal(await page.locator(control).filter({ visible: true }).count(), 0, control);
      }
    });
  },
);
