/**
 * From a folder of recordings and a label file to a data set on disk.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, messageOf, UsageError } from "../core/errors.ts";
import { type Contents, jsonText, writeFilesAtomic } from "../core/files.ts";
import { cacheParts } from "./cache.ts";
import type { Description } from "./description.ts";
import { fingerprint, sha256 } from "./fingerprint.ts";
import { DATASET_FORMAT, FILES, HOP, type Side, SIDES, usedLength } from "./format.ts";
import { manifestText } from "./manifest.ts";
import { listProblems } from "./problem.ts";
import { detectRevision } from "./revision.ts";
import { readingOf } from "./reading_summary.ts";
import { type Scan, type ScanOptions, scanSource } from "./scan.ts";
import { equalRecordings, type SplitOptions, splitRecords } from "./split.ts";
import { statistics } from "./statistics.ts";

/** Everything that decides what a data set will be. */
export interface BuildOptions extends ScanOptions {
  /** The directory to write to. */
  out: string;
  split: SplitOptions;
  /** Leave bad records out instead of refusing the whole. */
  skipBad: boolean;
}

/**
 * Builds a data set: manifests, dataset.json and the packed cache. Nothing is written, and nothing
 * that was there is changed, unless everything succeeds. An empty side has no manifest.
 *
 * @returns What dataset.json says.
 * @throws {UsageError} If records are bad and `skipBad` is false (the message lists them), or if what
 * is left cannot be trained on.
 * @throws {Failure} If the files cannot be written.
 */
export function buildDataset(options: BuildOptions): Description {
  checkSplit(options.split);
  const scan = scanSource(options);
  if (scan.problems.length > 0 && !options.skipBad) {
    throw new UsageError(
      `Cannot use ${scan.problems.length} of the recordings in ${options.source}; ` +
        `--skip-bad would leave them out:\n${listProblems(scan.problems)}`,
    );
  }
  const classes = classesOf(scan, options.source);
  const { sides, order } = splitRecords(scan.records, options.split);
  const sideOf = (i: number): Side => SIDES[sides[i]!]!;
  const hash = fingerprint(scan.records.map((record, i) => ({ ...record, side: sideOf(i) })));

  const files: [string, Contents][] = [];
  const manifests: Record<string, string> = {};
  for (const side of SIDES) {
    const members = order.filter((i) => sideOf(i) === side).map((i) => scan.records[i]!);
    if (members.length === 0) continue;
    const text = manifestText(options.out, members);
    manifests[FILES.manifest(side)] = sha256(text);
    files.push([path.join(options.out, FILES.manifest(side)), text]);
  }
  const { records, samples } = scan;
  const cache = cacheParts({
    ids: records.map(({ id }) => id),
    samples,
    offsets: Float64Array.from([...records.map(({ offset }) => offset), samples.length]),
    labels: Int32Array.from(records, ({ label }) => classes.indexOf(label)),
    split: sides,
    sha256: hash,
  });
  files.push([path.join(options.out, FILES.cache), cache]);

  const description: Description = {
    format: DATASET_FORMAT,
    classes,
    records: records.length,
    sampleRate: options.targetRate,
    hop: HOP,
    ...trainingStatistics(scan, sideOf),
    sha256: hash,
    splits: {
      train: summary("train"),
      dev: summary("dev"),
      test: summary("test"),
    },
    split: options.split,
    labels: labelsOf(options, scan),
    source: {
      directory: relative(options.out, options.source),
      rate: options.rate ?? null,
      units: options.units,
    },
    reading: readingOf(records, options),
    duplicates: equalRecordings(records).filter((group) => group.length > 1).map((group) =>
      group.map((i) => ({ id: records[i]!.id, side: sideOf(i) }))
    ),
    refused: scan.problems,
    manifests,
  };
  files.push([path.join(options.out, FILES.description), jsonText(description)]);
  write(files, SIDES.map(FILES.manifest).filter((file) => !(file in manifests)));
  return description;

  function write(files: [string, Contents][], absent: string[]): void {
    try {
      writeFilesAtomic(files);
      for (const file of absent) fs.rmSync(path.join(options.out, file), { force: true });
    } catch (error) {
      throw new Failure(`Cannot write the data set to ${options.out}: ${messageOf(error)}`);
    }
  }

  function summary(side: Side) {
    const members = records.filter((_, i) => sideOf(i) === side);
    return {
      records: members.length,
      samples: members.reduce((total, { length }) => total + usedLength(length), 0),
      classes: Object.fromEntries(
        classes.map((name) => [name, members.filter(({ label }) => label === name).length]),
      ),
    };
  }
}

/** @throws {UsageError} If the fractions leave nothing to train on or `awni` is given a test set. */
function checkSplit({ method, dev, test }: SplitOptions): void {
  if (method === "awni" && test !== 0) {
    throw new UsageError(
      `The awni split has no test set: --test must be 0 or left out, not ${test}`,
    );
  }
  if (!(dev >= 0 && test >= 0 && dev + test < 1)) {
    throw new UsageError(
      `Cannot split off ${dev} for dev and ${test} for test: together they must be below 1`,
    );
  }
}

/** Class names in the order of their codes: by character code, so independent of the records. */
function classesOf({ records }: Scan, source: string): string[] {
  const classes = [...new Set(records.map(({ label }) => label))].sort();
  if (classes.length < 2) {
    throw new UsageError(
      `The ${records.length} usable recordings in ${source} have ` +
        `${classes.length === 1 ? `only the class ${classes[0]}` : "no class"}: ` +
        `at least two classes are needed`,
    );
  }
  return classes;
}

function trainingStatistics({ records, samples }: Scan, sideOf: (i: number) => Side) {
  const extents = records
    .filter((_, i) => sideOf(i) === "train")
    .map(({ offset, length }) => ({ offset, length: usedLength(length) }));
  return statistics(samples, extents);
}

function labelsOf({ labels, out }: BuildOptions, { rows }: Scan): Description["labels"] {
  const { name, evidence } = detectRevision(rows, path.basename(labels));
  return { file: relative(out, labels), revision: name, evidence };
}

function relative(from: string, to: string): string {
  return path.relative(path.resolve(from), path.resolve(to)).split(path.sep).join("/");
}
