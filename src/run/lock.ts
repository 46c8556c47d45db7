/**
 * One process per run directory. The operating system's lock on the file decides. It ends when its process
 * ends, in any way, and a later process with the same number does not inherit it. The file's contents
 * only name the holder.
 *
 * Not every network file system passes locks on to other machines. So a lock that names another machine is not
 * taken over, however old it is: nothing here can tell a dead process from one that is paused or cut off. The
 * user can say that it is gone. If it is not, it finds out before it writes again, and stops.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";
import { Failure, UsageError } from "../core/errors.ts";
import { whyUnwritable } from "../core/files.ts";
import { runFiles, runWord } from "../core/paths.ts";
import { resumeCommand } from "../core/resume_command.ts";

interface Holder {
  pid: number;
  host: string;
  since: string;
  /** The batch job that the process belongs to, and how often that job had been requeued. */
  job?: { id: string; restarts: number };
}

/** How long to wait for a process that only checks the lock, or has not yet written its name. */
const PATIENCE_MS = 500;

/** A lock that is held. Disposing of it releases it. */
export interface RunLock extends Disposable {
  /** @throws {Failure} If another process has taken it over, or it was removed. Nothing may be written then. */
  check(): void;
}

/**
 * Takes the lock of a run directory, and makes the directory if it does not exist. A lock that a dead
 * process of this machine left is taken over, and so is one that this batch job left on another machine
 * before it was requeued.
 *
 * @param options.takeOver A machine whose process is gone, as the user says: its lock is taken over, too.
 * @throws {UsageError} If another process holds it, naming that process.
 * @throws {Failure} If the file cannot be locked at all.
 */
export function lockRun(
  directory: string,
  { takeOver }: { takeOver?: string | undefined } = {},
): RunLock {
  const file = runFiles.lock(directory);
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const handle = open(file);
    let taken = false;
    try {
      taken = handle.tryLockSync(true) && isStill(file, handle);
      if (taken) {
        const holder = readHolder(file);
        const mayBeAlive = holder !== null && holder.host !== os.hostname() &&
          holder.host !== takeOver && !isOfEarlierStart(holder);
        if (mayBeAlive) throw held(directory, holder);
        const text = sayHolder(handle);
        return {
          check: () => refuseLost(directory, text),
          [Symbol.dispose]: () => release(file, { handle, text }),
        };
      }
    } catch (error) {
      taken = false;
      throw error instanceof UsageError ? error : failed(file, error);
    } finally {
      if (!taken) handle.close();
    }
    // Whether the named process lives is not asked: it may be one that held the lock before, and asking needs a permission.
    if (performance.now() > deadline) throw held(directory, readHolder(file));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
  }
}

/** The holder of a run's lock. */
export interface LockHolder {
  /** `process 7 on node3 since 2026-05-01T12:00:00.000Z`. */
  readonly words: string;
  /** The machine, if it is another one: nothing here can tell whether its process is still there. */
  readonly otherHost: string | null;
}

/**
 * The holder of a run's lock; null if it is free, if its holder on this machine is dead, or if its machine is
 * `takeOver`.
 *
 * @param options.takeOver A machine whose process is gone, as the user says.
 */
export function lockHolder(
  directory: string,
  { takeOver }: { takeOver?: string | undefined } = {},
): LockHolder | null {
  const file = runFiles.lock(directory);
  const holder = readHolder(file);
  if (!holder) return null;
  const isHere = holder.host === os.hostname();
  if (isHere ? !isLocked(file) : holder.host === takeOver) return null;
  return {
    words: `process ${holder.pid} on ${holder.host} since ${holder.since}`,
    otherHost: isHere ? null : holder.host,
  };
}

function open(file: string): Deno.FsFile {
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true });
    return Deno.openSync(file, { read: true, write: true, create: true });
  } catch (error) {
    throw failed(file, error);
  }
}

/** Whether the name still belongs to the locked file; a holder removes the file before releasing it. */
function isStill(file: string, handle: Deno.FsFile): boolean {
  const named = fs.statSync(file, { throwIfNoEntry: false });
  return named !== undefined && named.ino === handle.statSync().ino;
}

/** @returns The file's contents. */
function sayHolder(handle: Deno.FsFile): string {
  const mine: Holder = {
    pid: process.pid,
    host: os.hostname(),
    since: new Date().toISOString(),
    ...batchJob(),
  };
  const text = JSON.stringify(mine) + "\n";
  const bytes = new TextEncoder().encode(text);
  handle.truncateSync();
  handle.seekSync(0, Deno.SeekMode.Start);
  for (let done = 0; done < bytes.length;) done += handle.writeSync(bytes.subarray(done));
  return text;
}

/** Leaves a lock that another process has taken over. */
function release(file: string, { handle, text }: { handle: Deno.FsFile; text: string }): void {
  if (contentsOf(file) === text) fs.rmSync(file, { force: true });
  handle.close();
}

/** undefined if there is no such file; null if it cannot be read now. */
function contentsOf(file: string): string | null | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : null;
  }
}

/** @param text Contents of the lock's file while this process holds it. */
function refuseLost(directory: string, text: string): void {
  const file = runFiles.lock(directory);
  const now = contentsOf(file);
  if (now === text || now === null) return;
  const holder = readHolder(file);
  throw new Failure(
    `Cannot go on with ${directory}: ${
      holder ? `${named(holder)} has taken it over` : `its lock ${file} was removed`
    }; this process stops and writes nothing more`,
  );
}

function named({ pid, host, since }: Holder): string {
  return `process ${pid} on ${host} (since ${since})`;
}

/** The batch job of Slurm that this process belongs to, if any. */
function batchJob(): Pick<Holder, "job"> {
  const { SLURM_JOB_ID: id, SLURM_RESTART_COUNT: restarts } = process.env;
  return id ? { job: { id, restarts: Number(restarts ?? 0) } } : {};
}

/** Whether it is this batch job before it was requeued: Slurm starts a job again only after its end. */
function isOfEarlierStart({ job }: Holder): boolean {
  const { job: mine } = batchJob();
  return mine !== undefined && job?.id === mine.id && job.restarts < mine.restarts;
}

function isLocked(file: string): boolean {
  let handle: Deno.FsFile;
  try {
    handle = Deno.openSync(file);
  } catch {
    return false;
  }
  try {
    return !handle.tryLockSync(false);
  } finally {
    handle.close();
  }
}

function readHolder(file: string): Holder | null {
  try {
    const value = JSON.parse(fs.readFileSync(file, "utf8"));
    return typeof value?.pid === "number" && typeof value.host === "string" ? value : null;
  } catch {
    return null;
  }
}

function held(directory: string, holder: Holder | null): UsageError {
  const who = holder ? `process ${holder.pid} on ${holder.host}` : "another process";
  const since = holder ? ` since ${holder.since}` : "";
  const elsewhere = holder !== null && holder.host !== os.hostname()
    ? `, or, if that process is gone, continue the run here with ${
      resumeCommand(runWord(directory), ["--take-over", holder.host])
    }`
    : "";
  return new UsageError(
    `Cannot use ${directory}: ${who} has been running it${since}; wait for it${elsewhere}`,
  );
}

function failed(file: string, error: unknown): Failure {
  return new Failure(`Cannot lock the run with ${file}: ${whyUnwritable(error)}`);
}
