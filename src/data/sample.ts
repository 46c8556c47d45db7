/**
 * The bundled sample: 600 recordings of PhysioNet/CinC 2017, unpacked and built on first use.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { Failure } from "../core/errors.ts";
import { whyUnreadable, writeJson } from "../core/files.ts";
import { DATA, shortPath } from "../core/paths.ts";
import { buildDataset } from "./build.ts";
import { sha256 } from "./fingerprint.ts";
import { DATASET_FORMAT, FILES } from "./format.ts";
import { READING_DEFAULTS } from "./recording.ts";
import type { SplitOptions } from "./split.ts";
import { openZip, unpack } from "./unzip.ts";

const DIRECTORY = path.join(DATA, "sample");

/** The archive in the repository. */
export const SAMPLE_ZIP: string = path.join(DIRECTORY, "cinc2017-sample.zip");
/** The folder of recordings in it. */
export const SAMPLE_FOLDER = "training2017";
/** The label file in it. */
export const SAMPLE_LABELS = "REFERENCE-v3.csv";

/** The folder of the built sample. */
export const SAMPLE_BUILT: string = path.join(DIRECTORY, "built");
const MAX_UNPACKED = 50e6;
const SPLIT: SplitOptions = { method: "stratified", dev: 0.15, test: 0.15, seed: 2018 };

/** Paths of the archive and of the data set to build; by default those of the repository. */
export interface SampleOptions {
  zip?: string;
  built?: string;
  /** Whether to build without a line that says so, for a folder that does not stay. */
  quiet?: boolean;
}

/** What a built data set was made of. */
function stampOf(zip: string) {
  return { zip: sha256(readArchive(zip)), format: DATASET_FORMAT, split: SPLIT };
}

/**
 * Builds the sample data set unless it is built already from the same archive.
 *
 * @returns The directory for `loadDataset`.
 * @throws {Failure} If the archive is absent or damaged.
 */
export function ensureSampleDataset(
  { zip = SAMPLE_ZIP, built = SAMPLE_BUILT, quiet = false }: SampleOptions = {},
): string {
  const stamp = stampOf(zip);
  if (isBuilt(built, stamp)) return built;
  const started = performance.now();
  const temporary = `${built}.${Deno.pid}.tmp`;
  fs.rmSync(temporary, { recursive: true, force: true });
  try {
    using archive = openZip(zip, { limit: MAX_UNPACKED });
    unpack(archive, { folder: "", directory: temporary });
    const { records } = buildDataset({
      source: path.join(temporary, SAMPLE_FOLDER),
      labels: path.join(temporary, SAMPLE_LABELS),
      ...READING_DEFAULTS,
      out: temporary,
      split: SPLIT,
      skipBad: false,
    });
    writeJson(path.join(temporary, FILES.stamp), stamp);
    moveInto(built, { temporary, stamp });
    if (quiet) return built;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    const where = shortPath(built);
    console.error(
      `built the sample data set: ${counted(records, "record")} in ${where} (${seconds} s)`,
    );
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
  return built;
}

/**
 * Calls `body` with the folder of the built sample. A sample that is not built, or was built from another archive, is
 * built in a temporary folder, so that nothing stays.
 *
 * @throws {Failure} If the archive is absent or damaged.
 */
export function withBuiltSample<Result>(
  body: (data: string) => Result,
  { zip = SAMPLE_ZIP, built = SAMPLE_BUILT }: Omit<SampleOptions, "quiet"> = {},
): Result {
  if (isBuilt(built, stampOf(zip))) return body(built);
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "lth-sample-"));
  try {
    return body(ensureSampleDataset({ zip, built: path.join(directory, "built"), quiet: true }));
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

/** A recording of the sample as it was published. */
export interface SampleRecording {
  /** E.g. "A00001.mat". */
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * The first recordings of the bundled sample, by name.
 *
 * @throws {Failure} If the archive is absent or damaged.
 */
export function readSampleRecordings(count: number): SampleRecording[] {
  readArchive(SAMPLE_ZIP);
  using archive = openZip(SAMPLE_ZIP, { limit: MAX_UNPACKED });
  return archive.entries
    .filter(({ name }) => name.startsWith(`${SAMPLE_FOLDER}/`) && name.endsWith(".mat"))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .slice(0, count)
    .map((entry) => ({ name: path.basename(entry.name), bytes: archive.read(entry) }));
}

function readArchive(zip: string): Uint8Array {
  try {
    return fs.readFileSync(zip);
  } catch (error) {
    throw new Failure(
      `Cannot read the bundled sample ${zip} (${whyUnreadable(error)}): restore it from git`,
    );
  }
}

function isBuilt(built: string, stamp: unknown): boolean {
  try {
    const found = JSON.parse(fs.readFileSync(path.join(built, FILES.stamp), "utf8"));
    return JSON.stringify(found) === JSON.stringify(stamp) &&
      fs.existsSync(path.join(built, FILES.cache));
  } catch {
    return false;
  }
}

/** Moves the built data set into place. If another process has built it meanwhile, that result is kept. */
function moveInto(
  built: string,
  { temporary, stamp }: { temporary: string; stamp: unknown },
): void {
  if (isBuilt(built, stamp)) return;
  fs.rmSync(built, { recursive: true, force: true });
  try {
    fs.renameSync(temporary, built);
  } catch (error) {
    if (!isBuilt(built, stamp)) throw error;
  }
}
