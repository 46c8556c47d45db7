/**
 * Small made-up recordings for the tests of this directory.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { createRng } from "../core/rng.ts";

/** A MATLAB v4 file as PhysioNet writes it: `val`, one row of int16. */
export function mat4(samples: Int16Array): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(24 + 2 * samples.length);
  const view = new DataView(bytes.buffer);
  [30, 1, samples.length, 0, 4].forEach((value, i) => view.setInt32(4 * i, value, true));
  bytes.set([0x76, 0x61, 0x6c, 0], 20);
  samples.forEach((value, i) => view.setInt16(24 + 2 * i, value, true));
  return bytes;
}

/** `length` samples of seeded noise, different for each seed. */
export function noise(length: number, seed: number): Int16Array {
  const rng = createRng(seed, "noise");
  return Int16Array.from({ length }, () => rng.integer(2001) - 1000);
}

/** Runs `body` with a new directory that is removed afterwards. */
export async function inTemporaryDirectory(
  body: (directory: string) => void | Promise<void>,
): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "lth-ecg-"));
  try {
    await body(directory);
  } finally {
    fs.rmSync(directory, { recursive: true, force: true });
  }
}

/** One made-up recording. */
export interface MadeRecord {
  id: string;
  label: string;
  samples: Int16Array;
}

/** `counts` records per class, with ids R001, R002 ... and lengths from 300 up. */
export function madeRecords(counts: Record<string, number>): MadeRecord[] {
  const records: MadeRecord[] = [];
  for (const [label, count] of Object.entries(counts)) {
    for (let i = 0; i < count; i++) {
      const number = records.length + 1;
      const id = `R${String(number).padStart(3, "0")}`;
      records.push({ id, label, samples: noise(300 + 37 * (number % 17), number) });
    }
  }
  return records;
}

/** Writes `records` to `directory`/records/*.mat and `directory`/labels.csv. */
export function writeSource(directory: string, records: readonly MadeRecord[]): void {
  const source = path.join(directory, "records");
  fs.mkdirSync(source, { recursive: true });
  for (const { id, samples } of records) {
    fs.writeFileSync(path.join(source, `${id}.mat`), mat4(samples));
  }
  const lines = records.map(({ id, label }) => `${id},${label}\n`);
  fs.writeFileSync(path.join(directory, "labels.csv"), lines.join(""));
}

/** The contents of every file below `directory`, by relative path. */
export function snapshot(directory: string): Map<string, string> {
  const files = new Map<string, string>();
  const names = fs.readdirSync(directory, { recursive: true, encoding: "utf8" }).sort();
  for (const name of names) {
    const file = path.join(directory, name);
    if (fs.statSync(file).isFile()) files.set(name, fs.readFileSync(file, "latin1"));
  }
  return files;
}
