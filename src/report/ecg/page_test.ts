/// <reference lib="dom" />
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Page } from "playwright-core";
import { createRng } from "../../core/rng.ts";
import { csvText } from "../csv.ts";
import { browserTest, canvasColors, overflow, type Pages } from "../testing.ts";
import { ecgPage } from "./page.ts";
import { packRecords } from "./pack.ts";
import type { EcgInput, EcgRecord } from "./record.ts";
import { allStepsTable, recordTable, stepTable } from "./tables.ts";

const CLASSES = ["N", "A", "O", "~"];
const NETWORKS = { dense: "Dense", ticket: "Ticket" };

/** A made-up recording: one beat per second with noise, and steps that differ at `differ`. */
function recording(
  name: string,
  { steps = 35, differ = [] as number[], truth = 0 } = {},
): EcgRecord {
  const rng = createRng(1, name);
  const samples = Float64Array.from({ length: 256 * steps }, (_, i) => {
    const phase = (i % 300) / 300;
    return Math.exp(-(((phase - 0.3) / 0.015) ** 2)) +
      0.2 * Math.exp(-(((phase - 0.55) / 0.05) ** 2)) +
      0.03 * (rng.next() - 0.5);
  });
  const ticket = Array.from({ length: steps }, (_, i) => differ.includes(i) ? 2 : truth);
  const share = (label: number) => CLASSES.map((_, c) => c === label ? 0.7 : 0.1);
  return {
    name,
    samples,
    rate: 300,
    classes: CLASSES,
    truth: CLASSES[truth]!,
    steps: { dense: ticket.map(() => truth), ticket },
    votes: { dense: truth, ticket: differ.length > steps / 2 ? 2 : truth },
    probabilities: { dense: ticket.map(() => share(truth)), ticket: ticket.map(share) },
  };
}

function write(pages: Pages, input: EcgInput): string {
  const file = path.join(pages.directory, "ecg.html");
  fs.writeFileSync(file, ecgPage(input));
  return file;
}

const shown = (page: Page) => page.locator("#record-name").innerText();

browserTest(
  "recordings are drawn at both widths and in both themes, and can be browsed by keyboard",
  async (pages) => {
    const records = [
      recording("first", { differ: [3, 4, 20] }),
      recording("second", { truth: 1 }),
      recording("third", { truth: 3, steps: 69, differ: Array.from({ length: 60 }, (_, i) => i) }),
    ];
    const file = write(pages, {
      records,
      answer: "They differ.",
      back: { href: "../r.html", name: "Run" },
    });
    for (const width of [380, 1600]) {
      for (const theme of ["light", "dark"] as const) {
        await pages.open(file, { width, theme }, async (page) => {
          const colors = await canvasColors(page);
          assert.ok(colors.length >= 4, `${colors.length} rows`);
          colors.forEach((count) => assert.ok(count > 8, `${count} colours in a row`));
          assert.ok(await overflow(page) <= 0, `${width}: ${await overflow(page)} too wide`);
        });
      }
    }
    await pages.open(file, {}, async (page) => {
      assert.equal(await shown(page), "third", "it begins with one whose names differ");
      await page.keyboard.press("p");
      await page.keyboard.press("p");
      assert.equal(await shown(page), "first");
      await page.keyboard.press("d");
      assert.match(
        await page.locator("#readout").innerText(),
        /^Step 4, 2\.56 to 3\.41 s\. Dense: N \(.*Ticket: O/,
      );
      await page.keyboard.press("d");
      await page.keyboard.press("d");
      assert.match(await page.locator("#live").innerText(), /^Step 21,/);
      await page.keyboard.press("d");
      assert.equal(await shown(page), "third", "the next difference is in a later recording");
      await page.locator("#paper").focus();
      await page.keyboard.press("End");
      assert.match(await page.locator("#readout").innerText(), /^Step 69, .*Dense: ~ .*Ticket: ~/);
      await page.keyboard.press("ArrowLeft");
      assert.match(await page.locator("#readout").innerText(), /^Step 68,/);
      await page.getByRole("button", { name: "Differ 2" }).click();
      assert.equal(await page.locator(".ecg-item:visible").count(), 2);
      await page.keyboard.press("p");
      assert.equal(await shown(page), "first", "recordings that the filter hides are passed over");
      await page.locator("#all tbody tr:nth-child(2) .pick").click();
      assert.equal(await shown(page), "second");
    });
  },
);

browserTest("the tables hold the predictions, and the same tables are saved", async (pages) => {
  const records = [recording("a", { differ: [1], steps: 5 }), recording("b", { steps: 3 })];
  const file = write(pages, { records });
  const packed = packRecords(records);
  await pages.open(file, {}, async (page) => {
    await page.locator("summary").click();
    const rows = await page.locator("#steps tbody tr").evaluateAll((rows) =>
      rows.map((row) => [...row.children].map((cell) => (cell as HTMLElement).innerText))
    );
    const expected = stepTable(packed[0]!, NETWORKS).rows;
    assert.equal(rows.length, 5);
    assert.deepEqual(rows.map((row) => row.slice(3, 6)), expected.map((row) => row.slice(3, 6)));
    assert.deepEqual(rows[1]!.slice(3, 6), ["N", "O", "no"]);
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "CSV" }).click();
    const target = path.join(pages.directory, "saved.csv");
    await (await waiting).saveAs(target);
    const data = { name: "Predictions", networks: NETWORKS, records: packed };
    assert.equal(fs.readFileSync(target, "utf8"), csvText(allStepsTable(data)));
    assert.equal(allStepsTable(data).rows.length, 8);
    assert.deepEqual(recordTable(data).rows[0]?.slice(0, 4), ["a", "N", "N", "N"]);
  });
});

browserTest("what is shown of a recording is saved as one picture", async (pages) => {
  const file = write(pages, { records: [recording("a", { steps: 35 })] });
  await pages.open(file, {}, async (page) => {
    const drawn = await page.locator("#paper canvas").evaluateAll((rows) =>
      rows.map((row) => [(row as HTMLCanvasElement).width, (row as HTMLCanvasElement).height])
    );
    const waiting = page.waitForEvent("download");
    await page.getByRole("button", { name: "PNG" }).click();
    const saved = await waiting;
    assert.equal(saved.suggestedFilename(), "a.png");
    const target = path.join(pages.directory, "saved.png");
    await saved.saveAs(target);
    const bytes = fs.readFileSync(target);
    assert.equal(bytes.subarray(1, 4).toString(), "PNG");
    const head = 34 * await page.evaluate(() => devicePixelRatio);
    const heights = drawn.reduce((sum, [, height]) => sum + height!, 0);
    assert.deepEqual([bytes.readUInt32BE(16), bytes.readUInt32BE(20)], [
      drawn[0]![0],
      head + heights,
    ]);
  });
});

browserTest(
  "one spike among 36,000 samples is drawn to its full height in a single row",
  async (pages) => {
    const record = recording("long", { steps: 141 });
    const samples = Float64Array.from({ length: 36_000 }, (_, i) => i === 20_123 ? 3 : 0);
    const file = write(pages, { records: [{ ...record, samples }] });
    assert.ok(fs.statSync(file).size < 3_000_000);
    await pages.open(file, {}, async (page) => {
      await page.getByRole("button", { name: "Whole recording" }).click();
      const reached = await page.evaluate(() => {
        const canvas = document.querySelector<HTMLCanvasElement>("#paper canvas")!;
        const context = canvas.getContext("2d")!;
        const ink = getComputedStyle(document.documentElement).getPropertyValue("--ink").trim();
        const wanted = [1, 3, 5].map((i) => parseInt(ink.slice(i, i + 2), 16));
        const { data, width } = context.getImageData(0, 0, canvas.width, 120);
        for (let i = 0; i < data.length; i += 4) {
          // Search to the right of the calibration pulse; thin lines are lighter than full ink.
          const x = (i / 4) % width;
          const close = wanted.every((value, k) => Math.abs(data[i + k]! - value) < 60);
          if (x > 60 && close) return { x: x / width, y: Math.floor(i / 4 / width) };
        }
        return null;
      });
      // The paper reaches from -0.5 to 3.5 mV at 10 mm/mV: 3 mV are 5 mm below its upper edge.
      assert.ok(reached, "no ink");
      assert.ok(Math.abs(reached.y - 5 * 96 / 25.4) < 3, `the highest ink is at ${reached.y}`);
      assert.ok(Math.abs(reached.x - 20_123 / 36_000) < 0.03, `it is at ${reached.x}`);
    });
  },
);

browserTest(
  "hostile names, gaps and missing parts are shown as text and run no code",
  async (pages) => {
    const evil = `</script><script>alert(1)</script>"><img src=x onerror=alert(2)>`;
    const classes = [evil, "__proto__"];
    const base = { rate: 300, classes, steps: { ticket: [0, 1] } };
    const file = write(pages, {
      title: evil,
      notes: [evil],
      networks: { ticket: evil },
      records: [
        {
          ...base,
          name: evil,
          truth: evil,
          samples: Array.from({ length: 512 }, (_, i) => i % 9 ? 0.1 : NaN),
        },
        { ...base, name: "flat", samples: new Float32Array(512) },
        { ...base, name: "nothing", samples: [], steps: { ticket: [] } },
      ],
    });
    await pages.open(file, { width: 380 }, async (page) => {
      assert.equal(await page.locator("h1").innerText(), evil);
      assert.equal(await shown(page), evil);
      assert.equal(await page.locator("img").count(), 0);
      assert.equal(await page.locator("script").count(), 2);
      assert.ok(await overflow(page) <= 0, `${await overflow(page)} too wide`);
      for (const name of ["flat", "nothing"]) {
        await page.keyboard.press("n");
        assert.equal(await shown(page), name);
        await page.locator("#paper").focus();
        await page.keyboard.press("ArrowRight");
      }
      assert.doesNotMatch(await page.locator("body").innerText(), /NaN|undefined|null|Infinity/);
    });
    await pages.open(write(pages, { records: [] }), {}, async (page) => {
      assert.match(await page.locator("main").innerText(), /There is no recording here/);
    });
  },
);
