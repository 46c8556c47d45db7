/**
 * `deno task sweep`: all runs of a plan.
 *
 * @module
 */
import { CommanderError, Option } from "commander";
import * as os from "node:os";
import type { Isa } from "../addon/native_inference.ts";
import { shellWords } from "../core/shell.ts";
import { UsageError } from "../core/errors.ts";
import { lockHolder } from "../run/lock.ts";
import { freeMemory } from "../run/room.ts";
import { runDirectory, shortPath } from "../core/paths.ts";
import { isComplete, settingsDifferences } from "../sweep/cell_state.ts";
import { hasDenseRound } from "../config/dense_round.ts";
import { type DenseSource, denseTraining, isDenseDone } from "../run/shared_dense.ts";
import { type Cell, expandPlan, shareDenseRounds } from "../sweep/cells.ts";
import { denseWords, isaWords, logFile, startCell, takeOverWords } from "../sweep/child.ts";
import { HeldNotices } from "../sweep/held.ts";
import { readPlan } from "../sweep/plan.ts";
import { type CellStatus, Pool } from "../sweep/pool.ts";
import { createCommand, integer, runMain } from "./command.ts";
import { isaOption } from "./device_options.ts";
import { onInterrupt } from "./interrupt.ts";
import { askedConfig, main as lth } from "./lth.ts";
import { parseLthOptions } from "./lth_options.ts";
import { comparisonWords } from "./sweep_comparison.ts";
import { SweepDisplay } from "./sweep_display.ts";
import {
  addSlurmOptions,
  checkSlurmOptions,
  showStatus,
  type SlurmOptions,
  submitSweep,
} from "./sweep_slurm.ts";

interface SweepOptions extends SlurmOptions {
  jobs: number;
  threads: number;
  isa: Isa;
  cell?: number;
  list: boolean;
  takeOver?: string;
}

async function main(args: string[]): Promise<number> {
  const command = createCommand("sweep", "Do all runs of a plan, or the ones that are left")
    .argument("<plan>", "JSON file: modes, seeds, folds and controls to run")
    .option("--jobs <n>", "runs at the same time", integer(1, 1024), 1)
    .option(
      "--threads <n>",
      "CPU threads for all runs together, 0 for one per core",
      integer(0, 1024),
      0,
    )
    .addOption(isaOption())
    .addOption(
      new Option("--cell <i>", "do only this run of the list, e.g. as an array job on a cluster")
        .argParser(integer(1)).conflicts(["jobs", "list"]),
    )
    .option("--take-over <host>", "the processes that run some of them on <host> are gone")
    .option("--list", "show the list of runs and do nothing", false);
  addSlurmOptions(command).parse(args, { from: "user" });
  const options = command.opts<SweepOptions>();
  checkSlurmOptions(command);
  const file = command.args[0]!;
  const asked = readPlan(file);
  const { name, pairs } = asked;
  const plan = expandPlan(asked);
  checkCells(plan, file);
  const cells = shareDenseRounds(plan, denseKey);
  if (options.list) return list(cells);
  if (options.slurm) return submitSweep({ file, name, cells }, options);
  if (options.status) {
    const states = showStatus({ file, name, cells });
    sayComparison(states, pairs);
    return 0;
  }
  if (options.cell !== undefined) return await doOne(cells, { ...options, cell: options.cell });
  return await doAll(cells, { ...options, pairs, again: `deno task sweep ${shellWords(args)}` });
}

/**
 * Checks each run's arguments as the run itself will, and compares them with runs that already exist.
 *
 * @throws {UsageError} Naming the first run that cannot be done as planned.
 */
function checkCells(cells: readonly Cell[], file: string): void {
  for (const { name, args, base } of cells) {
    // A control's settings are those of its base; only the command itself can check the rest.
    if (base !== null) continue;
    let differences: string[];
    try {
      const options = parseLthOptions(args, { quiet: true });
      const backend = options.device;
      askedConfig(options, backend === "auto" ? "cpu" : backend);
      differences = settingsDifferences(
        name,
        (saved) => askedConfig(options, backend === "auto" ? saved : backend),
      );
    } catch (error) {
      if (!(error instanceof UsageError || error instanceof CommanderError)) throw error;
      const why = error.message.replace(/^error: /, "").replaceAll("\n", " ");
      throw new UsageError(`Cannot use the plan ${file} for ${name}: ${why}`);
    }
    if (differences.length > 0) {
      throw new UsageError(
        `Cannot use the plan ${file}: there is already a run ${name} with other settings ` +
          `(${differences.join("; ")}); give the plan another name, or delete that run`,
      );
    }
  }
}

/** A key that is equal for runs that train the same dense round; null for a run without one. */
function denseKey({ args, base }: Cell): string | null {
  if (base !== null) return null;
  const options = parseLthOptions(args, { quiet: true });
  const backend = options.device === "auto" ? "cpu" : options.device;
  const config = askedConfig(options, backend);
  if (!hasDenseRound(config)) return null;
  return JSON.stringify([options.device, denseTraining(config)]);
}

/** The run to take the dense round from, if that run has finished it. A cell that cannot take it trains it. */
function denseOf({ denseFrom }: Cell): DenseSource | undefined {
  if (denseFrom === null || !isDenseDone(denseFrom)) return undefined;
  return { from: denseFrom, otherwise: "train" };
}

function list(cells: readonly Cell[]): number {
  const width = String(cells.length).length;
  for (const { number, name, args } of cells) {
    const state = isComplete(name) ? "done" : "left";
    console.log(`${String(number).padStart(width)}  ${state}  deno task lth ${shellWords(args)}`);
  }
  return 0;
}

/** Does one cell in this process, for a scheduler that gives each cell a process of its own. */
async function doOne(
  cells: readonly Cell[],
  { cell: number, threads, isa, takeOver }: SweepOptions & { cell: number },
): Promise<number> {
  const cell = cells[number - 1];
  if (!cell) throw new UsageError(`Cannot do cell ${number}: the plan has 1 to ${cells.length}`);
  const base = cells.find(({ name }) => name === cell.base);
  if (base && !isComplete(base.name)) {
    throw new UsageError(
      `Cannot do cell ${number}, ${cell.name}: first finish ${base.name}, which is cell ` +
        `${base.number}`,
    );
  }
  return await lth([
    ...[...cell.args, "--resume", "--threads", String(threads), ...isaWords(isa)],
    ...takeOverWords(takeOver),
    ...denseWords(denseOf(cell)),
  ]);
}

async function doAll(
  cells: readonly Cell[],
  { jobs, threads, isa, takeOver, pairs, again }: SweepOptions & {
    pairs: readonly string[];
    again: string;
  },
): Promise<number> {
  const processes = Math.min(jobs, cells.length);
  const each = processes === 1
    ? threads
    : Math.max(1, Math.floor((threads || os.availableParallelism()) / processes));
  const memory = processes === 1
    ? null
    : { bytes: freeMemory(undefined, 0).bytes / processes, runs: processes };
  const pool = new Pool(cells, {
    jobs: processes,
    start: (cell) =>
      startCell(cell, { threads: each, isa, dense: denseOf(cell), memory, takeOver }),
    hasDense: isDenseDone,
    isComplete: ({ name }) => isComplete(name),
    holder: ({ name }) => lockHolder(runDirectory(name), { takeOver })?.words ?? null,
    changed: ({ cell, status }) => {
      display.update();
      const notice = status === "elsewhere" ? notices.about(cell.name) : null;
      if (notice !== null) display.note(notice);
    },
    patience: 1000,
  });
  const display = new SweepDisplay(pool.cells);
  const notices = new HeldNotices();
  let stopped = false;
  const stop = () => {
    stopped = true;
    display.note("Saving the active runs, then stopping. Press Ctrl-C again to quit at once.");
    pool.stop();
  };
  {
    using _interrupt = onInterrupt(stop, () => pool.stop());
    display.open();
    try {
      await pool.run();
    } finally {
      display.close();
    }
  }
  return conclude(pool.cells, { pairs, again: stopped ? again : null });
}

/** Prints the outcome. Returns the exit code. */
function conclude(
  cells: readonly CellStatus[],
  { pairs, again }: { pairs: readonly string[]; again: string | null },
): number {
  const done = cells.filter(({ status }) => status === "done");
  for (const { cell, status, note } of cells) {
    if (status === "skipped") console.error(`error: ${cell.name} was not started: ${note}`);
    if (status !== "failed") continue;
    console.error(`error: ${cell.name} failed with ${note}`);
    console.error(`  its output: ${shortPath(logFile(cell))}`);
  }
  if (again !== null) {
    console.log(
      `Stopped with ${done.length} of ${cells.length} runs done. Continue with: ${again}`,
    );
    return 130;
  }
  sayComparison(cells, pairs);
  return done.length === cells.length ? 0 : 1;
}

/** Prints the command that compares the runs that are done, if there are any. */
function sayComparison(cells: readonly CellStatus[], pairs: readonly string[]): void {
  const done = cells.filter(({ status }) => status === "done").map(({ cell }) => cell.name);
  if (done.length > 0) console.log(comparisonWords(done, pairs).join("\n"));
}

if (import.meta.main) await runMain(main);
