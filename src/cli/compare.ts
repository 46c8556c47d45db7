/**
 * `deno task compare`: compares the methods of finished runs, with intervals and verdicts.
 *
 * @module
 */
import { type Command, Option } from "commander";
import * as path from "node:path";
import { COMPARE_DEFAULTS, compareRuns } from "../compare/compare.ts";
import type { Comparison } from "../compare/comparison.ts";
import { type AskedPair, parsePairs } from "../config/planned_pairs.ts";
import { readRuns, type ScoredSplit } from "../compare/run.ts";
import { decisive, referenceEpochs } from "../compare/reference.ts";
import { UsageError } from "../core/errors.ts";
import { shortPath } from "../core/paths.ts";
import { type ComparisonFiles, defaultOut, writeComparison } from "../compare/write.ts";
import type { DecisionRule } from "../training/decision.ts";
import { createCommand, integer, number, runMain } from "./command.ts";
import { epochsText, format } from "../report/format.ts";
import { limitsText } from "../statistics/verdict.ts";
import { decimals, percent, table } from "./format.ts";

interface Options {
  out?: string;
  split?: ScoredSplit;
  draws: number;
  seed: number;
  margin: number;
  secondMargin: number;
  pairs?: AskedPair[];
  decision?: "mean";
  priorExponent?: number;
  allowIncomplete: boolean;
  showTest: boolean;
}

function main(args: string[]): Promise<void> {
  const command = commandLine();
  command.parse(args, { from: "user" });
  const options = command.opts<Options>();
  const { out, draws, seed, margin, secondMargin, pairs = [], allowIncomplete, showTest } = options;
  const rescored = ruleAsked(options);
  const { runs, split } = readRuns(command.args, {
    ...{ split: options.split, allowIncomplete, showTest, rescored },
  });
  const comparison = compareRuns(runs, {
    ...COMPARE_DEFAULTS,
    ...{ split, draws, seed, margin, secondMargin, pairs, rescored },
  });
  const target = out === undefined
    ? defaultOut(comparison)
    : path.resolve(out.replace(/\.html$/, ""));
  print(textOf(comparison, writeComparison(comparison, target)));
  return Promise.resolve();
}

function commandLine(): Command {
  return createCommand("compare", "Compare finished runs: means, intervals, verdicts")
    .argument(
      "<runs...>",
      "names of runs below checkpoints/, or paths of runs or of folders of runs",
    )
    .option("--out <path>", "write PATH.html and PATH/ (default: reports/compare-<runs>)")
    .addOption(
      new Option("--split <name>", "records to score on (default: test where there is one)")
        .choices(["test", "dev"]),
    )
    .option("--draws <n>", "draws of the bootstrap", integer(100, 1_000_000), 10_000)
    .option("--seed <n>", "seed of the draws", integer(0), 1)
    .option(
      "--margin <x>",
      "largest loss of score that still counts as a match",
      number(1e-6, 1),
      COMPARE_DEFAULTS.margin,
    )
    .option(
      "--second-margin <x>",
      "a second margin, reported as well",
      number(1e-6, 1),
      COMPARE_DEFAULTS.secondMargin,
    )
    .option(
      "--pairs <list>",
      "differences planned before the results were seen, as METHOD:METHOD or METHOD:METHOD@percent of weights " +
        "kept, e.g. lr-rewind:weight-rewind,reinit:shuffle@6.4 (default density: mean over all)",
      parsePairs,
    )
    .addOption(
      new Option(
        "--decision <rule>",
        "decide all records again from the saved probabilities, with priors from training records",
      ).choices(["mean"]),
    )
    .option(
      "--prior-exponent <x>",
      "for --decision: exponent of the prior, 0 for none",
      number(0, 10),
    )
    .option("--allow-incomplete", "use the finished rounds of unfinished runs", false)
    .option("--show-test", "show test scores of unfinished runs too", false);
}

/** @throws {UsageError} If the exponent is given without the rule, or the rule without it. */
function ruleAsked({ decision, priorExponent }: Options): DecisionRule | null {
  if (decision === undefined && priorExponent === undefined) return null;
  if (decision === undefined || priorExponent === undefined) {
    throw new UsageError(
      "Cannot decide records again: give both --decision mean and --prior-exponent, as in " +
        "--decision mean --prior-exponent 0.5",
    );
  }
  return { decision, priorExponent, priorUnit: "records" };
}

/** The answers, and where the numbers are. */
function textOf(comparison: Comparison, files: ComparisonFiles): string {
  const { sentences, notes, hints } = comparison;
  return [
    `\n${levels(comparison)}\n`,
    ...[sentences.answer, ...sentences.methods, ...sentences.tests, ...sentences.pairs],
    `\n${[...notes, ...hints].join("\n")}`,
    `\nNumbers: ${shortPath(files.json)}, ${shortPath(files.csv)}`,
    `Report: ${shortPath(files.page)}`,
  ].join("\n");
}

function levels({ methods }: Comparison): string {
  const head = ["method", "left", "theta", "of all", "runs", "epochs", "mean F1", "min", "max"];
  head.push("to dense of", "difference", "95 %", "");
  const rows = methods.flatMap((method) =>
    method.levels.map((level) => {
      const { density, theta, thetaAll, scores, cost, mean, min, max } = level;
      const found = decisive(level);
      return [
        method.name,
        percent(density),
        `${theta.toFixed(1)}x`,
        thetaAll === null ? "-" : `${thetaAll.toFixed(1)}x`,
        String(scores.length * method.folds),
        epochText(cost?.epochs),
        decimals(mean),
        scores.length > 1 ? decimals(min) : "-",
        scores.length > 1 ? decimals(max) : "-",
        found ? epochsText(referenceEpochs(method, level)) : "",
        found ? decimals(found.difference) : "",
        found ? limitsText(found) : "",
        found ? found.verdict : "dense",
      ];
    })
  );
  return table([head, ...rows]);
}

function epochText(epochs: number | undefined): string {
  return epochs === undefined ? "-" : format(epochs, "epochs");
}

/** Prints text without control characters, so that names from files cannot send commands to the terminal. */
function print(text: string): void {
  // deno-lint-ignore no-control-regex
  console.log(text.replace(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/g, "?"));
}

if (import.meta.main) await runMain(main);
