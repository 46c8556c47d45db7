import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { collect } from "./collect.ts";
import { csvText } from "./csv.ts";
import type { LayerFilters } from "../analysis/dead_filters.ts";
import { fixtureSummary, fixtureTiming } from "./fixture.ts";
import { fixtureExtras } from "./fixture_extras.ts";
import { writeReport } from "./report.ts";
import { scoreTable } from "./tables.ts";
import {
  browserTest,
  canvasColors,
  newPicture,
  overflow,
  type Pages,
  roundShown,
} from "./testing.ts";

const ENVIRONMENT = { device: "cpu", cores: 2 };

/** Writes the report of a made-up run into the test's directory. */
function write(pages: Pages, options: Parameters<typeof fixtureSummary>[0]) {
  const summary = fixtureSummary(options);
  const file = path.join(pages.directory, "report.html");
  writeReport({ summary, timing: fixtureTiming(summary), environment: ENVIRONMENT, file });
  return { summary, file };
}

for (const rounds of [0, 1, 5, 20]) {
  browserTest(
    `report of ${rounds} rounds: no errors, no requests, charts drawn, no horizontal scrolling`,
    async (pages) => {
      const { file } = write(pages, { rounds, planned: 20 });
      for (const width of [380, 1600]) {
        for (const theme of ["light", "dark"] as const) {
          await pages.open(file, { width, theme }, async (page) => {
            const colors = await canvasColors(page);
            // A single network has no charts over density.
            assert.equal(colors.length, rounds === 0 ? 0 : rounds === 1 ? 3 : 6);
            colors.forEach((count) => assert.ok(count > 10, `${count} colours on a canvas`));
            assert.ok(await overflow(page) <= 0, `${width}: ${await overflow(page)} too wide`);
            const background = await page.evaluate(() =>
              getComputedStyle(document.body).backgroundColor
            );
            const [red = 0] = background.match(/\d+/g)?.map(Number) ?? [];
            assert.equal(red > 128, theme === "light", background);
          });
        }
      }
    },
  );
}

browserTest(
  "the report of a control, which has no dense round, draws its rounds",
  async (pages) => {
    const summary = fixtureSummary({ rounds: 4, name: "r-shuffle" });
    summary.control = { kind: "shuffle", base: "r" };
    summary.rounds = [1, 3].map((round) => summary.rounds[round]!);
    for (const round of summary.rounds) round.afterPruning = round.afterPruningRecalibrated = null;
    const file = path.join(pages.directory, "control.html");
    writeReport({ summary, timing: null, environment: ENVIRONMENT, file });
    await pages.open(file, {}, async (page) => {
      await roundShown(page, "Round 3");
      (await canvasColors(page)).forEach((count) => assert.ok(count > 10, `${count} colours`));
      assert.match(await page.locator("body").innerText(), /Control shuffle of r: at /);
      assert.equal(await page.locator("#confusions .panel").count(), 1);
      assert.match(await page.locator("#confusions h4").innerText(), /^Round 3 /);
      assert.doesNotMatch(await page.locator("#scores").innerText(), /dense/);
      assert.doesNotMatch(await page.locator("#layers").innerText(), /dense on the left/);
      const heads = await page.locator("#scores th[scope=col]").allTextContents();
      assert.ok(heads.includes("Test score") && !heads.some((head) => /dense/.test(head)));
    });
  },
);

browserTest("an analysis and replicates are drawn, told in words and in tables", async (pages) => {
  const summary = fixtureSummary({ rounds: 6 });
  const extras = fixtureExtras(summary, { replicates: 2 });
  const file = path.join(pages.directory, "full.html");
  fs.mkdirSync(path.join(pages.directory, "full"));
  fs.writeFileSync(path.join(pages.directory, "full/ecg.html"), "");
  writeReport({ summary, timing: null, environment: null, file, extras });
  for (const width of [380, 1600]) {
    await pages.open(file, { width, theme: width > 400 ? "dark" : "light" }, async (page) => {
      const colors = await canvasColors(page);
      assert.equal(colors.length, 6 + 6);
      colors.forEach((count) => assert.ok(count > 10, `${count} colours on a canvas`));
      assert.ok(await overflow(page) <= 0, `${width}: ${await overflow(page)} too wide`);
    });
  }
  await pages.open(file, {}, async (page) => {
    assert.match(await page.locator(".answer").innerText(), /95 % interval −0\.061 to \+0\.012\.$/);
    assert.match(await page.locator("#answer").innerText(), /3 of 3 runs\) at /);
    assert.equal(await page.locator(".more a").getAttribute("href"), "full/ecg.html");
    const cells = async (figure: string, row: number) =>
      (await page.locator(`[data-figure="${figure}"] tbody tr:nth-child(${row}) [data-value]`)
        .evaluateAll((nodes) => nodes.map((node) => (node as HTMLElement).dataset["value"])))
        .map((text) => text === "" ? null : Number(text));
    const found = (round: number) => extras.rounds!.get(round)!;
    const { untrained, barrier, overlap, filters } = found(5);
    assert.deepEqual((await cells("untrained", 6)).slice(2), [
      summary.rounds[5]!.dev.score,
      untrained!.initial.score,
      untrained!.signs.score,
    ]);
    assert.deepEqual((await cells("barrier", 6)).slice(2), [barrier!.instability]);
    assert.deepEqual((await cells("overlap", 6)).slice(2), [
      overlap!.total.jaccard,
      overlap!.total.expectedJaccard,
    ]);
    assert.deepEqual((await cells("overlap", 1)).slice(2), [null, null], "dense has no masks");
    const sum = (of: (layer: LayerFilters) => number) =>
      filters!.reduce((total, layer) => total + of(layer), 0);
    assert.deepEqual((await cells("filters", 6)).slice(2), [
      sum((layer) => layer.filters),
      sum((layer) => layer.constant),
      sum((layer) => layer.unused),
      sum((layer) => layer.empty),
    ]);
    const scores = [summary, ...extras.replicates!].map(({ rounds }) => rounds[5]!.test!.score);
    const band = (await cells("scores", 6)).slice(-4);
    assert.ok(Math.abs(band[0]! - scores.reduce((a, b) => a + b) / 3) < 1e-12);
    assert.deepEqual(band.slice(1), [Math.min(...scores), Math.max(...scores), 3]);
    assert.equal(await page.locator(".multiple").count(), 34);
    await page.locator(".multiple svg").first().click({ position: { x: 3, y: 20 } });
    await roundShown(page, "Round 0");
    await page.locator('[data-figure="barrierLine"] .entry.round', { hasText: "3" }).click();
    await roundShown(page, "Round 3");
  });
});

browserTest(
  "probabilities: the reliability diagram follows the round, its tables hold the numbers",
  async (pages) => {
    const { summary, file } = write(pages, { rounds: 3 });
    const first = summary.rounds[0]!;
    first.dev.calibration!.bins[14]!.accuracy = 0.123456;
    const extras = { decision: "Decision: by a rule." };
    writeReport({ summary, timing: null, environment: null, file, extras });
    await pages.open(file, {}, async (page) => {
      const values = (selector: string) =>
        page.locator(`${selector} [data-value]`).evaluateAll((nodes) =>
          nodes.map((node) => Number((node as HTMLElement).dataset["value"]))
        );
      const { test, dev, round, density } = first;
      const six = (value: number) => Number(value.toPrecision(6));
      const own = [test!, dev].flatMap(({ calibration }) => [
        six(calibration!.calibrationError),
        six(calibration!.uncalibrated.calibrationError),
        six(calibration!.brier),
        six(calibration!.uncalibrated.brier),
      ]);
      assert.deepEqual(await values("#probabilities .card > .scroll tbody tr:nth-child(1)"), [
        ...[round, density, 1.3],
        ...own,
      ]);
      const figure = page.locator('[data-figure="reliability"]');
      await figure.locator("summary").click();
      // Eight bins of test, then those of dev; the last bin of dev is the one that was changed.
      assert.deepEqual(
        (await values('[data-figure="reliability"] tbody tr:nth-child(16)')).slice(1),
        [14 / 15, 1, dev.calibration!.bins[14]!.records, six(14.6 / 15), 0.123456],
      );
      const seen = await figure.locator("canvas").evaluate((c) =>
        (c as HTMLCanvasElement).toDataURL()
      );
      await figure.locator("button", { hasText: "Dev" }).click();
      await page.locator("#previous").click();
      await page.locator("#previous").click();
      await newPicture(page, '[data-figure="reliability"] canvas', [seen]);
      await figure.locator(".plot").focus();
      await page.keyboard.press("End");
      await page.keyboard.press("ArrowLeft");
      assert.match(
        await figure.locator(".readout").innerText(),
        /Probability 97\.3.%, \d+ records/,
      );
      assert.match(await figure.locator(".legend").innerText(), /12\.3.%/);
      assert.match(await page.locator("#scores .note").innerText(), /Decision: by a rule\./);
    });
    // An older run, which did not measure probabilities.
    for (const { dev, test } of summary.rounds) {
      delete dev.calibration;
      delete test!.calibration;
    }
    writeReport({ summary, timing: null, environment: null, file });
    await pages.open(file, {}, async (page) => {
      assert.equal((await canvasColors(page)).length, 5);
      assert.match(
        await page.locator("#probabilities").innerText(),
        /This older run has no calibrated probabilities\.\s*$/,
      );
    });
  },
);

browserTest("the tables hold the summary's values", async (pages) => {
  const { summary, file } = write(pages, { rounds: 5 });
  await pages.open(file, {}, async (page) => {
    const cells = (selector: string) =>
      page.locator(selector).evaluateAll((nodes) =>
        nodes.map((node) => Number((node as HTMLElement).dataset["value"]))
      );
    const row = (n: number) => `#scores tbody tr:nth-child(${n + 1}) [data-value]`;
    for (const round of summary.rounds) {
      const values = await cells(row(round.round));
      assert.deepEqual(values.slice(0, 5), [
        round.round,
        round.kept,
        round.density,
        round.theta,
        round.test?.score,
      ]);
      assert.equal(values[7], round.dev.score);
    }
    const last = summary.rounds[4];
    assert.deepEqual(
      await cells("#confusions .panel:last-child td[data-value]"),
      last?.test?.confusion.flat(),
    );
    assert.deepEqual(
      await cells("#layer-rows td:nth-child(4)"),
      last?.layers.map((layer) => layer.kept),
    );
    assert.deepEqual(
      await cells('[data-figure="curveScore"] .epoch-rows td:nth-child(6)'),
      last?.epochs.map((epoch) => Number(epoch.devScore.toPrecision(6))),
    );
    assert.ok((await page.locator("#settings").innerText()).includes(summary.dataset.sha256));
  });
});

browserTest("everything can be done by keyboard, and is told to screen readers", async (pages) => {
  const { file } = write(pages, { rounds: 5 });
  await pages.open(file, {}, async (page) => {
    await roundShown(page, "Round 4");
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement?.className), "skip");
    for (let i = 0; i < 9; i++) {
      await page.keyboard.press("Tab");
      if (await page.evaluate(() => document.activeElement?.id === "round")) break;
    }
    await page.keyboard.press("ArrowLeft");
    await roundShown(page, "Round 3");
    assert.match(await page.locator("#round").getAttribute("aria-valuetext") ?? "", /^Round 3, /);

    await page.locator('[data-figure="scores"] .plot').focus();
    await page.keyboard.press("ArrowLeft");
    assert.match(await page.locator("#live").innerText(), /Round 2, .*: Test, retrained 0\.\d{3}/);
    await page.keyboard.press("Home");
    assert.match(await page.locator("#live").innerText(), /Round 0, 100/);
    await page.keyboard.press("ArrowRight");
    await page.keyboard.press("Enter");
    await roundShown(page, "Round 1");

    await page.locator("#scores summary").focus();
    await page.keyboard.press("Enter");
    await page.locator("#scores tbody tr:nth-child(3) .pick").focus();
    await page.keyboard.press("Enter");
    await roundShown(page, "Round 2");
    assert.equal(await page.locator("#scores tr.selected").getAttribute("data-index"), "2");

    await page.locator('[data-figure="curveLoss"] .entry.round').first().focus();
    await page.keyboard.press("Enter");
    await roundShown(page, "Round 0");
    const focused = await page.evaluate(() => (document.activeElement as HTMLElement).dataset);
    assert.equal(focused["label"], "0 (dense)", "focus stays where it was");
    assert.equal(await page.locator("#confusions .panel").count(), 1);
  });
});

browserTest("switches change the charts, the theme button the colours", async (pages) => {
  const { file } = write(pages, { rounds: 5 });
  await pages.open(file, {}, async (page) => {
    const figure = page.locator('[data-figure="scores"]');
    const seen: string[] = [];
    const changed = () => newPicture(page, '[data-figure="scores"] canvas', seen);
    await changed();
    const log = figure.getByRole("button", { name: "Log axis" });
    await log.click();
    assert.equal(await log.getAttribute("aria-pressed"), "false");
    await changed();
    await figure.getByRole("button", { name: /Dev, retrained/ }).click();
    await changed();
    await page.locator("#theme").click();
    await page.locator("#theme").click();
    assert.equal(await page.locator("#theme").innerText(), "Theme: dark");
    await changed();

    const classes = page.locator('[data-figure="classes"]');
    const before = await classes.locator(".legend").innerText();
    await classes.getByRole("button", { name: "Dev", exact: true }).click();
    assert.notEqual(await classes.locator(".legend").innerText(), before);
    await page.locator("#confusion-tools").getByRole("button", { name: /right after/ }).click();
    assert.match(await page.locator("#confusions").innerText(), /Nothing was pruned/);
  });
});

browserTest("hovering shows values, clicking a point chooses its round", async (pages) => {
  const { file } = write(pages, { rounds: 5 });
  await pages.open(file, {}, async (page) => {
    const over = page.locator('[data-figure="scores"] .u-over');
    await over.scrollIntoViewIfNeeded();
    const box = await over.boundingBox();
    assert.ok(box);
    await page.mouse.move(box.x + box.width * 0.07, box.y + 20);
    const readout = page.locator('[data-figure="scores"] .readout');
    assert.match(await readout.innerText(), /^Round 0, 100/);
    await page.mouse.click(box.x + box.width * 0.07, box.y + 20);
    await roundShown(page, "Round 0");
  });
});

browserTest("numbers and pictures can be saved", async (pages) => {
  const { summary, file } = write(pages, { rounds: 5, name: "my run/1" });
  await pages.open(file, {}, async (page) => {
    const figure = page.locator('[data-figure="scores"]');
    const save = async (label: string) => {
      const waiting = page.waitForEvent("download");
      await figure.getByRole("button", { name: label }).click();
      const download = await waiting;
      const target = path.join(pages.directory, "saved");
      await download.saveAs(target);
      return { name: download.suggestedFilename(), bytes: fs.readFileSync(target) };
    };
    const csv = await save("CSV");
    assert.equal(csv.name, "my_run_1-scores.csv");
    const data = collect(summary, null);
    assert.equal(csv.bytes.toString("utf8"), csvText(scoreTable(data)));
    const png = await save("PNG");
    assert.equal(png.bytes.subarray(1, 4).toString("latin1"), "PNG");
    assert.ok(png.bytes.readUInt32BE(16) > 600 && png.bytes.length > 5000);
  });
});

browserTest("hostile names are shown as they are and do nothing", async (pages) => {
  const evil = `</script><script>alert(1)</script>"><img src=x onerror=alert(2)>`;
  const summary = fixtureSummary({ rounds: 3, name: evil, classes: [evil, "__proto__", "O", "~"] });
  // No file with such a mode is read; the page must not depend on that.
  (summary as { mode: string }).mode = evil;
  summary.metric.name = `${evil} F1`;
  summary.config[evil] = { [evil]: [evil] };
  summary.rounds.forEach((round) => {
    const layer = round.layers[0];
    if (layer) layer.name = evil;
  });
  const file = path.join(pages.directory, "evil.html");
  writeReport({ summary, timing: null, environment: { [evil]: evil }, file });
  for (const width of [380, 1600]) {
    await pages.open(file, { width }, async (page) => {
      assert.equal(await page.locator("h1").innerText(), evil);
      assert.equal(await page.title(), `${evil} · lth-ecg`);
      assert.equal(await page.locator("img").count(), 0);
      assert.equal(await page.locator("script").count(), 2);
      assert.equal(await page.locator("#layer-rows th").first().innerText(), evil);
      assert.equal(
        await page.locator('[data-figure="classes"] .entry .name').first().innerText(),
        evil,
      );
      assert.ok(await overflow(page) <= 0, `${width}: ${await overflow(page)} too wide`);
    });
  }
});

browserTest("values that are missing are dashes, not numbers", async (pages) => {
  const summary = fixtureSummary({ rounds: 3 });
  for (const round of summary.rounds) {
    for (const scores of [round.dev, round.test]) {
      if (!scores) continue;
      scores.f1["~"] = null;
      scores.confusion.forEach((row, i) =>
        row.forEach((_, j) => {
          if (i === 3 || j === 3) row[j] = 0;
        })
      );
    }
  }
  const last = summary.rounds[2];
  if (!last?.test) throw new Error("the fixture has no third round");
  last.test.score = null as unknown as number;
  last.epochs.forEach((row) => (row.trainLoss = NaN));
  const file = path.join(pages.directory, "missing.html");
  writeReport({ summary, timing: null, environment: null, file });
  assert.ok(
    !/\bNaN\b/.test(fs.readFileSync(file, "utf8").split('id="data">')[1]?.split("<")[0] ?? "NaN"),
  );
  await pages.open(file, {}, async (page) => {
    const text = await page.locator("body").innerText();
    assert.doesNotMatch(text, /NaN|undefined|null|Infinity/);
    assert.match(await page.locator(".answer").innerText(), /CinC F1 – on test/);
    assert.match(text, /Not recorded with this run/);
    assert.equal(
      await page.locator("#confusions tbody tr:last-child .extra").last().innerText(),
      "–",
    );
    assert.equal(await page.locator('[data-figure="classes"] .value').last().innerText(), "–");
  });
});

browserTest("the page's policy stops foreign scripts and every request", async (pages) => {
  const { file } = write(pages, { rounds: 1 });
  const expected = /Content Security Policy|violates|example\.org/;
  await pages.open(file, { expected }, async (page) => {
    const blocked = await page.evaluate(async () => {
      const seen: string[] = [];
      addEventListener("securitypolicyviolation", (event) => seen.push(event.effectiveDirective));
      document.body.append(
        Object.assign(document.createElement("script"), { text: "window.bad=1" }),
      );
      document.body.append(Object.assign(new Image(), { src: "https://example.org/x.png" }));
      await fetch("https://example.org/").catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 200));
      return [...seen, "bad" in window];
    });
    assert.deepEqual(blocked.sort(), ["connect-src", false, "img-src", "script-src-elem"].sort());
  });
});

browserTest(
  "350 analysed rounds of 10 seeds make a page of less than 3 MB that still responds",
  async (pages) => {
    const summary = fixtureSummary({ rounds: 350, epochs: 100, prune: 0.015 });
    const file = path.join(pages.directory, "long.html");
    writeReport({
      ...{ summary, file, timing: fixtureTiming(summary), environment: ENVIRONMENT },
      extras: fixtureExtras(summary, { replicates: 9 }),
    });
    assert.ok(fs.statSync(file).size < 3_000_000, `${fs.statSync(file).size} bytes`);
    await pages.open(file, {}, async (page) => {
      assert.match(await page.locator("#learning").innerText(), /16 of 350 rounds are drawn/);
      assert.match(
        await page.locator("#learning").innerText(),
        /of 35,000 epochs are in this file/,
      );
      await page.locator("#round").fill("123");
      await roundShown(page, "Round 123");
      assert.equal(await page.locator('[data-figure="curveScore"] .entry.round').count(), 17);
      // Long tables are made when they are opened.
      assert.equal(await page.locator("#scores tbody tr").count(), 0);
      await page.locator("#scores summary").click();
      await page.locator("#scores tbody tr:nth-child(124).selected").waitFor();
      const value = (column: number) =>
        page.locator(`#scores tbody tr:nth-child(350) > :nth-child(${column})`).getAttribute(
          "data-value",
        );
      assert.equal(Number(await value(5)), summary.rounds[349]!.test!.score);
      assert.equal(Number(await value(16)), 10);
      await page.locator("#scores tbody tr:nth-child(8) .pick").click();
      await roundShown(page, "Round 7");
    });
  },
);

Deno.test("the report is one file that refers to nothing outside", () => {
  const directory = fs.mkdtempSync("/tmp/report-");
  try {
    const file = path.join(directory, "report.html");
    const summary = fixtureSummary({ rounds: 2 });
    writeReport({ summary, timing: null, environment: null, file });
    const text = fs.readFileSync(file, "utf8");
    assert.deepEqual(fs.readdirSync(directory), ["report.html"]);
    assert.doesNotMatch(text, /<(?:link|img|iframe|object|embed)\b|<script[^>]*\bsrc=|@import/i);
    const policy = text.match(/http-equiv="Content-Security-Policy" content="([^"]*)"/)?.[1] ?? "";
    assert.match(
      policy.replaceAll("&#39;", "'"),
      /^default-src 'none'; script-src 'sha256-[\w+/=]+'; style-src 'sha256-[\w+/=]+'; /,
    );
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});
