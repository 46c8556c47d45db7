/**
 * `deno task rescore`: scores the finished rounds of runs again, by any decision rule.
 *
 * @module
 */
import { Option } from "commander";
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import {
  openRescorable,
  refuseOtherRecords,
  type RescorableRun,
  rescore,
  type RescoredRound,
  RULES,
  writeRescored,
} from "../analysis/rescore.ts";
import { UsageError } from "../core/errors.ts";
import { refuseFilled } from "../core/files.ts";
import { workbenchConfig } from "../run/workbench_config.ts";
import { MISSING, openDataset } from "../run/dataset.ts";
import {
  type DecisionRule,
  describeRule,
  PRIOR_UNITS,
  type PriorUnit,
} from "../training/decision.ts";
import { type Decision, DECISIONS } from "../training/tally.ts";
import { Workbench } from "../training/workbench.ts";
import { createCommand, integer, number, refuseFile, runMain } from "./command.ts";
import { openForShowing } from "./device_options.ts";
import { type Rescored, rescoreText, type ScoredSplit } from "./rescore_tables.ts";

interface RescoreOptions {
  readonly rules: boolean;
  readonly decision?: Decision;
  readonly priorExponent?: number;
  readonly priorUnit?: PriorUnit;
  readonly split?: ScoredSplit;
  readonly data?: string;
  readonly json: boolean;
  readonly write?: string;
  readonly showTest: boolean;
  readonly threads: number;
}

async function main(args: string[]): Promise<void> {
  const command = createCommand("rescore", "Score finished rounds again by a decision rule")
    .argument("<runs...>", "names of runs below checkpoints/, or paths of their directories")
    .option("--rules", "print a table of all rules that the default was chosen from", false)
    .addOption(
      new Option("--decision <rule>", "vote or mean (default: the run's own)")
        .choices([...DECISIONS]),
    )
    .option("--prior-exponent <x>", "softmax is divided by prior^x", number(0, 10))
    .addOption(
      new Option("--prior-unit <unit>", "priors count training records or their steps")
        .choices([...PRIOR_UNITS]),
    )
    .addOption(
      new Option("--split <name>", "only this split (default: both)").choices(["dev", "test"]),
    )
    .option("--data <dir>", "folder of the runs' data set, if it was moved")
    .option("--json", "print JSON", false)
    .option("--write <folder>", "write <folder>/<run>, scored again, for compare and report")
    .option("--show-test", "show test scores of unfinished runs too", false)
    .option("--threads <n>", "CPU threads, 0 for one per core", integer(0, 1024), 0)
    .parse(args, { from: "user" });
  const options = command.opts<RescoreOptions>();
  refuseContradictions(options);
  const runs = command.args.map((name) => openRescorable(name, options.data));
  refuseSameName(runs, options.write);
  const folderOf = ({ name }: RescorableRun) => path.resolve(options.write!, name);
  if (options.write !== undefined) {
    refuseFile(options.write, "write the runs");
    runs.forEach((run) => refuseFilled(folderOf(run)));
  }
  const rescored: Rescored[] = [];
  for (const run of runs) {
    const rules = options.rules ? RULES : [askedRule(options, run.config.score)];
    const rounds = await rescoreRun(run, { rules, options });
    if (options.write !== undefined) {
      writeRescored(folderOf(run), run, {
        rule: rules[0]!,
        rounds: rounds.map(({ round, scores }) => [round, scores[0]!]),
      });
    }
    rescored.push({
      run: run.name,
      own: run.config.score,
      rules,
      rounds,
      testHidden: hidden(run, options),
    });
  }
  console.log(rescoreText(rescored, options));
}

function hidden({ summary }: RescorableRun, { showTest }: RescoreOptions): boolean {
  return !summary.complete && !showTest;
}

function refuseContradictions(options: RescoreOptions): void {
  const { rules, decision, priorExponent, priorUnit, write } = options;
  const chosen = [decision, priorExponent, priorUnit].some((each) => each !== undefined);
  if (rules && chosen) {
    throw new UsageError(
      "Cannot use --rules with --decision, --prior-exponent or --prior-unit: it shows all rules",
    );
  }
  if (rules && write !== undefined) {
    throw new UsageError("Cannot use --write with --rules: choose one rule to write");
  }
}

function refuseSameName(runs: readonly RescorableRun[], write: string | undefined): void {
  const names = runs.map(({ name }) => name);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (write === undefined || twice === undefined) return;
  throw new UsageError(`Cannot write two runs called ${twice} into ${write}: name one at a time`);
}

/** The run's own rule, with the settings that were asked for replaced. */
function askedRule(
  { decision, priorExponent, priorUnit }: RescoreOptions,
  own: DecisionRule,
): DecisionRule {
  return {
    decision: decision ?? own.decision,
    priorExponent: priorExponent ?? own.priorExponent,
    priorUnit: priorUnit ?? own.priorUnit,
  };
}

async function rescoreRun(
  run: RescorableRun,
  { rules, options }: { rules: readonly DecisionRule[]; options: RescoreOptions },
): Promise<RescoredRound[]> {
  const { config, name } = run;
  const dataset = openDataset(config, MISSING.name);
  refuseOtherRecords(run, dataset.sha256);
  // Standard output carries only the table.
  console.error(
    `Scoring ${counted(run.summary.rounds.length, "round")} of ${name}, trained with: ${
      describeRule(config.score)
    }`,
  );
  const device = openForShowing(config, { threads: options.threads });
  try {
    using bench = new Workbench(device, dataset, workbenchConfig(config, dataset));
    return await rescore(bench, run, rules);
  } finally {
    await device.close();
  }
}

if (import.meta.main) await runMain(main);
