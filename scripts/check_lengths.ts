/**
 * Checks that files stay short enough to be read in one go.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { filesBelow } from "./check_dependencies.ts";

/** Lines that a source file may have. */
const MOST_LINES = 400;

/** Longer files, each with its reason. */
export const LONG_FILES: Readonly<Record<string, string>> = {
  "native/include/lth/backend.h":
    "the contract of a backend: every op's arguments with its formula",
  "native/tests/conv1d_test.cc": "all cases of one op, on one set of helpers",
  "native/tests/cuda_fused_test.cc": "all fusions of one step, on one network",
  "src/compare/compare_test.ts": "all verdicts of a comparison, on one set of made-up runs",
  "src/report/page_test.ts": "one page in one browser, from top to bottom",
};

/** Files that are too long, and entries of the list that are not, one sentence each. */
export function checkLengths(root: string): string[] {
  const lengths = new Map(
    ["src", "test", "bench", "scripts", "native"].flatMap((folder) =>
      filesBelow(join(root, folder), /\.(ts|cc|cu|h)$/).map((file) => [
        relative(root, file),
        readFileSync(file, "utf8").trimEnd().split("\n").length,
      ])
    ),
  );
  const tooLong = [...lengths].filter(([file, lines]) =>
    lines > MOST_LINES && LONG_FILES[file] === undefined
  ).map(([file, lines]) => `${file} has ${lines} lines, more than ${MOST_LINES}: divide it`);
  const needless = Object.keys(LONG_FILES)
    .filter((file) => (lengths.get(file) ?? 0) <= MOST_LINES)
    .map((file) => `${file} needs no reason for its length: take it off the list`);
  return [...tooLong, ...needless];
}
