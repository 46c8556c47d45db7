/**
 * A cell in a process of its own, its output in the run's log.
 *
 * @module
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";
import { messageOf } from "../core/errors.ts";
import { ROOT, runDirectory, runFiles } from "../core/paths.ts";
import type { Cell } from "./cells.ts";

/** What `deno task lth` may do, and no more. */
export const PERMISSIONS = ["read", "write", "env", "ffi", "sys"].map((name) => `--allow-${name}`);

/** How a cell ended. */
export interface CellExit {
  /** 0 done, 130 stopped at a request. */
  readonly code: number;
  /** The last thing it said. */
  readonly message: string;
}

/** A cell under way. */
export interface CellProcess {
  readonly ended: Promise<CellExit>;
  /** Asks it to save and end; a second time, a second later, to end at once. */
  stop(): void;
}

/** Where a cell's output goes. */
export function logFile({ name }: Cell): string {
  return runFiles.log(runDirectory(name));
}

/**
 * Starts a cell, or what is left of it.
 *
 * @param options.threads CPU threads, 0 for one per core.
 * @param options.denseFrom The run whose dense round it takes over, null for none.
 */
export function startCell(
  cell: Cell,
  { threads, denseFrom }: { threads: number; denseFrom: string | null },
): CellProcess {
  const file = logFile(cell);
  const args = [
    ...["run", "--no-prompt", ...PERMISSIONS, path.join(ROOT, "src/cli/lth.ts")],
    ...[...cell.args, "--resume", "--threads", String(threads)],
    ...(denseFrom === null ? [] : ["--dense-from", denseFrom]),
  ];
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const log = fs.openSync(file, "a");
  fs.writeSync(log, `--- ${new Date().toISOString()} lth ${cell.args.join(" ")}\n`);
  // A group of its own: a terminal's Ctrl-C reaches the sweep alone, which passes it on once.
  const child = spawn(Deno.execPath(), args, {
    stdio: ["ignore", log, log],
    detached: true,
    env: { ...process.env, NO_COLOR: "1" },
  });
  fs.closeSync(log);
  const ended = new Promise<CellExit>((resolve) => {
    child.on("error", (error) => resolve({ code: 1, message: messageOf(error) }));
    child.on("exit", (code, signal) => {
      const number = signal === null ? 0 : os.constants.signals[signal];
      resolve(
        code === null
          ? { code: 128 + number, message: `ended by ${signal}` }
          : { code, message: lastLine(file) },
      );
    });
  });
  return { ended, stop: () => void child.kill("SIGTERM") };
}

/** The last error in what the last attempt wrote to the log, else its last line. */
function lastLine(file: string): string {
  const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n");
  const start = lines.findLastIndex((line) => line.startsWith("--- "));
  const own = lines.slice(start + 1);
  const error = own.findLast((line) => /^(error|\w*Error): /.test(line));
  return error?.replace(/^error: /, "") ?? own.at(-1) ?? "";
}
