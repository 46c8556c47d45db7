/**
 * Downloads PhysioNet/CinC 2017 from PhysioNet, verifies it and unpacks it.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, UsageError } from "../core/errors.ts";
import { whyUnwritable } from "../core/files.ts";
import { downloadFile } from "./download_file.ts";
import { sha256 } from "./fingerprint.ts";
import { readLabels } from "./labels.ts";
import { transferProgress } from "./transfer_progress.ts";
import { openZip, unpack } from "./unzip.ts";

/** The official home of the recordings and their labels. */
export const OFFICIAL_URL = "https://physionet.org/files/challenge-2017/1.0.0/";

const OFFICIAL_RECORDS = 8528;
const LABELS = "REFERENCE-v3.csv";
const ARCHIVE = "training2017.zip";
const FOLDER = "training2017";
const SUMS = "SHA256SUMS.txt";
/** The official recordings unpack to about 180 MB. */
const MAX_UNPACKED = 1e9;

/** Source and destination of the download. */
export interface ChallengeOptions {
  /** The address of the folder on the server. */
  url: string;
  /** The folder that will hold the recordings. */
  source: string;
  /** The label file. */
  labels: string;
}

/**
 * Fetches the training set unless `source` and `labels` exist. Both appear only after they were verified:
 * the files against the server's SHA256SUMS.txt if it has one, each recording against the archive's
 * checksum, and the number of recordings against the labels.
 *
 * @throws {Failure} If a file cannot be fetched or written, is damaged or incomplete.
 * @throws {UsageError} If `url` is not an address.
 */
export async function downloadChallenge({ url, source, labels }: ChallengeOptions): Promise<void> {
  if (fs.existsSync(source) && fs.existsSync(labels)) {
    console.error(`${source} and ${labels} are there already: nothing to download`);
    return;
  }
  const base = url.endsWith("/") ? url : `${url}/`;
  if (!/^https?:/.test(base) || !URL.canParse(base)) {
    throw new UsageError(
      `Cannot download from ${JSON.stringify(url)}: it is not an http(s) address`,
    );
  }
  const sums = await fetchSums(new URL(SUMS, base).href);
  if (!fs.existsSync(labels)) {
    await fetchVerified({ base, name: LABELS, file: labels, sums });
  }
  if (!fs.existsSync(source)) {
    const archive = path.join(path.dirname(source), ARCHIVE);
    if (!fs.existsSync(archive)) {
      await fetchVerified({ base, name: ARCHIVE, file: archive, sums });
    }
    const expected = base === OFFICIAL_URL ? OFFICIAL_RECORDS : countLabels(labels);
    unpackRecordings(archive, { source, expected });
    fs.rmSync(archive);
  }
}

/** SHA-256 by file name; empty if the server has no list. */
async function fetchSums(url: string): Promise<Map<string, string>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(60_000) }).catch(() => undefined);
  const text = response?.ok ? await response.text() : (await response?.body?.cancel(), "");
  const sums = [...text.matchAll(/^([0-9a-f]{64})\s+\*?(?:\.\/)?(.+?)\s*$/gim)];
  return new Map(sums.map(([, sum, name]) => [name!, sum!.toLowerCase()]));
}

/** Downloads under a temporary name, so that `file` is always verified. */
async function fetchVerified(
  { base, name, file, sums }: {
    base: string;
    name: string;
    file: string;
    sums: Map<string, string>;
  },
): Promise<void> {
  const url = new URL(name, base).href;
  const arrived = `${file}.unverified`;
  if (!fs.existsSync(arrived)) {
    await downloadFile({ url, file: arrived, progress: transferProgress(name) });
  }
  const expected = sums.get(name);
  if (expected === undefined) {
    console.error(`${name}: ${base}${SUMS} does not list it, so its SHA-256 is not verified`);
  } else {
    const found = sha256(fs.readFileSync(arrived));
    if (found !== expected) {
      fs.rmSync(arrived);
      throw new Failure(
        `${url} arrived damaged: its SHA-256 is ${found}, expected ${expected}. ` +
          `It was deleted; run the same command again`,
      );
    }
  }
  fs.renameSync(arrived, file);
}

function countLabels(labels: string): number {
  return new Set(readLabels(labels, () => false).rows.map(({ id }) => id)).size;
}

function unpackRecordings(
  archive: string,
  { source, expected }: { source: string; expected: number },
): void {
  const temporary = `${source}.${Deno.pid}.tmp`;
  console.error(`unpacking ${archive} to ${source}`);
  try {
    using zip = openZip(archive, { limit: MAX_UNPACKED });
    const recordings = zip.entries.filter(({ name }) =>
      name.startsWith(`${FOLDER}/`) && name.endsWith(".mat")
    ).length;
    if (recordings !== expected) {
      throw new Failure(
        `The archive ${archive} holds ${recordings} recordings, expected ${expected}`,
      );
    }
    unpack(zip, { folder: FOLDER, directory: temporary });
    fs.renameSync(temporary, source);
  } catch (error) {
    if (error instanceof Failure) {
      throw new Failure(`${error.message}. Delete it to download it again`);
    }
    if (!(error as NodeJS.ErrnoException).syscall) throw error;
    throw new Failure(`Cannot unpack ${archive}: ${whyUnwritable(error)}`);
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true });
  }
}
