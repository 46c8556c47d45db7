/**
 * `deno task lth analyze`: analyses the tickets of a finished run.
 *
 * @module
 */
import { shellWords } from "../core/shell.ts";
import type { Analysis } from "../analysis/analysis.ts";
import { analyze, refuseOther } from "../analysis/analyze.ts";
import { UsageError } from "../core/errors.ts";
import { writeJson } from "../core/files.ts";
import { reportFile, runDirectory, runFiles, shortPath } from "../core/paths.ts";
import { configDifferences } from "../config/config.ts";
import { lockRun } from "../run/lock.ts";
import { computeSettings } from "../config/rules.ts";
import { RunStore } from "../run/run_store.ts";
import { type ControlBase, openBase, refuseOtherData, roundsOf } from "../run/control_base.ts";
import { controlConfig } from "../run/control_config.ts";
import { workbenchConfig } from "../run/workbench_config.ts";
import { MISSING, openDataset } from "../run/dataset.ts";
import { readRun } from "../results/read.ts";
import { Workbench } from "../training/workbench.ts";
import { printAnalysis } from "./analysis_tables.ts";
import { createCommand, number } from "./command.ts";
import { controlMain, listed, roundList } from "./control.ts";
import {
  addDeviceOptions,
  type DeviceOptions,
  deviceWords,
  openConfigured,
} from "./device_options.ts";
import { RunReport } from "./run_report.ts";

interface AnalyzeOptions extends DeviceOptions {
  run: string;
  other?: string;
  rounds: number[] | "all";
  barrier: boolean;
  threshold?: number;
}

/** Returns the exit code: 0, or 130 if the second training was stopped. */
export async function analyzeMain(args: readonly string[]): Promise<number> {
  const about = "Analyse the tickets of a finished run";
  const command = addDeviceOptions(createCommand("lth analyze", about))
    .requiredOption("--run <name>", "the finished run")
    .option("--other <name>", "a finished run to compare masks with, e.g. with another seed")
    .option("--rounds <list>", "rounds, as in 0,3, or all", roundList, "all")
    .option("--no-barrier", "do not train the rounds a second time, in another data order")
    .option("--threshold <score>", "dev score to reach (default: 0.95 of the dense)", number(0, 1));
  command.parse([...args], { from: "user" });
  const options = command.opts<AnalyzeOptions>();
  const base = openWithDense(options.run, "analyse");
  const rounds = roundsOf(base, { asked: listed(options.rounds), dense: true });
  const other = options.other === undefined
    ? null
    : openWithDense(options.other, "compare masks with");
  if (other) refuseOther(base, { other, rounds });

  const reordered = options.barrier ? reorderedName(options.run, rounds, base) : null;
  if (reordered !== null) {
    const code = await trainAgain(options, { name: reordered, base, rounds });
    if (code !== 0) {
      console.log(`Then analyse with: deno task lth analyze ${shellWords(args)}`);
      return code;
    }
  }
  const analysis = await measure(options, { base, rounds, other, reordered });
  const file = runFiles.analysis(runDirectory(options.run));
  writeJson(file, analysis);
  const { summary, environment } = readRun(runDirectory(options.run));
  new RunReport(runDirectory(options.run), { file: reportFile(options.run), showTest: false })
    .write(summary, environment);
  printAnalysis(analysis);
  console.log(`\nEverything, layer by layer: ${shortPath(file)}`);
  console.log(`Report: ${shortPath(reportFile(options.run))}`);
  return 0;
}

/** @throws {UsageError} If the run has no dense round, with which an analysis compares. */
function openWithDense(run: string, purpose: string): ControlBase {
  const base = openBase(run, purpose);
  if (base.rounds.has(0)) return base;
  throw new UsageError(
    `Cannot ${purpose} ${run}: mode ${base.config.mode} trains once and has no dense round`,
  );
}

/** The name contains the chosen rounds, so that each choice is a separate run. */
function reorderedName(run: string, rounds: readonly number[], base: ControlBase): string {
  const chosen = rounds.length === base.rounds.size ? "" : `-${rounds.join("-")}`;
  return `${run.replace(/\/+$/, "")}-reorder${chosen}`;
}

/** Trains the rounds in another data order, as a separate control; does nothing if that control exists. */
async function trainAgain(
  options: AnalyzeOptions,
  { name, base, rounds }: { name: string; base: ControlBase; rounds: readonly number[] },
): Promise<number> {
  const { run } = options;
  const store = new RunStore(runDirectory(name));
  if (store.isComplete()) {
    const asked = controlConfig(base, { kind: "reorder", rounds });
    const saved = store.config();
    const computed = { backend: saved.backend, precision: saved.precision };
    const differences = configDifferences(saved, { ...asked, ...computed });
    if (differences.length === 0) return 0;
    throw new UsageError(
      `Cannot use ${name} as the second training: it belongs to another run (` +
        `${differences.join("; ")}); move or delete that directory`,
    );
  }
  console.log(
    `The barrier needs a second training of round ${rounds.join(", ")} in another data order ` +
      `(--no-barrier skips it).`,
  );
  return await controlMain([
    ...["--run", run, "--kind", "reorder", "--rounds", rounds.join(","), "--name", name],
    ...["--resume", ...deviceWords(options)],
  ]);
}

async function measure(
  options: AnalyzeOptions,
  what: {
    base: ControlBase;
    rounds: readonly number[];
    other: ControlBase | null;
    reordered: string | null;
  },
): Promise<Analysis> {
  const { base, rounds, other, reordered } = what;
  const { config } = base;
  const { threads, device: index, precision, isa } = options;
  const backend = options.backend === "auto" ? undefined : options.backend;
  const device = openConfigured(computeSettings(config, { backend, precision }), {
    threads,
    index,
    isa,
  });
  try {
    using _lock = lockRun(base.store.directory);
    const dataset = openDataset(config, MISSING.restore);
    refuseOtherData(base, dataset.sha256);
    using bench = new Workbench(device, dataset, workbenchConfig(config, dataset));
    return await analyze(bench, {
      base,
      rounds,
      other,
      reordered: reordered === null ? null : new RunStore(runDirectory(reordered)),
      threshold: options.threshold ?? null,
    }, (round) => console.log(`Measuring round ${round} ...`));
  } finally {
    await device.close();
  }
}
