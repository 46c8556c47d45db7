/// <reference lib="dom" />
import assert from "node:assert/strict";
import * as path from "node:path";
import { interval } from "./charts/scores.ts";
import { collect } from "./collect.ts";
import { fixtureSummary, fixtureTiming } from "./fixture.ts";
import { fixtureExtras } from "./fixture_extras.ts";
import { singleSummary } from "./fixture_single.ts";
import { writeReport } from "./report.ts";
import { browserTest, canvasColors, overflow } from "./testing.ts";

/** What only makes sense if there are several networks. */
const CHOICE = "#round, .roundbar, [data-round-name], .pick, .strip, .multiples, .spark";

for (const mode of ["gradual", "set", "rigl"] as const) {
  browserTest(
    `the report of a single training by ${mode} has one network and no rounds`,
    async (pages) => {
      const summary = singleSummary(mode);
      const [round] = summary.rounds;
      const file = path.join(pages.directory, "single.html");
      writeReport({ summary, timing: fixtureTiming(summary), environment: null, file });
      for (const width of [380, 1600]) {
        await pages.open(file, { width }, async (page) => {
          const colors = await canvasColors(page);
          // Reliability, score, loss; and the density where it changes.
          assert.equal(colors.length, mode === "gradual" ? 4 : 3);
          colors.forEach((count) => assert.ok(count > 10, `${count} colours on a canvas`));
          assert.ok(await overflow(page) <= 0, `${width}: ${await overflow(page)} too wide`);
        });
      }
      await pages.open(file, {}, async (page) => {
        assert.equal(await page.locator(CHOICE).count(), 0);
        const text = await page.locator(
          "#answer, #scores, #classes, #probabilities, #learning, #layers, #costs",
        )
          .allInnerTexts();
        assert.equal(text.length, 7);
        const heads = await page.locator("main th[scope=col]").allTextContents();
        assert.ok(!heads.includes("Round"), heads.join());
        assert.doesNotMatch(
          text.join("\n"),
          /\brounds?\b|not scored|nothing was pruned|retrained/i,
        );
        assert.equal(
          await page.locator("#tickets").count(),
          0,
          "a single training cannot be analysed",
        );
        assert.match(text[0]!, new RegExp(`${mode}\\s+single training\\s+complete`));
        assert.match(text.join("\n"), /The mask changed 3 times; on average, training had /);
        const words = await page.locator("#words dt").allInnerTexts();
        assert.ok(words.includes(`Mode ${mode}`) && !words.includes("Round"), words.join());

        const values = (selector: string) =>
          page.locator(selector).evaluateAll((nodes) =>
            nodes.map((node) => Number((node as HTMLElement).dataset["value"]))
          );
        const data = collect(summary, null).rounds[0]!;
        for (const [line, split] of (["test", "dev"] as const).entries()) {
          const [low, high] = interval(data[split])!;
          const { records, score, f1, accuracy, loss } = round![split]!;
          assert.deepEqual(await values(`#scores tbody tr:nth-child(${line + 1}) td`), [
            ...[records, score, low, high],
            ...summary.classes.map((name) => f1[name]),
            ...[accuracy, loss],
          ]);
        }
        const panels = page.locator("#confusions .panel");
        assert.deepEqual(await panels.locator("h4").allInnerTexts(), ["Test", "Dev"]);
        assert.deepEqual(
          await values("#confusions .panel:first-child td[data-value]"),
          round!.test!.confusion.flat(),
        );
        assert.match(await page.locator(".tiles").innerText(), /95.% 0\.\d+ to 0\.\d+/);
        assert.deepEqual(
          await values("#layer-rows td:nth-child(4)"),
          round!.layers.map(({ kept }) => kept),
        );
        assert.deepEqual((await values("#costs dd")).slice(0, 2), [
          round!.macs,
          round!.macs / round!.denseMacs,
        ]);
        const density = await values('[data-figure="curveScore"] .epoch-rows td:nth-child(9)');
        assert.deepEqual(density, mode === "gradual" ? data.epochs.density : []);
      });
    },
  );
}

browserTest("the report of a run after its dense round has that network alone", async (pages) => {
  const summary = fixtureSummary({ rounds: 1, planned: 3 });
  const file = path.join(pages.directory, "dense.html");
  const extras = fixtureExtras(summary);
  writeReport({ summary, timing: null, environment: null, file, extras });
  await pages.open(file, {}, async (page) => {
    assert.equal(await page.locator(CHOICE).count(), 0);
    // Reliability, score, loss, and the errors between two data orders.
    assert.equal((await canvasColors(page)).length, 4);
    assert.match(await page.locator("#tickets").innerText(), /Instability\s+0\.2.%/);
    assert.match(await page.locator("#answer").innerText(), /no pruned round is finished yet/);
  });
});
