/**
 * Directories for tests of comparisons.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { COMPARE_DEFAULTS, type CompareOptions, compareRuns } from "./compare.ts";
import type { Comparison } from "./comparison.ts";
import { type ReadOptions, readRuns } from "./run.ts";

/** Runs `body` with a temporary directory, which is removed afterwards. */
export async function withDirectory(
  body: (directory: string) => void | Promise<void>,
): Promise<void> {
  const directory = fs.realpathSync(fs.mkdtempSync(path.join(os.tmpdir(), "compare-")));
  try {
    await body(directory);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

/** Reads and compares run directories with few draws. */
export function compareDirectories(
  directories: readonly string[],
  options: Partial<ReadOptions & CompareOptions> = {},
): Comparison {
  const { runs, split } = readRuns(directories, {
    split: options.split,
    allowIncomplete: options.allowIncomplete ?? false,
    showTest: true,
    rescored: options.rescored ?? null,
  });
  return compareRuns(runs, {
    ...COMPARE_DEFAULTS,
    draws: 500,
    margin: 0.01,
    ...options,
    split,
  });
}
