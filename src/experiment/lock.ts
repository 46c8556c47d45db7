/**
 * One process per run directory.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import process from "node:process";
import { messageOf, UsageError } from "../core/errors.ts";
import { runFiles } from "../core/paths.ts";

interface Holder {
  pid: number;
  host: string;
  since: string;
}

/**
 * Takes the lock of a run directory. A lock left by a dead process of this machine is taken over.
 *
 * @returns What releases it.
 * @throws {UsageError} If another process holds it, naming that process.
 */
export function lockRun(directory: string): Disposable {
  const file = runFiles.lock(directory);
  const mine: Holder = {
    pid: process.pid,
    host: os.hostname(),
    since: new Date().toISOString(),
  };
  for (let attempt = 0; !tryCreate(file, mine); attempt++) {
    const holder = readHolder(file);
    if (attempt > 2 || (holder && isAlive(holder))) {
      throw new UsageError(
        `Cannot use ${directory}: process ${holder?.pid} on ${holder?.host} has been running it ` +
          `since ${holder?.since}; wait for it, or delete ${file} if that process is gone`,
      );
    }
    fs.rmSync(file, { force: true });
  }
  return { [Symbol.dispose]: () => fs.rmSync(file, { force: true }) };
}

/** Who holds a run's lock, in words; null if nobody does (or only a dead process of this machine). */
export function lockHolder(directory: string): string | null {
  const holder = readHolder(runFiles.lock(directory));
  if (!holder || !isAlive(holder)) return null;
  return `process ${holder.pid} on ${holder.host} since ${holder.since}`;
}

/** Creates the lock with its contents in one step, so that nobody reads it half written. */
function tryCreate(file: string, holder: Holder): boolean {
  const temporary = `${file}.${holder.pid}.tmp`;
  fs.writeFileSync(temporary, JSON.stringify(holder) + "\n");
  try {
    fs.linkSync(temporary, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw new UsageError(`Cannot lock the run with ${file}: ${messageOf(error)}`);
  } finally {
    fs.rmSync(temporary, { force: true });
  }
}

function readHolder(file: string): Holder | null {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8")) as Holder;
  } catch {
    return null;
  }
}

/** A process of another machine counts as alive: it cannot be asked. */
function isAlive(holder: Holder): boolean {
  if (holder.host !== os.hostname()) return true;
  try {
    process.kill(holder.pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
