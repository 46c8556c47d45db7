/// <reference lib="dom" />
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { format } from "../report/format.ts";
import { browserTest, canvasColors, overflow } from "../report/testing.ts";
import { UsageError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import { type JudgedRecord, predictionPage, refuseTooMany } from "./prediction_page.ts";
import { Predictor } from "./predictor.ts";
import { CROSS_VALIDATION } from "../ticket/cross_validation.ts";
import { madeTicket } from "../ticket/testing.ts";

const EVIL = `</script><script>alert(1)</script>"><img src=x onerror=alert(2)>.csv`;

function judged(predictor: Predictor, record: string, steps: number): JudgedRecord {
  const rng = createRng(1, record);
  const samples = Int16Array.from(
    { length: 256 * steps + 100 },
    (_, i) => (i % 240 < 12 ? 900 : 0) + rng.integer(60),
  );
  return { record, samples, ...predictor.judge(samples) };
}

Deno.test("a judgement's probabilities sum to 1 in every step, and their mean is the record's", () => {
  using predictor = new Predictor(madeTicket());
  const { stepProbabilities, steps, probabilities } = judged(predictor, "x", 9);
  assert.equal(stepProbabilities.length, 9);
  stepProbabilities.forEach((row, t) => {
    assert.ok(Math.abs(row.reduce((sum, p) => sum + p, 0) - 1) < 1e-12);
    // The ticket is an older one: a step votes for the largest softmax / prior.
    const corrected = row.map((p, c) => p / predictor.ticket.priors[c]!);
    const best = corrected.indexOf(Math.max(...corrected));
    assert.equal(predictor.ticket.classes[best], steps[t]);
  });
  predictor.ticket.classes.forEach((name, c) => {
    const mean = stepProbabilities.reduce((sum, row) => sum + row[c]!, 0) / 9;
    assert.ok(Math.abs(mean - probabilities[name]!) < 1e-12);
  });
});

Deno.test("a ticket without test records tells the score of its cross-validation as what it is", () => {
  const scores = {
    records: 7674,
    name: "CinC F1",
    headline: { score: 0.8, low: 0.79, high: 0.81 },
    f1: {},
  };
  const ticket = { ...madeTicket(), metrics: { [CROSS_VALIDATION]: scores } };
  using predictor = new Predictor(ticket);
  const page = predictionPage([judged(predictor, "x", 3)], {
    ticket,
    hop: predictor.hop,
    source: "t",
  });
  assert.ok(page.includes(
    "CinC F1 of networks made in the same way, in cross-validation over 7674 recordings, 0.800, " +
      "95 % [0.790, 0.810].",
  ));
});

Deno.test("too many or too long recordings for a page are refused with the limit", () => {
  refuseTooMany({ records: 200, seconds: 6 * 3600 });
  for (
    const [what, message] of [
      [{ records: 8528, seconds: 0 }, /8,528 recordings on one page: --html takes up to 200;/],
      [{ records: 1, seconds: 86_400 }, /24\.0 hours of recordings .* takes up to 6;/],
    ] as const
  ) {
    assert.throws(
      () => refuseTooMany(what),
      (error: unknown) => error instanceof UsageError && message.test(error.message),
    );
  }
});

browserTest(
  "own recordings are drawn with shares, at both widths in both themes",
  async (pages) => {
    using predictor = new Predictor(madeTicket());
    const { ticket, hop } = predictor;
    const records = [judged(predictor, EVIL, 12), judged(predictor, "b/A00002.mat", 35)];
    const file = path.join(pages.directory, "own.html");
    fs.writeFileSync(
      file,
      predictionPage(records, { ticket, hop, source: "x.ticket.safetensors" }),
    );
    for (const width of [380, 1600]) {
      for (const theme of ["light", "dark"] as const) {
        await pages.open(file, { width, theme }, async (page) => {
          const colors = await canvasColors(page);
          colors.forEach((count) => assert.ok(count > 8, `${count} colours in a row`));
          assert.ok(
            colors.length > 0 && await overflow(page) <= 0,
            `${await overflow(page)} too wide`,
          );
        });
      }
    }
    const own = records.map((entry) => ({ ...entry, record: `/home/me/${entry.record}` }));
    for (const some of [own, [own[1]!]]) {
      const text = predictionPage(some, { ticket, hop, source: "x" });
      assert.doesNotMatch(text, /home\/me/, "a page does not tell where its recordings lie");
    }
    await pages.open(file, {}, async (page) => {
      assert.equal(await page.locator("#record-name").innerText(), EVIL);
      assert.equal(await page.locator("img").count(), 0);
      const about = await page.locator("#record-about").innerText();
      assert.match(
        about,
        new RegExp(`Ticket says ${records[0]!.label} · A [\\d.]+\\s%, N [\\d.]+\\s%`),
      );
      assert.match(
        about,
        new RegExp(` · ${records[0]!.heartRate.perMinute!.toFixed(0)} beats/min · `),
      );
      await page.keyboard.press("n");
      assert.equal(await page.locator("#record-name").innerText(), "b/A00002.mat");
      await page.locator("#paper").focus();
      await page.keyboard.press("End");
      const { steps } = records[1]!;
      assert.match(
        await page.locator("#readout").innerText(),
        new RegExp(`^Step 35, .* Ticket: ${steps[34]} \\(`),
      );
      const row = await page.locator("#all tbody tr:nth-child(2)").locator("th, td")
        .allInnerTexts();
      const { label, probabilities } = records[1]!;
      assert.deepEqual(row.slice(1, 7), [
        label,
        ...ticket.classes.map((name) => format(probabilities[name]!, "percent")),
        records[1]!.heartRate.perMinute!.toFixed(0),
      ]);
      const text = await page.locator("body").innerText();
      assert.match(text, /Not a medical device\./);
      assert.match(text, /Decision: most votes of the steps.* from before the rule was named/);
      assert.match(text, /Ticket x\.ticket\.safetensors: made-up, round 3\./);
      assert.doesNotMatch(text, /undefined|NaN|Dense|True class|[Dd]ifference/);
    });
  },
);
