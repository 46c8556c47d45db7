/// <reference lib="dom" />
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import type { Page } from "playwright-core";
import { toBase64 } from "../../core/base64.ts";
import { explainAssumed } from "../../data/advice.ts";
import { edf } from "../../data/formats/testing.ts";
import { READING_DEFAULTS, readRecording } from "../../data/recording.ts";
import { readSampleRecordings, type SampleRecording } from "../../data/sample.ts";
import { format16 } from "../../data/testing_wfdb.ts";
import { heartRate } from "../../predict/heart_rate.ts";
import { longRecord } from "../../predict/long_record.ts";
import { Predictor } from "../../predict/predictor.ts";
import { format } from "../../report/format.ts";
import { browserTest, canvasColors, overflow, type Pages } from "../../report/testing.ts";
import { openTicket } from "../../ticket/ticket_file.ts";
import { html } from "../html.ts";
import { inFields } from "./fields.ts";

/** A file as it is dropped. */
type Dropped = Pick<SampleRecording, "name" | "bytes">;

const encoder = new TextEncoder();
const textFile = (name: string, text: string): Dropped => ({ name, bytes: encoder.encode(text) });

function writePage({ directory }: Pages): string {
  const ticket = openTicket(undefined);
  const { files } = html.encode({ ticket, options: {}, name: "page" });
  const [, text] = files[0]!;
  assert.ok(text.length < 1_500_000, `${text.length} characters`);
  assert.match(String(text), /Content-Security-Policy" content="default-src &#39;none&#39;/);
  const file = path.join(directory, "page.html");
  fs.writeFileSync(file, text);
  return file;
}

/** Drops files on the page, without a network, and waits until it has answered. */
async function drop(page: Page, files: readonly Dropped[]): Promise<void> {
  await page.context().setOffline(true);
  await page.evaluate((files) => {
    const status = document.querySelector("#status")!;
    status.textContent = "";
    const said: string[] = [];
    new MutationObserver(() => said.push(status.textContent!)).observe(status, { childList: true });
    Object.assign(globalThis, { said });
    const transfer = new DataTransfer();
    for (const { name, text } of files) {
      const bytes = Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
      transfer.items.add(new File([bytes], name));
    }
    const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
    document.body.dispatchEvent(new DragEvent("dragover", options));
    document.body.dispatchEvent(new DragEvent("drop", options));
  }, files.map(({ name, bytes }) => ({ name, text: toBase64(bytes) })));
  await page.waitForFunction(() =>
    /^\d+ recordings? labelled|not be used/.test(document.querySelector("#status")!.textContent!)
  );
}

/** The sample's first recording with the same samples in other formats. */
function recordings(): { whole: SampleRecording; files: Record<string, Dropped[]> } {
  const [whole] = readSampleRecordings(1) as [SampleRecording];
  const view = new DataView(whole.bytes.buffer, whole.bytes.byteOffset);
  // MATLAB v4: 20 bytes of header and the name "val"; then int16.
  const samples = Int16Array.from(
    { length: (whole.bytes.length - 24) / 2 },
    (_, i) => view.getInt16(24 + 2 * i, true),
  );
  const rows = Array.from(samples, (value, i) => `${(i / 300).toFixed(5)},${value / 1000}`);
  const whole30 = samples.subarray(0, samples.length - samples.length % 300);
  return {
    whole,
    files: {
      mat: [whole],
      csv: [textFile("trace.csv", `time [s],ecg [mV]\n${rows.join("\n")}\n`)],
      wfdb: [
        textFile("r1.hea", `r1 1 300 ${samples.length}\nr1.dat 16 1000/mV 16 0 0 0 0 I\n`),
        { name: "r1.dat", bytes: format16([samples]) },
      ],
      edf: [{
        name: "night.edf",
        bytes: edf({
          signals: [{
            ...{ label: "ECG", samples: [...whole30], perRecord: 300, unit: "uV" },
            physical: [-32768, 32767],
          }],
        }),
      }],
    },
  };
}

browserTest(
  "files of every kind are labelled as predict labels them, without a network",
  async (pages) => {
    const file = writePage(pages);
    using predictor = new Predictor(openTicket(undefined));
    await pages.open(file, {}, async (page) => {
      assert.equal(await page.locator("#record").isVisible(), false);
      for (const [kind, dropped] of Object.entries(recordings().files)) {
        for (const { name, bytes } of dropped) {
          fs.writeFileSync(path.join(pages.directory, name), bytes);
        }
        const { name } = dropped[0]!;
        const read = readRecording(path.join(pages.directory, name), READING_DEFAULTS);
        const expected = predictor.predict(read.samples);
        await drop(page, dropped);
        assert.match(await page.locator("#status").innerText(), /^1 recording labelled in /, kind);
        assert.equal(await page.locator("#said-label").innerText(), `${name}: ${expected.label}`);
        const shares = await page.locator("#said-shares dd").allInnerTexts();
        const said = Object.values(expected.probabilities).map((p) => format(p, "percent"));
        assert.deepEqual(shares.map((text) => text.trim()), said, kind);
        const steps = await page.locator("#steps tbody tr").evaluateAll((rows) =>
          rows.map((row) => (row.children[3] as HTMLElement).textContent)
        );
        assert.deepEqual(steps, [...expected.steps], kind);
        const { perMinute, beats } = heartRate(read.samples, 300);
        assert.equal(
          await page.locator("#said-heart").innerText(),
          `Heart rate: ${perMinute!.toFixed(0)} per minute (${beats} beats found).`,
        );
        assert.equal(await page.locator("#said-long").isVisible(), false);
        const notes = await page.locator("#said-notes li").allInnerTexts();
        const assumed = explainAssumed(read.understood.assumed, inFields)
          .map((what) => `Assumed: ${what}`);
        assert.deepEqual(notes, assumed, kind);
      }
      await drop(page, Object.values(recordings().files).flat());
      assert.match(await page.locator("#status").innerText(), /^4 recordings labelled/);
      assert.equal(await page.locator(".ecg-item").count(), 4);
    });
  },
);

browserTest("it fits a phone in both themes, and works by keyboard", async (pages) => {
  const file = writePage(pages);
  for (const theme of ["light", "dark"] as const) {
    await pages.open(file, { width: 380, theme }, async (page) => {
      assert.ok(await overflow(page) <= 0, `empty: ${await overflow(page)} too wide`);
      await page.locator("#example").focus();
      await page.keyboard.press("Enter");
      await page.waitForSelector("#said:visible");
      await page.locator("#drop summary").focus();
      await page.keyboard.press("Enter");
      assert.ok(await overflow(page) <= 0, `${theme}: ${await overflow(page)} too wide`);
      const colors = await canvasColors(page);
      assert.ok(colors.length > 5, `${colors.length} rows`);
      colors.forEach((count) => assert.ok(count > 8, `${count} colours in a row`));
      await page.locator("#paper").focus();
      await page.keyboard.press("ArrowRight");
      assert.match(await page.locator("#readout").innerText(), /^Step 1, 0\.00 to 0\.85 s\. /);
      assert.match(await page.locator("main").innerText(), /Not a medical device\./);
      const card = await page.locator("#card").innerText();
      const { provenance: { run } } = openTicket(undefined);
      assert.ok(card.indexOf(run) >= 0 && card.indexOf("CinC F1") > card.indexOf(run), card);
    });
  }
});

browserTest("hostile names and unreadable files give sentences, and run no code", async (pages) => {
  const file = writePage(pages);
  const [whole] = readSampleRecordings(1) as [SampleRecording];
  const evil = `"><img src=x onerror=alert(1)><script>alert(2)<\\script>.mat`;
  await pages.open(file, { width: 380 }, async (page) => {
    await drop(page, [
      { name: evil, bytes: whole.bytes },
      textFile("norate.csv", `ecg <b>[mV]\n${"0.1\n0.2\n".repeat(300)}`),
      textFile("lonely.dat", "12345678"),
      textFile("image.png", "no ECG"),
      textFile("zero.edf", ""),
    ]);
    const said = await page.locator("#said-label").innerText();
    assert.ok(said.startsWith(evil), said);
    assert.equal(await page.locator("img").count(), 0);
    assert.equal(await page.locator("script").count(), 2);
    const refused = await page.locator("#refused li").allInnerTexts();
    const expected = [
      /^norate\.csv: no sample rate \(it does not say its samples per second: fill in “Rate”\)$/,
      /^zero\.edf: empty file/,
      /^lonely\.dat: unreadable file \(lonely\.hea, the header that describes it, is not there\)$/,
      /^image\.png: unreadable file \(a recording ends in \.mat/,
    ];
    assert.equal(refused.length, expected.length, refused.join("\n"));
    refused.forEach((text, i) => assert.match(text, expected[i]!));
    assert.ok(await overflow(page) <= 0, `${await overflow(page)} too wide`);
    // The rate that the file lacks is given, and a number that is none is refused.
    await drop(page, [textFile("norate.csv", `ecg [mV]\n${"0.1\n0.2\n".repeat(300)}`)]);
    await page.locator("#drop summary").click();
    await page.locator("#rate").fill("fast");
    await page.locator("#rate").press("Enter");
    assert.match(
      await page.locator("#refused").innerText(),
      /^“Rate” must be a number from 1 to 100000, got fast$/,
    );
    await page.locator("#rate").fill("300");
    await page.locator("#gain").fill("0");
    await page.locator("#rate").press("Enter");
    assert.match(await page.locator("#refused").innerText(), /^“Gain” must not be 0$/);
    await page.locator("#gain").fill("");
    await page.locator("#rate").press("Enter");
    await page.waitForFunction(() =>
      document.querySelector("#status")!.textContent!.startsWith("1 recording labelled")
    );
    assert.match(await page.locator("#said-label").innerText(), /^norate\.csv: /);
    assert.equal(await page.locator("#refused li").count(), 0);
    assert.doesNotMatch(await page.locator("main").innerText(), /NaN|undefined|Infinity/);
  });
});

browserTest(
  "a recording of an hour is labelled in parts, and says what is drawn",
  async (pages) => {
    const file = writePage(pages);
    const [whole] = readSampleRecordings(1) as [SampleRecording];
    const view = new DataView(whole.bytes.buffer, whole.bytes.byteOffset);
    const beat = Int16Array.from({ length: 9000 }, (_, i) => view.getInt16(24 + 2 * i, true));
    const hour = Int16Array.from({ length: 3600 * 300 }, (_, i) => beat[i % 9000]!);
    const dropped = [
      textFile("hour.hea", `hour 1 300 ${hour.length}\nhour.dat 16 1000/mV 16 0 0 0 0 I\n`),
      { name: "hour.dat", bytes: format16([hour]) },
    ];
    for (const { name, bytes } of dropped) {
      fs.writeFileSync(path.join(pages.directory, name), bytes);
    }
    const read = readRecording(path.join(pages.directory, "hour.hea"), READING_DEFAULTS);
    using predictor = new Predictor(openTicket(undefined));
    const expected = predictor.predict(read.samples);
    await pages.open(file, {}, async (page) => {
      await drop(page, dropped);
      const progress = await page.evaluate(() =>
        (globalThis as unknown as { said: string[] }).said
      );
      assert.deepEqual(progress.slice(0, 3), [
        "Reading…",
        `Labelling hour.hea: ${format(2048 / 4218, "percent")}`,
        `Labelling hour.hea: ${format(4096 / 4218, "percent")}`,
      ]);
      console.log(`1 h in Chromium: ${await page.locator("#status").innerText()}`);
      assert.equal(await page.locator("#said-label").innerText(), `hour.hea: ${expected.label}`);
      const steps = await page.locator("#steps tbody tr").evaluateAll((rows) =>
        rows.map((row) => (row.children[3] as HTMLElement).textContent)
      );
      assert.deepEqual(steps, [...expected.steps]);
      const share = expected.steps.filter((name) => name === "A").length / expected.steps.length;
      const { hours } = longRecord(expected, {
        seconds: 256 / 300,
        classes: predictor.ticket.classes,
      })!;
      assert.ok(hours.length >= 1);
      assert.deepEqual(
        await page.locator("#said-hours tbody tr").evaluateAll((rows) =>
          rows.map((row) => [...row.children].map((cell) => cell.textContent))
        ),
        hours.map(({ hour, seconds, label, shares }) => [
          ...[`${hour}:00`, (seconds / 60).toFixed(1), label],
          ...Object.values(shares).map((share) => format(share, "percent")),
        ]),
      );
      assert.deepEqual(await page.locator("#said-notes li").allInnerTexts(), [
        `AF burden: ${format(share, "percent")} of the time`,
        "Too long to draw every sample: of each 4 the smallest and the largest are drawn",
      ]);
    });
  },
);

browserTest("a file that needs too much memory is refused before it is read", async (pages) => {
  const file = writePage(pages);
  await pages.open(file, {}, async (page) => {
    await page.evaluate(() => {
      const transfer = new DataTransfer();
      const large = new File([new Uint8Array(110e6)], "night.edf");
      large.arrayBuffer = () => Promise.reject(new Error("it must not be read"));
      transfer.items.add(large);
      const options = { dataTransfer: transfer, bubbles: true, cancelable: true };
      document.body.dispatchEvent(new DragEvent("drop", options));
    });
    await page.waitForSelector("#refused:visible");
    assert.match(
      await page.locator("#refused").innerText(),
      /^night\.edf: 110\u202fMB are more than the 100\u202fMB for which .*deno task predict labels/,
    );
  });
});

browserTest("the time for a recording of 30 s", async (pages) => {
  const file = writePage(pages);
  await pages.open(file, {}, async (page) => {
    const seconds: number[] = [];
    for (let i = 0; i < 9; i++) {
      await drop(page, recordings().files["mat"]!);
      const text = await page.locator("#status").innerText();
      seconds.push(Number(/in (\d+\.\d+) s/.exec(text)![1]));
    }
    seconds.sort((a, b) => a - b);
    console.log(
      `30 s in Chromium: median ${seconds[4]} s, fastest ${seconds[0]} s, slowest ${seconds[8]} s`,
    );
    assert.ok(seconds[4]! < 30, "faster than the heart");
  });
});
