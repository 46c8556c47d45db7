/**
 * Builds a data set on disk from listed recordings.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { Failure, messageOf, UsageError } from "../core/errors.ts";
import { type Contents, jsonText, writeFilesAtomic } from "../core/files.ts";
import { cacheParts } from "./cache.ts";
import { absentClasses, classesOf, type ClassMap } from "./classes.ts";
import type { Description } from "./description.ts";
import { fingerprint, sha256 } from "./fingerprint.ts";
import { DATASET_FORMAT, FILES, HOP, type Side, SIDES, usedLength } from "./format.ts";
import { type GroupList, listGroups } from "./groups.ts";
import type { LabelColumns } from "./labels.ts";
import { listTable } from "./list_table.ts";
import { manifestText } from "./manifest.ts";
import { findLabels, listNamed } from "./named/list.ts";
import type { NamedDataset } from "./named/named_dataset.ts";
import { isProblem, type RecordList } from "./record_list.ts";
import { listProblems } from "./problem.ts";
import { detectRevision } from "./revision.ts";
import { readingOf } from "./reading_summary.ts";
import { type Scan, type ScanOptions, scanRecords } from "./scan.ts";
import { equalRecordings, isGrouped, type SplitOptions, splitRecords } from "./split.ts";
import { statistics } from "./statistics.ts";

/** Everything that decides the contents of a data set. */
export interface BuildOptions extends ScanOptions {
  /** The folder of recordings. */
  source: string;
  /** The label file; undefined if the description of a published data set names it. */
  labels: string | undefined;
  /** A published data set, whose description names its labels, groups and folds. */
  dataset?: NamedDataset;
  /** Columns of the label file, if its header does not name them. */
  columns?: LabelColumns;
  /** The groups of records: a column of the label file, or a regular expression on ids. */
  group?: string | undefined;
  /** Class of each label that is renamed. */
  map?: ClassMap;
  /** The directory to write to. */
  out: string;
  split: SplitOptions;
  /** Leave out bad records instead of refusing the data set. */
  skipBad: boolean;
}

/**
 * Builds a data set: manifests, dataset.json and the packed cache. Files are written or changed only if
 * everything succeeds. An empty side has no manifest.
 *
 * @returns The contents of dataset.json.
 * @throws {UsageError} If records are bad and `skipBad` is false (the message lists them), or if the
 * remaining records cannot be trained on.
 * @throws {Failure} If the files cannot be written.
 */
export function buildDataset(options: BuildOptions): Description {
  checkSplit(options.split, options.group !== undefined);
  const list = listRecords(options);
  const scan = scanRecords(list.records, options);
  if (scan.problems.length > 0 && !options.skipBad) {
    throw new UsageError(
      `Cannot use ${scan.problems.length} of the recordings in ${options.source}; ` +
        `--skip-bad would leave them out:\n${listProblems(scan.problems)}`,
    );
  }
  const classes = classesOf(scan.records, options.source);
  const { sides, order } = splitRecords(scan.records, options.split);
  const sideOf = (i: number): Side => SIDES[sides[i]!]!;
  const groups = groupsOf(scan, { by: list.records.groupedBy, sideOf });
  refuseEmptyTrain(scan, { options, sideOf });
  const built: Built = {
    scan,
    classes,
    sides,
    sideOf,
    groups,
    labelFile: list.labelFile,
    sha256: fingerprint(scan.records.map((record, i) => ({ ...record, side: sideOf(i) }))),
  };
  const manifests = SIDES.flatMap((side): [string, string][] => {
    const members = order.filter((i) => sideOf(i) === side).map((i) => scan.records[i]!);
    const text = manifestText(options.out, members);
    return members.length > 0 ? [[FILES.manifest(side), text]] : [];
  });
  const description = describe(built, { options, manifests });
  write(options.out, [
    ...manifests,
    [FILES.cache, packedCache(built)],
    [FILES.description, jsonText(description)],
  ]);
  return description;
}

/** The records of a data set with all that follows from its options. */
interface Built {
  readonly scan: Scan;
  readonly classes: string[];
  /** Index into SIDES of each record [records]. */
  readonly sides: Uint8Array;
  /** The side of record i. */
  readonly sideOf: (i: number) => Side;
  /** Undefined if the records have no groups. */
  readonly groups: GroupList | undefined;
  /** Undefined if the recordings say their labels themselves. */
  readonly labelFile: string | undefined;
  /** Of samples, labels, ids and sides. */
  readonly sha256: string;
}

function packedCache({ scan: { records, samples }, classes, sides, groups, sha256 }: Built) {
  return cacheParts({
    ids: records.map(({ id }) => id),
    samples,
    offsets: Float64Array.from([...records.map(({ offset }) => offset), samples.length]),
    labels: Int32Array.from(records, ({ label }) => classes.indexOf(label)),
    split: sides,
    sha256,
    ...(groups ? { groups: records.map(({ group }) => group!) } : {}),
  });
}

/** The contents of dataset.json. @param context.manifests Names and texts of the manifests. */
function describe(
  built: Built,
  { options, manifests }: { options: BuildOptions; manifests: readonly [string, string][] },
): Description {
  const { scan, classes, sideOf, groups } = built;
  const { records } = scan;
  return {
    format: DATASET_FORMAT,
    classes,
    records: records.length,
    sampleRate: options.targetRate,
    hop: HOP,
    ...trainingStatistics(scan, sideOf),
    sha256: built.sha256,
    splits: {
      train: contentsOf("train", built),
      dev: contentsOf("dev", built),
      test: contentsOf("test", built),
    },
    split: options.split,
    labels: labelsOf(options, { scan, file: built.labelFile }),
    ...(options.dataset ? { dataset: options.dataset.name } : {}),
    source: {
      directory: relative(options.out, options.source),
      rate: options.rate ?? null,
      units: options.units,
    },
    reading: readingOf(records, options),
    duplicates: equalRecordings(records).filter((group) => group.length > 1).map((group) =>
      group.map((i) => ({ id: records[i]!.id, side: sideOf(i) }))
    ),
    refused: [...scan.problems, ...scan.droppedWindows],
    ...(groups ? { groups } : {}),
    ...(scan.notes.length > 0 ? { notes: scan.notes } : {}),
    ...optionalWarnings([
      ...emptySides(scan, { split: options.split, sideOf }),
      ...absentClasses(records, { classes, sideOf }),
    ]),
    manifests: Object.fromEntries(manifests.map(([file, text]) => [file, sha256(text)])),
  };
}

/** What one side of the split holds. */
function contentsOf(side: Side, { scan: { records }, classes, sideOf }: Built) {
  const members = records.filter((_, i) => sideOf(i) === side);
  return {
    records: members.length,
    samples: members.reduce((total, { length }) => total + usedLength(length), 0),
    classes: Object.fromEntries(
      classes.map((name) => [name, members.filter(({ label }) => label === name).length]),
    ),
  };
}

/** Writes all files or none, and removes the manifests of an earlier build that are not among them. */
function write(out: string, files: readonly [string, Contents][]): void {
  const absent = SIDES.map(FILES.manifest).filter((name) => !files.some(([file]) => file === name));
  try {
    writeFilesAtomic(files.map(([file, contents]) => [path.join(out, file), contents]));
    for (const file of absent) fs.rmSync(path.join(out, file), { force: true });
  } catch (error) {
    throw new Failure(`Cannot write the data set to ${out}: ${messageOf(error)}`);
  }
}

/** Lists the records to read, with their classes, and the label file. */
function listRecords(
  { source, labels, dataset, columns, group, map }: BuildOptions,
): { records: RecordList; labelFile: string | undefined } {
  const found = dataset && findLabels(dataset, source, labels);
  const records = found
    ? listNamed(dataset!, { source, labels: found, group })
    : listTable({ source, labels: labels!, ...(columns ? { columns } : {}), group });
  const entries = records.entries.map((entry) =>
    isProblem(entry) ? entry : { ...entry, label: map?.get(entry.label) ?? entry.label }
  );
  return { records: { ...records, entries }, labelFile: found ? found.file : labels };
}

/**
 * @throws {UsageError} If the fractions leave nothing to train on, or `awni` is used with a test set or with
 * groups, which it ignores.
 */
function checkSplit(split: SplitOptions, isGrouped: boolean): void {
  if (split.method === "published") return;
  const { method, dev, test } = split;
  if (method === "awni" && test !== 0) {
    throw new UsageError(
      `The awni split has no test set: --test must be 0 or left out, not ${test}`,
    );
  }
  if (method === "awni" && isGrouped) {
    throw new UsageError(
      "The awni split ignores groups: leave out --group, or use --split stratified",
    );
  }
  if (!(dev >= 0 && test >= 0 && dev + test < 1)) {
    throw new UsageError(
      `Cannot split off ${dev} for dev and ${test} for test: together they must be below 1`,
    );
  }
}

/**
 * The groups of a data set that has some.
 *
 * @throws {UsageError} If one is on two sides, as a published split could have it.
 */
function groupsOf(
  { records }: Scan,
  { by, sideOf }: { by: string | undefined; sideOf: (i: number) => Side },
): GroupList | undefined {
  if (by === undefined || !isGrouped(records)) return undefined;
  const groups = listGroups(
    records.map(({ id, group }, i) => ({ id, group: group!, side: sideOf(i) })),
    by,
  );
  const [shared] = groups.shared;
  if (shared === undefined) return groups;
  throw new UsageError(
    `${counted(groups.shared.length, "group")} by ${by} ` +
      `${groups.shared.length === 1 ? "is" : "are"} on more than one side of the split, such as ` +
      `${JSON.stringify(shared)}: use --split stratified, which keeps groups together`,
  );
}

function refuseEmptyTrain(
  { records }: Scan,
  { options, sideOf }: { options: BuildOptions; sideOf: (i: number) => Side },
): void {
  if (records.some((_, i) => sideOf(i) === "train")) return;
  throw new UsageError(
    `None of the ${records.length} usable recordings in ${options.source} is in train: ` +
      "use other fractions, or --split stratified",
  );
}

/** Sentences about requested sides that stay empty, as can happen with few large groups. */
function emptySides(
  { records }: Scan,
  { split, sideOf }: { split: SplitOptions; sideOf: (i: number) => Side },
): string[] {
  const asked = SIDES.filter((side) =>
    side !== "train" && (split.method === "published" ? split[side].length > 0 : split[side] > 0)
  );
  const why = isGrouped(records) ? "groups" : "records";
  return asked.filter((side) => !records.some((_, i) => sideOf(i) === side))
    .map((side) => `No record is in ${side}: there are too few ${why} for the sides asked for`);
}

function optionalWarnings(warnings: string[]): { warnings?: string[] } {
  return warnings.length > 0 ? { warnings } : {};
}

function trainingStatistics({ records, samples }: Scan, sideOf: (i: number) => Side) {
  const extents = records
    .filter((_, i) => sideOf(i) === "train")
    .map(({ offset, length }) => ({ offset, length: usedLength(length) }));
  return statistics(samples, extents);
}

function labelsOf(
  { dataset, out, source }: BuildOptions,
  { scan: { rows }, file }: { scan: Scan; file: string | undefined },
): Description["labels"] {
  if (file === undefined) {
    const evidence = "headers and annotation files of the recordings";
    return { file: relative(out, source), revision: "own", evidence };
  }
  const { name, evidence } = detectRevision(rows, path.basename(file));
  return {
    file: relative(out, file),
    revision: name,
    evidence: dataset && name === "own" ? `label file of ${dataset.name}` : evidence,
  };
}

function relative(from: string, to: string): string {
  return path.relative(path.resolve(from), path.resolve(to)).split(path.sep).join("/");
}
