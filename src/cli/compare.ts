/**
 * `deno task compare`: what finished runs say about methods, with intervals and verdicts.
 *
 * @module
 */
import { Option } from "commander";
import * as path from "node:path";
import process from "node:process";
import { compareRuns } from "../compare/compare.ts";
import type { Comparison } from "../compare/comparison.ts";
import { readRuns, type ScoredSplit } from "../compare/run.ts";
import { signed } from "../compare/verdict.ts";
import { defaultOut, writeComparison } from "../compare/write.ts";
import { createCommand, integer, number, runMain } from "./command.ts";
import { decimals, percent, table } from "./format.ts";

interface Options {
  out?: string;
  split?: ScoredSplit;
  draws: number;
  seed: number;
  margin: number;
  allowIncomplete: boolean;
  showTest: boolean;
}

function main(args: string[]): Promise<void> {
  const command = createCommand("compare", "Compare finished runs: means, intervals, verdicts")
    .argument("<runs...>", "names of runs below checkpoints/, or paths of their directories")
    .option("--out <path>", "write PATH.html and PATH/ (default: reports/compare-<runs>)")
    .addOption(
      new Option("--split <name>", "records to score on (default: test where there is one)")
        .choices(["test", "dev"]),
    )
    .option("--draws <n>", "draws of the bootstrap", integer(100, 1_000_000), 10_000)
    .option("--seed <n>", "of the draws", integer(0), 1)
    .option("--margin <x>", "loss of score that still matches", number(1e-6, 1), 0.01)
    .option("--allow-incomplete", "use the rounds there are of unfinished runs", false)
    .option("--show-test", "of unfinished runs, too", false);
  command.parse(args, { from: "user" });
  const { out, split: asked, allowIncomplete, showTest, draws, seed, margin } = command.opts<
    Options
  >();

  const { runs, split } = readRuns(command.args, { split: asked, allowIncomplete, showTest });
  const comparison = compareRuns(runs, { split, draws, seed, margin });
  const target = out === undefined
    ? defaultOut(comparison)
    : path.resolve(out.replace(/\.html$/, ""));
  const files = writeComparison(comparison, target);
  print(`\n${levels(comparison)}\n`);
  const { answer, methods, pairs } = comparison.sentences;
  print([answer, ...methods, ...pairs].join("\n"));
  print(`\n${comparison.notes.join("\n")}`);
  const shown = (file: string) => path.relative(process.cwd(), file);
  print(`\nNumbers: ${shown(files.json)}, ${shown(files.csv)}\nReport: ${shown(files.page)}`);
  return Promise.resolve();
}

function levels({ methods }: Comparison): string {
  const head = [
    "method",
    "left",
    "theta",
    "runs",
    "mean F1",
    "min",
    "max",
    "difference",
    "95 %",
    "",
  ];
  const rows = methods.flatMap(({ name, levels }) =>
    levels.map(({ density, theta, scores, mean, min, max, toDense }) => [
      name,
      percent(density),
      `${theta.toFixed(1)}x`,
      String(scores.length),
      decimals(mean),
      decimals(min),
      decimals(max),
      toDense ? signed(toDense.difference) : "",
      toDense ? `[${signed(toDense.low)}, ${signed(toDense.high)}]` : "",
      toDense ? toDense.verdict : "dense",
    ])
  );
  return table([head, ...rows]);
}

/** Prints text in which names from files cannot steer the terminal. */
function print(text: string): void {
  // deno-lint-ignore no-control-regex
  console.log(text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, "?"));
}

if (import.meta.main) await runMain(main);
