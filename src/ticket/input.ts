/**
 * The recordings that a prediction is asked for: files and folders of files.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { SAMPLE_RATE } from "../data/format.ts";
import { BadRecord } from "../data/problem.ts";
import { checkUsable, readRecording, toSampleRate, type Units } from "../data/recording.ts";
import { statedRate } from "../data/wfdb_header.ts";
import { readWfdbHeader, readWfdbSamples } from "./wfdb.ts";

/** How to read recordings. */
export interface InputOptions {
  /** Samples per second of files that do not say; a header that says otherwise is an error. */
  readonly rate?: number;
  readonly units: Units | "auto";
}

/** Endings of recordings in the order in which a folder's files of one name are preferred. */
const ENDINGS = [".mat", ".csv", ".hea"];

/**
 * All recordings among `names`; a folder stands for those directly inside it, each name once.
 *
 * @throws {UsageError} If a name does not exist, is no recording, or is a folder without any.
 */
export function listInputs(names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const stat = fs.statSync(name, { throwIfNoEntry: false });
    if (stat === undefined) throw new UsageError(`Cannot read ${name}: there is no such file`);
    if (stat.isDirectory()) return listFolder(name);
    if (/\.dat$/i.test(name)) return [name.replace(/\.dat$/i, ".hea")];
    if (ENDINGS.includes(path.extname(name).toLowerCase())) return [name];
    throw new UsageError(`Cannot read ${name}: a recording ends in .mat, .csv, .hea or .dat`);
  });
}

function listFolder(folder: string): string[] {
  const chosen = new Map<string, string>();
  const files = fs.readdirSync(folder).filter((name) =>
    !name.startsWith(".") && !/^reference.*\.csv$/i.test(name)
  );
  for (const ending of ENDINGS) {
    for (const name of files) {
      const stem = name.slice(0, -ending.length);
      if (name.toLowerCase().endsWith(ending) && !chosen.has(stem)) chosen.set(stem, name);
    }
  }
  if (chosen.size === 0) {
    throw new UsageError(`The folder ${folder} holds no recordings (.mat, .csv or .hea)`);
  }
  return [...chosen].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, name]) =>
    path.join(folder, name)
  );
}

/**
 * One recording in stored units (1000 per mV) at 300 Hz.
 *
 * @throws {BadRecord} If it cannot be used, with the reason.
 */
export function readInput(file: string, { rate, units }: InputOptions): Int16Array {
  if (/\.hea$/i.test(file)) {
    const signal = readWfdbHeader(file);
    checkRate(signal.rate, rate);
    const samples = toSampleRate(readWfdbSamples(signal), signal.rate);
    checkUsable(samples);
    return samples;
  }
  const stated = statedRate(file.replace(/\.[^.]+$/, ".hea"));
  if (stated !== undefined) checkRate(stated, rate);
  return readRecording(file, { rate: stated ?? rate ?? SAMPLE_RATE, units }).samples;
}

/** Samples per second that an ECG can have. */
const RATES = { least: 1, most: 100_000 };

function checkRate(stated: number, rate: number | undefined): void {
  if (!(stated >= RATES.least && stated <= RATES.most)) {
    throw new BadRecord(
      "other-rate",
      `its header says ${stated} Hz, expected ${RATES.least} to ${RATES.most}`,
    );
  }
  if (rate !== undefined && rate !== stated) {
    throw new BadRecord("other-rate", `its header says ${stated} Hz, --rate ${rate}`);
  }
}
