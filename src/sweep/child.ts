/**
 * Runs a cell in a process of its own, with its output in the run's log.
 *
 * @module
 */
import { spawn } from "node:child_process";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";
import type { Isa } from "../addon/native_inference.ts";
import { messageOf } from "../core/errors.ts";
import { ROOT, runDirectory, runFiles } from "../core/paths.ts";
import { type MemoryShare, shareVariable } from "../run/memory_share.ts";
import type { DenseSource } from "../run/shared_dense.ts";
import type { Cell } from "./cells.ts";

/** The permissions of `deno task lth`. */
export const PERMISSIONS = ["read", "write", "env", "ffi", "sys"].map((name) => `--allow-${name}`);

/** How a cell ended. */
export interface CellExit {
  /** 0: done; 130: stopped on request. */
  readonly code: number;
  /** Its last message. */
  readonly message: string;
}

/** A running cell. */
export interface CellProcess {
  readonly ended: Promise<CellExit>;
  /** Asks the cell to save and end; a second call, a second or more later, asks it to end at once. */
  stop(): void;
}

/** The log file of a cell. */
export function logFile({ name }: Cell): string {
  return runFiles.log(runDirectory(name));
}

/**
 * Starts or continues a cell.
 *
 * @param options.threads CPU threads, 0 for one per core.
 * @param options.isa Instruction set of the CPU.
 * @param options.dense The run whose dense round it copies, if it can.
 * @param options.memory What it may take of the free memory; null for all.
 * @param options.takeOver A machine whose processes are gone, as the user says.
 */
export function startCell(
  cell: Cell,
  { threads, isa, dense, memory, takeOver }: {
    threads: number;
    isa: Isa;
    dense: DenseSource | undefined;
    memory: MemoryShare | null;
    takeOver: string | undefined;
  },
): CellProcess {
  const file = logFile(cell);
  const args = [
    ...["run", "--no-prompt", ...PERMISSIONS, path.join(ROOT, "src/cli/lth.ts")],
    ...[...cell.args, "--resume", "--threads", String(threads), ...isaWords(isa)],
    ...takeOverWords(takeOver),
    ...denseWords(dense),
  ];
  fs.mkdirSync(path.dirname(file), { recursive: true });
  const log = fs.openSync(file, "a");
  fs.writeSync(log, `--- ${new Date().toISOString()} lth ${cell.args.join(" ")}\n`);
  // The child has its own process group, so Ctrl-C reaches only the sweep, which passes it on once.
  const child = spawn(Deno.execPath(), args, {
    stdio: ["ignore", log, log],
    detached: true,
    env: { ...process.env, NO_COLOR: "1", ...memory && shareVariable(memory) },
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

/** The option of a command that takes over what a machine has left; nothing without a machine. */
export function takeOverWords(host: string | undefined): string[] {
  return host === undefined ? [] : ["--take-over", host];
}

/** The option of a command for an instruction set; nothing for the machine's best. */
export function isaWords(isa: Isa): string[] {
  return isa === "automatic" ? [] : ["--isa", isa];
}

/** The option of a command that takes over a dense round; nothing without a source. */
export function denseWords(dense: DenseSource | undefined): string[] {
  if (dense === undefined) return [];
  return [dense.otherwise === "train" ? "--try-dense-from" : "--dense-from", dense.from];
}

/** The last error that the last attempt wrote to the log, or else its last line. */
function lastLine(file: string): string {
  return lastError(file) ?? attempt(file).at(-1) ?? "";
}

/** The last error that the last attempt wrote to the log; null if there is none, or no log. */
export function lastError(file: string): string | null {
  const error = attempt(file).findLast((line) => /^(error|\w*Error): /.test(line));
  return error?.replace(/^error: /, "") ?? null;
}

/** Lines of the last attempt in a log; each begins with a line of dashes, which is left out. */
function attempt(file: string): string[] {
  if (!fs.existsSync(file)) return [];
  const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n");
  return lines.slice(lines.findLastIndex((line) => line.startsWith("--- ")) + 1);
}
