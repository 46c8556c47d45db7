/// <reference lib="dom" />
/**
 * The script of the page that labels ECGs: files in, labels out, all in the browser.
 *
 * @module
 */
import { counted } from "../../../core/counted.ts";
import { fromBase64 } from "../../../core/base64.ts";
import { MAX_GAP_SECONDS } from "../../../data/formats/gaps.ts";
import { READING_LIMITS } from "../../../data/formats/reading.ts";
import { element, find } from "../../../report/client/dom.ts";
import { openViewer, showRecords } from "../../../report/ecg/client/viewer.ts";
import type { HourOfRecord } from "../../../predict/long_record.ts";
import { hourCells } from "../../../predict/notices.ts";
import { tableParts } from "../../../report/client/table_dom.ts";
import { format } from "../../../report/format.ts";
import type { Table } from "../../../report/tables.ts";
import { fieldName } from "../fields.ts";
import { recordingsAmong } from "./gather.ts";
import {
  type Labelled,
  labeller,
  type PageData,
  type PageReading,
  refusalOf,
  tooLarge,
} from "./label.ts";

const data = JSON.parse(find("#data").textContent ?? "null") as PageData;
const label = labeller(data);
let labelled: readonly Labelled[] = [];
/** What was read last, to be read again with other settings. */
let files: ReadonlyMap<string, Uint8Array> = new Map();
/** Counts the reads: one that is under way ends when the next begins. */
let reads = 0;

find("#record").hidden = true;
openViewer(
  { name: "ECG labels", networks: { dense: "", ticket: "Ticket" }, records: [] },
  { shown: (index) => tell(labelled[index]!) },
);
setUpFiles();
setUpDrop();
find("#example").addEventListener("click", () => {
  const { name, bytes } = data.example;
  void read(new Map([[name, fromBase64(bytes)]]), []);
});
find("#settings").addEventListener("submit", (event) => {
  event.preventDefault();
  if (files.size > 0) void read(files, []);
});
document.documentElement.dataset["ready"] = "true";

function setUpFiles(): void {
  const input = find("#files") as HTMLInputElement;
  input.addEventListener("change", async () => {
    await take([...(input.files ?? [])]);
    input.value = ""; // The same file can be chosen again.
  });
}

/** Files may be dropped anywhere: elsewhere the browser would open them and leave the page. */
function setUpDrop(): void {
  const zone = find("#drop");
  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.classList.add("over");
  });
  document.addEventListener("dragleave", (event) => {
    if (event.relatedTarget === null) zone.classList.remove("over");
  });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    zone.classList.remove("over");
    const dropped = [...(event.dataTransfer?.files ?? [])];
    if (dropped.length > 0) void take(dropped);
  });
}

async function take(chosen: readonly File[]): Promise<void> {
  if (chosen.length === 0) return;
  await say("Reading…");
  const contents = new Map<string, Uint8Array>();
  const refusals: string[] = [];
  for (const file of chosen) {
    const refusal = tooLarge(file);
    if (refusal !== undefined) {
      refusals.push(refusal);
      continue;
    }
    try {
      contents.set(file.name, new Uint8Array(await file.arrayBuffer()));
    } catch {
      refusals.push(`${file.name}: it cannot be read; a folder's files must be dropped themselves`);
    }
  }
  await read(contents, refusals);
}

/** Labels the recordings among `contents`; those that were labelled before stay if no new one can be. */
async function read(
  contents: ReadonlyMap<string, Uint8Array>,
  refused: readonly string[],
): Promise<void> {
  const turn = ++reads;
  files = contents;
  const refusals = [...refused];
  const found: Labelled[] = [];
  const reading = settings();
  if (typeof reading === "string") refusals.push(reading);
  else {
    for (const source of recordingsAmong(contents)) {
      try {
        const work = label(source, reading);
        let part = work.next();
        while (!part.done) {
          await say(`Labelling ${source.name}: ${format(part.value, "percent")}`);
          if (turn !== reads) return;
          part = work.next();
        }
        found.push(part.value);
      } catch (error) {
        refusals.push(refusalOf(source.name, error));
      }
      await say(`Labelled ${source.name}`);
      if (turn !== reads) return;
    }
  }
  find("#refused").replaceChildren(...refusals.map((text) => element("li", {}, [text])));
  find("#refused").hidden = refusals.length === 0;
  if (found.length > 0) {
    labelled = found;
    find("#said").hidden = find("#record").hidden = false;
    showRecords(found.map(({ record }) => record), 0);
  }
  void say(summary(found, refusals.length));
}

function summary(found: readonly Labelled[], refused: number): string {
  const seconds = found.reduce((sum, { milliseconds }) => sum + milliseconds / 1000, 0);
  return [
    ...(found.length > 0
      ? [`${counted(found.length, "recording")} labelled in ${seconds.toFixed(3)} s.`]
      : []),
    ...(refused > 0 ? [`${refused} could not be used.`] : []),
  ].join(" ");
}

/** Shows a state, after which the browser has had time to draw it. */
async function say(text: string): Promise<void> {
  find("#status").textContent = text;
  await new Promise((resolve) => setTimeout(resolve, 0));
}

/** What the ticket says about the recording that is shown. */
function tell(labelled: Labelled): void {
  const { record, label, probabilities, heartRate, hours, notes, warnings } = labelled;
  find("#said-label").textContent = `${record.name}: ${label}`;
  find("#said-shares").replaceChildren(...probabilities.map(([name, share]) => {
    const bar = element("span", { class: "bar" });
    bar.style.setProperty("--share", String(share));
    return element("div", name === label ? { class: "chosen" } : {}, [
      element("dt", {}, [name]),
      element("dd", {}, [format(share, "percent"), bar]),
    ]);
  }));
  find("#said-heart").textContent = heartRate.perMinute === null
    ? "No heart rate: fewer than three beats were found."
    : `Heart rate: ${heartRate.perMinute.toFixed(0)} per minute (${heartRate.beats} beats found).`;
  find("#said-long").hidden = hours.length === 0;
  find("#said-hours").replaceChildren(
    ...tableParts(hourTable(hours, probabilities.map(([name]) => name))),
  );
  find("#said-notes").replaceChildren(
    ...warnings.map((text) => element("li", { class: "doubt" }, [text])),
    ...notes.map((text) => element("li", {}, [text])),
  );
}

/** As `predict` prints it: a row per hour with the share of the time that each label has. */
function hourTable(hours: readonly HourOfRecord[], classes: readonly string[]): Table {
  return {
    columns: [
      ...["From", "Minutes", "Label"].map((label) => ({ label, kind: "text" as const })),
      ...classes.map((label) => ({ label, kind: "percent" as const })),
    ],
    rows: hours.map((hour) => [
      ...hourCells(hour),
      ...classes.map((name) => hour.shares[name]!),
    ]),
  };
}

/** What the form says; a sentence if a number is none. */
function settings(): PageReading | string {
  const text = (id: string) =>
    (find(`#${id}`) as HTMLInputElement | HTMLSelectElement).value.trim();
  const numbers = new Map<string, number>();
  for (const [id, [least, most]] of Object.entries(READING_LIMITS)) {
    if (text(id) === "") continue;
    const value = Number(text(id).replace(",", "."));
    if (!(value >= least && value <= most)) {
      const name = fieldName(id as keyof typeof READING_LIMITS);
      return `${name} must be a number from ${least} to ${most}, got ${text(id)}`;
    }
    if (value === 0 && id === "gain") return `${fieldName("gain")} must not be 0`;
    numbers.set(id, value);
  }
  const units = text("units") as PageReading["units"];
  if (units === "raw" && numbers.has("gain")) {
    return `${fieldName("units")} raw is 1000 per mV: leave ${fieldName("gain")} empty`;
  }
  return {
    rate: numbers.get("rate"),
    gain: numbers.get("gain"),
    baseline: numbers.get("baseline"),
    maxGap: numbers.get("max-gap") ?? MAX_GAP_SECONDS,
    units,
    lead: text("lead") || undefined,
  };
}
