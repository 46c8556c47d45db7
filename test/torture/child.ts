/**
 * Runs child processes that may be killed, stopped for a while or hang.
 *
 * @module
 */
import * as fs from "node:fs";
import { RunningTime } from "./running_time.ts";

/** The end of a child and its output. */
export interface Ended {
  readonly code: number;
  /** The signal that killed it; null if none did. */
  readonly signal: Deno.Signal | null;
  readonly out: string;
  readonly err: string;
  /** Whether it did not end by itself within the bound and was killed. */
  readonly hung: boolean;
}

/** More seconds than a toy run takes on the slowest machine. */
const BOUND_SECONDS = 300;

/**
 * Waits for a child, at most `bound` seconds in which both it and this process ran.
 *
 * @param child With its output piped.
 */
export async function ended(child: Deno.ChildProcess, bound = BOUND_SECONDS): Promise<Ended> {
  let hung = false;
  let waited = 0;
  let last = 0;
  using _clock = new RunningTime((now) => {
    if (!isStopped(child.pid)) waited += now - last;
    last = now;
    if (waited < bound || hung) return;
    hung = true;
    signal(child, "SIGKILL");
  });
  const { code, signal: by, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, signal: by, out: text(stdout), err: text(stderr), hung };
}

/** Sends a signal; a child that has ended by itself gets none. */
export function signal(child: Deno.ChildProcess, name: Deno.Signal): void {
  try {
    child.kill(name);
  } catch {
    // It has ended.
  }
}

/** Whether a process is stopped, e.g. by a debugger or SIGSTOP. Known only on Linux. */
function isStopped(pid: number): boolean {
  try {
    return /\) [Tt] /.test(fs.readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}
