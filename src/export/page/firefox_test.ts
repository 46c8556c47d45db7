import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { toBase64 } from "../../core/base64.ts";
import { understand } from "../../data/formats/reading.ts";
import { prepare } from "../../data/formats/prepare.ts";
import { readSignalFile } from "../../data/formats/registry.ts";
import { READING_DEFAULTS } from "../../data/recording.ts";
import { readSampleRecordings } from "../../data/sample.ts";
import { inTemporaryDirectory } from "../../data/testing.ts";
import { Predictor } from "../../predict/predictor.ts";
import { format } from "../../report/format.ts";
import { openTicket } from "../../ticket/ticket_file.ts";
import { html } from "../html.ts";
import { FIREFOX, inFirefox } from "./testing_firefox.ts";

const name = "in Firefox, a dropped recording is labelled as predict labels it";
if (FIREFOX === undefined) {
  console.warn(`SKIPPED ${name}: there is no Firefox (apt install firefox-esr)`);
}

/** Drops a file of these bytes on the page. */
const drop = (file: string, bytes: Uint8Array) =>
  `{
  const bytes = Uint8Array.from(atob("${toBase64(bytes)}"), (c) => c.charCodeAt(0));
  const dataTransfer = new DataTransfer();
  dataTransfer.items.add(new File([bytes], ${JSON.stringify(file)}));
  const options = { dataTransfer, bubbles: true, cancelable: true };
  document.body.dispatchEvent(new DragEvent("dragover", options));
  document.body.dispatchEvent(new DragEvent("drop", options));
}`;

Deno.test({
  name,
  ignore: FIREFOX === undefined,
  fn: () =>
    inTemporaryDirectory(async (directory) => {
      const ticket = openTicket(undefined);
      const file = path.join(directory, "page.html");
      fs.writeFileSync(file, html.encode({ ticket, options: {}, name: "page" }).files[0]![1]);
      // The second one: the page has the first as its example.
      const [, recording] = readSampleRecordings(2);
      const reading = understand(
        readSignalFile({ ...recording!, beside: () => null }),
        READING_DEFAULTS,
      );
      using predictor = new Predictor(ticket);
      const { label, probabilities, heartRate } = predictor.predict(
        prepare(reading, READING_DEFAULTS).samples,
      );
      await inFirefox(file, { width: 380 }, async ({ evaluate, until, complaints }) => {
        const text = (selector: string) =>
          evaluate(`document.querySelector("${selector}").innerText`);
        await evaluate(drop(recording!.name, recording!.bytes));
        await until(
          `/labelled in|not be used/.test(document.querySelector("#status").textContent)`,
        );
        assert.equal(await text("#said-label"), `${recording!.name}: ${label}`);
        assert.deepEqual(
          String(await text("#said-shares")).split("\n").filter((line) => line.trim() !== ""),
          ticket.classes.flatMap((each) => [each, format(probabilities[each]!, "percent")]),
        );
        assert.match(
          String(await text("#said-heart")),
          heartRate.perMinute === null
            ? /^No heart rate/
            : new RegExp(`^Heart rate: ${heartRate.perMinute.toFixed(0)} per minute`),
        );
        const colours = await evaluate(`(() => {
          const { width, height } = document.querySelector("canvas");
          const { data } = document.querySelector("canvas").getContext("2d")
            .getImageData(0, 0, width, height);
          return new Set(new Uint32Array(data.buffer)).size;
        })()`);
        assert.ok(Number(colours) > 8, `${colours} colours on the paper`);
        assert.ok(
          Number(await evaluate("document.documentElement.scrollWidth - innerWidth")) <= 0,
          "the page scrolls sideways",
        );
        await evaluate(drop("bad.mat", new Uint8Array(30)));
        await until(`/not be used/.test(document.querySelector("#status").textContent)`);
        assert.match(String(await text("#refused")), /^bad\.mat: /);
        assert.deepEqual(complaints, []);
      });
    }),
});
