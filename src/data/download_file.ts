/**
 * Downloads one file over HTTP. A broken download is continued within the call or by a later call.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, messageOf } from "../core/errors.ts";
import { whyUnwritable } from "../core/files.ts";
import { megabytes, type TransferProgress } from "./transfer_progress.ts";

/** Options of a download. */
export interface DownloadOptions {
  url: string;
  /** The file to write. The bytes received so far are in `<file>.part`. */
  file: string;
  progress: TransferProgress;
  /** Number of consecutive attempts without new bytes after which the download gives up. */
  attempts?: number;
  /** Pause before another attempt, in milliseconds. */
  pause?: number;
  /** Milliseconds without data after which a connection is closed. */
  stall?: number;
}

/** The version of the file that the part belongs to. */
interface PartVersion {
  /** ETag or Last-Modified, whatever If-Range may be given; "" if the server has neither. */
  validator: string;
  total: number | undefined;
}

/** Thrown when another attempt may succeed. */
class Interrupted extends Error {}

/** Thrown if the part belongs to another version than the server's; the download starts over. */
class NotTheSame extends Interrupted {}

/**
 * Downloads `url` to `file`, which appears only when it is complete.
 *
 * @throws {Failure} If the server refuses, cannot be reached or keeps breaking off. The part stays:
 * the next call continues from it, if the server still has the same version.
 */
export async function downloadFile(options: DownloadOptions): Promise<void> {
  const { url, file, progress, attempts = 5, pause = 1000 } = options;
  const part = `${file}.part`;
  fs.mkdirSync(path.dirname(file), { recursive: true });
  let furthest = sizeOf(part);
  let fruitless = 0;
  let restarts = 0;
  try {
    while (true) {
      try {
        await attempt(options);
        break;
      } catch (error) {
        if (!(error instanceof Interrupted)) throw error;
        if (error instanceof NotTheSame) {
          restarts++;
          furthest = 0;
        }
        const received = sizeOf(part);
        fruitless = received > furthest ? 0 : fruitless + 1;
        furthest = Math.max(furthest, received);
        if (fruitless + restarts >= attempts) throw givenUp(url, { received, why: error.message });
        await new Promise((resolve) => setTimeout(resolve, pause));
      }
    }
  } finally {
    progress.stop();
  }
  fs.renameSync(part, file);
  fs.rmSync(versionFile(part), { force: true });
}

function givenUp(url: string, { received, why }: { received: number; why: string }): Failure {
  if (received === 0) return new Failure(`Cannot download ${url}: ${why}`);
  return new Failure(
    `The download of ${url} broke off at ${megabytes(received)} (${why}): ` +
      `run the same command again, it continues from there`,
  );
}

async function attempt({ url, file, progress, stall = 60_000 }: DownloadOptions): Promise<void> {
  const part = `${file}.part`;
  const known = readVersion(part);
  const start = known ? sizeOf(part) : 0;
  const headers: Record<string, string> = { "Accept-Encoding": "identity" };
  if (start > 0) {
    headers["Range"] = `bytes=${start}-`;
    if (known?.validator) headers["If-Range"] = known.validator;
  }
  const abort = new AbortController();
  let timer = setTimeout(() => abort.abort(), stall);
  const response = await fetch(url, { headers, signal: abort.signal }).catch((error) => {
    clearTimeout(timer);
    throw new Interrupted(messageOf(error));
  });
  try {
    const { from, version } = positionOf(response, { url, start, known });
    if (from === "complete") return;
    fs.writeFileSync(versionFile(part), JSON.stringify(version));
    const handle = fs.openSync(part, from === 0 ? "w" : "a");
    try {
      let received = from;
      progress.update(received, version.total);
      for await (const chunk of response.body ?? []) {
        clearTimeout(timer);
        timer = setTimeout(() => abort.abort(), stall);
        for (let done = 0; done < chunk.length;) done += fs.writeSync(handle, chunk, done);
        received += chunk.length;
        progress.update(received, version.total);
      }
      if (version.total !== undefined && received !== version.total) {
        throw new Interrupted(`${received} of ${version.total} bytes arrived`);
      }
    } finally {
      fs.closeSync(handle);
    }
  } catch (error) {
    if (error instanceof NotTheSame) discard(part);
    if (error instanceof Failure || error instanceof Interrupted) throw error;
    if ((error as NodeJS.ErrnoException).syscall) {
      throw new Failure(`Cannot write ${part}: ${whyUnwritable(error)}`);
    }
    throw new Interrupted(abort.signal.aborted ? "no more data arrived" : messageOf(error));
  } finally {
    clearTimeout(timer);
    await response.body?.cancel().catch(() => {});
  }
}

/** The position in the file at which the bytes of a response begin. */
function positionOf(
  response: Response,
  { url, start, known }: { url: string; start: number; known: PartVersion | undefined },
): { from: number | "complete"; version: PartVersion } {
  const { status, headers } = response;
  const validator = validatorOf(headers);
  if (status === 200) {
    const length = headers.get("Content-Length");
    const total = length === null ? undefined : Number(length);
    return { from: 0, version: { validator, total } };
  }
  const [, first, whole] = /^bytes (?:(\d+)-\d+|\*)\/(\d+|\*)$/.exec(
    headers.get("Content-Range") ?? "",
  ) ?? [];
  const total = whole && whole !== "*" ? Number(whole) : undefined;
  const sameTotal = known?.total === undefined || total === undefined || total === known.total;
  const sameVersion = sameTotal &&
    (!known?.validator || !validator || validator === known.validator);
  if (status === 206 && start > 0) {
    if (!sameVersion || Number(first) !== start) {
      throw new NotTheSame("the file on the server has changed");
    }
    return { from: start, version: { validator, total: total ?? known?.total } };
  }
  if (status === 416 && start > 0) {
    const expected = total ?? known?.total;
    if (sameVersion && start === expected) {
      return { from: "complete", version: { validator, total: expected } };
    }
    throw new NotTheSame("the part is longer than the file on the server");
  }
  if (status === 429 || status >= 500) throw new Interrupted(`the server answers ${status}`);
  throw new Failure(`Cannot download ${url}: the server answers ${status} ${response.statusText}`);
}

/** A validator for If-Range: a strong ETag, else the date. */
function validatorOf(headers: Headers): string {
  const etag = headers.get("ETag");
  return etag && !etag.startsWith("W/") ? etag : headers.get("Last-Modified") ?? "";
}

function versionFile(part: string): string {
  return `${part}.json`;
}

function readVersion(part: string): PartVersion | undefined {
  try {
    return JSON.parse(fs.readFileSync(versionFile(part), "utf8"));
  } catch {
    return undefined;
  }
}

function sizeOf(file: string): number {
  return fs.statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

function discard(part: string): void {
  fs.rmSync(part, { force: true });
  fs.rmSync(versionFile(part), { force: true });
}
