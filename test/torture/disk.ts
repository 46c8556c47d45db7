/**
 * Simulates failing disks. In a toy run, each write, flush, rename or creation of a file fails in turn, as on a
 * broken disk (EIO, once) and as on a full one (ENOSPC, from that call on).
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import { lth, toyArgs } from "../../src/cli/testing.ts";
import { ROOT } from "../../src/core/paths.ts";
import { assertSameResults } from "../../src/run/testing.ts";
import { countOne, isOneError, tally, type TortureContext, type TortureRow } from "./part.ts";

/** The kinds of failure. */
export const DISK_ERRORS = ["EIO", "ENOSPC"] as const;
export type DiskError = (typeof DISK_ERRORS)[number];

/** The library that makes calls fail, built in `directory`; null without a C compiler. */
export function buildDiskFault(directory: string): string | null {
  const library = path.join(directory, "disk_fault.so");
  const source = path.join(ROOT, "scripts/torture/disk_fault.c");
  const built = spawnSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], {
    encoding: "utf8",
  });
  if (built.error) return null;
  if (built.status !== 0) throw new Error(`${source} does not compile: ${built.stderr}`);
  return library;
}

/** A toy run with one round of pruning that saves its state as often as it can. */
function args(data: string, run: string): string[] {
  return [...toyArgs(data, run), "--epochs", "2", "--rounds", "1", "--rewind-to", "3it"];
}

/** Does a whole toy run on a working disk, to compare with. @throws {Error} If it fails. */
export async function wholeRun(data: string, run: string): Promise<void> {
  const { code, stderr } = await lth(args(data, run)).output();
  if (code !== 0) throw new Error(`The toy run fails: ${new TextDecoder().decode(stderr)}`);
}

/** The result of one fault. */
export interface DiskOutcome {
  /** The call that failed; null if the run made fewer calls. */
  readonly call: string | null;
  readonly finding: string | null;
}

/**
 * Does a toy run whose k-th call fails, then continues it on a working disk.
 *
 * @param fault.at k, from 1.
 * @param context.whole The same run without a fault.
 */
export async function tryDiskFault(
  fault: { at: number; error: DiskError },
  context: { library: string; data: string; directory: string; whole: string },
): Promise<DiskOutcome> {
  const { at, error } = fault;
  const run = path.join(context.directory, `${error}-${at}`);
  const log = `${run}.log`;
  const failing = await lth(args(context.data, run), {
    LD_PRELOAD: context.library,
    LTH_FAULT_BELOW: run,
    LTH_FAULT_AT: String(at),
    LTH_FAULT_ERROR: error,
    LTH_FAULT_LOG: log,
  }).output();
  const call = fs.existsSync(log) ? fs.readFileSync(log, "utf8").trim() : null;
  try {
    const problem = await problemOf({ call, failing, error }, { ...context, run });
    const finding = problem === null ? null : `${error} at call ${at} (${call}): ${problem}`;
    return { call, finding };
  } finally {
    fs.rmSync(run, { recursive: true, force: true });
    fs.rmSync(log, { force: true });
  }
}

async function problemOf(
  { call, failing, error }: { call: string | null; failing: Deno.CommandOutput; error: DiskError },
  { data, run, whole }: { data: string; run: string; whole: string },
): Promise<string | null> {
  const err = new TextDecoder().decode(failing.stderr);
  if (call !== null) {
    if (failing.code !== 1) return `exit code ${failing.code}, not 1: ${err}`;
    if (!isOneError(err)) return `not one line of error: ${err}`;
    const says = error === "EIO" ? /i\/o error|input\/output error/i : /no space/i;
    if (!says.test(err)) return `the error does not say what is wrong with the disk: ${err}`;
  }
  const resumed = await lth([...args(data, run), "--resume"]).output();
  const text = new TextDecoder().decode(resumed.stdout);
  if (resumed.code !== 0) {
    return `resuming fails with ${resumed.code}: ${new TextDecoder().decode(resumed.stderr)}`;
  }
  if (/is damaged/.test(text)) return `a saved state was damaged: ${text}`;
  try {
    assertSameResults(run, whole);
  } catch (difference) {
    return `after resuming, its results differ: ${(difference as Error).message}`;
  }
  return null;
}

/** All calls of a toy run, with both errors. */
export async function diskPart(context: TortureContext): Promise<TortureRow[]> {
  const library = buildDiskFault(context.directory);
  if (library === null) {
    return [{
      what: "disk faults",
      count: 0,
      findings: ["there is no C compiler (cc) to build with"],
    }];
  }
  const whole = path.join(context.directory, "whole");
  await wholeRun(context.data, whole);
  const rows: TortureRow[] = [];
  for (const error of DISK_ERRORS) {
    const findings: string[] = [];
    const calls = new Map<string, number>();
    let next = 1;
    let end = Infinity; // number of the first call after the end of the run
    const worker = async () => {
      for (let at = next++; at < end; at = next++) {
        const { call, finding } = await tryDiskFault({ at, error }, { ...context, library, whole });
        if (finding !== null) findings.push(finding);
        if (call === null) end = Math.min(end, at);
        else countOne(calls, call);
        if (at % 20 === 0) context.note(`${error}: ${at} calls failed`);
      }
    };
    await Promise.all(Array.from({ length: context.jobs }, worker));
    const detail = tally(calls);
    const count = [...calls.values()].reduce((sum, n) => sum + n, 0);
    rows.push({ what: `disk faults survived, ${error}`, count, findings, detail });
  }
  return rows;
}
