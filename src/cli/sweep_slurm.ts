/**
 * `deno task sweep --slurm` and `--status`: a sweep in the queue of a cluster.
 *
 * @module
 */
import { type Command, Option } from "commander";
import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import type { Isa } from "../addon/native_inference.ts";
import { shellWords } from "../core/shell.ts";
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import { writeFileAtomic, writeJson } from "../core/files.ts";
import { ROOT, runDirectory, runFiles } from "../core/paths.ts";
import { lockHolder } from "../run/lock.ts";
import { isDenseDone } from "../run/shared_dense.ts";
import { isComplete, readProgress } from "../sweep/cell_state.ts";
import type { Cell } from "../sweep/cells.ts";
import { isaWords, lastError, PERMISSIONS, takeOverWords } from "../sweep/child.ts";
import { HeldNotices } from "../sweep/held.ts";
import type { CellStatus, Status } from "../sweep/pool.ts";
import {
  batchScript,
  checkResources,
  type SlurmFiles,
  type SlurmResources,
  stagesOf,
  submissions,
} from "../sweep/slurm.ts";
import { askQueue, type QueuedJobs, readJobs, submit } from "../sweep/slurm_queue.ts";
import { integer } from "./command.ts";
import { tableLines, TERMINAL } from "./sweep_display.ts";

/** Options of a sweep on Slurm. */
export interface SlurmOptions extends SlurmResources {
  readonly slurm: boolean;
  readonly dryRun: boolean;
  readonly status: boolean;
}

/** Options that mean nothing without --slurm. */
const WITH_SLURM = [
  ...["partition", "time", "cpus", "mem", "gres", "requeue", "array-limit", "sbatch", "dry-run"],
];

/** Adds the options to `deno task sweep`. */
export function addSlurmOptions(command: Command): Command {
  const here = ["jobs", "threads", "cell", "list"];
  return command
    .addOption(
      new Option("--slurm", "submit what is left to Slurm, one task of an array for each run")
        .default(false).conflicts([...here, "status"]),
    )
    .option("--partition <name>", "for --slurm: the partition")
    .option("--time <limit>", "for --slurm: time limit of a task, as in 90 or 12:00:00")
    .option("--cpus <n>", "for --slurm: CPUs of a run, and its threads", integer(1, 1024), 1)
    .option("--mem <size>", "for --slurm: memory of a run, as in 4G")
    .option("--gres <list>", "for --slurm: other resources of a run, as in gpu:1")
    .option("--requeue", "for --slurm: put a run that was stopped back into the queue", false)
    .option("--array-limit <k>", "for --slurm: tasks at the same time", integer(1))
    .option("--sbatch <options>", "for --slurm: more options of sbatch, as in --account=ecg")
    .option("--dry-run", "for --slurm: print the batch script and submit nothing", false)
    .addOption(
      new Option("--status", "show how far each run is, with the queue of Slurm if it answers")
        .default(false).conflicts(here),
    );
}

/** @throws {UsageError} If options of Slurm are given without --slurm, or cannot be used. */
export function checkSlurmOptions(command: Command): void {
  const options = command.opts<SlurmOptions>();
  if (options.slurm) return checkResources(options);
  const stray = command.options.find((option) =>
    WITH_SLURM.includes(option.name()) &&
    command.getOptionValueSource(option.attributeName()) === "cli"
  );
  if (stray) throw new UsageError(`Cannot use ${stray.long} without --slurm`);
}

/** A sweep's plan, as its file has it. */
export interface PlannedSweep {
  /** The path of the file. */
  readonly file: string;
  readonly name: string;
  readonly cells: readonly Cell[];
}

/** Files of a sweep on Slurm, in a folder beside those of its runs. */
function filesOf(name: string): SlurmFiles & { plan: string; jobs: string } {
  const folder = runDirectory(`${name}-slurm`);
  return {
    script: path.join(folder, "sweep.sbatch"),
    plan: path.join(folder, "plan.json"),
    jobs: path.join(folder, "jobs.json"),
    checkLog: path.join(folder, "check.log"),
    cellLog: (number) => path.join(folder, `cell-${number}.log`),
  };
}

/**
 * Submits the cells that are left. Returns the exit code.
 *
 * @throws {UsageError} If jobs of the sweep are in the queue already.
 * @throws {Failure} If Slurm does not take them.
 */
export function submitSweep(
  { file, name, cells }: PlannedSweep,
  options: SlurmOptions & { readonly isa: Isa; readonly takeOver?: string },
): number {
  const stages = stagesOf(cells, {
    isDone: (cell) => isComplete(cell.name),
    hasDense: isDenseDone,
  });
  if (stages.length === 0) {
    console.log(`All ${cells.length} runs of the plan are done.`);
    return 0;
  }
  const files = filesOf(name);
  const { arrayLimit } = options;
  const script = batchScript(options, { name, ...commands(files.plan, options) });
  const jobs = submissions(stages, { name: `lth-${path.basename(name)}`, files, arrayLimit });
  if (options.dryRun) {
    const numbers = jobs.map((_, i) => i === 0 ? "CHECK" : `STAGE${i}`);
    const calls = jobs.map(({ args }, i) =>
      `#   sbatch ${shellWords(args(numbers.slice(0, i)))}\n`
    );
    console.log(`${script}
# It would be ${shellWords([files.script])}, submitted with the following calls. ${
      numbers.join(", ")
    }: the numbers
# that sbatch answers with.
${calls.join("")}`);
    return 0;
  }
  refuseQueued(files.jobs, name);
  // Later changes of the plan must not reach tasks that wait.
  writeFileAtomic(files.plan, fs.readFileSync(file, "utf8"));
  writeFileAtomic(files.script, script);
  const submitted = submit(jobs);
  writeJson(files.jobs, submitted);
  const count = stages.flat().length;
  console.log(`Submitted ${count} of ${cells.length} runs; ${files.script} is their script.`);
  console.log(`Job ${submitted.check}: check that a node can do them`);
  submitted.arrays.forEach(({ job, cells }, i) => {
    const after = i === 0 ? "the check" : `all of job ${submitted.arrays[i - 1]!.job}`;
    console.log(`Job ${job}: ${counted(cells.length, "run")}, after ${after}`);
  });
  console.log(`Watch them with: deno task sweep ${shellWords([file])} --status`);
  return 0;
}

/** The two commands of the batch script. They start without the build, which `deno task sweep` has done. */
function commands(
  plan: string,
  { cpus, isa, takeOver }: Pick<SlurmOptions, "cpus"> & {
    readonly isa: Isa;
    readonly takeOver?: string;
  },
) {
  const deno = [Deno.execPath(), "run", "--no-prompt", ...PERMISSIONS];
  const main = (name: string) => path.join(ROOT, "src/cli", name);
  return {
    directory: shellWords([process.cwd()]),
    check: shellWords([...deno, main("devices.ts")]),
    cell: shellWords([
      ...[...deno, main("sweep.ts"), plan, "--threads", String(cpus), ...isaWords(isa)],
      ...[...takeOverWords(takeOver), "--cell"],
    ]),
  };
}

function refuseQueued(jobsFile: string, name: string): void {
  const jobs = readJobs(jobsFile);
  const queued = jobs && askQueue(jobs);
  if (queued === null || typeof queued === "string") return;
  if (!queued.check && queued.tasks.size === 0) return;
  const numbers = [jobs!.check, ...jobs!.arrays.map(({ job }) => job)];
  throw new UsageError(
    `Cannot submit ${name}: it is in the queue already; wait for it, or cancel it with ` +
      `\`scancel ${numbers.join(" ")}\``,
  );
}

/** Prints how far each cell is. Returns the cells' states. */
export function showStatus({ name, cells }: PlannedSweep): CellStatus[] {
  const files = filesOf(name);
  const jobs = readJobs(files.jobs);
  const queued = jobs && askQueue(jobs);
  const inQueue = queued === null || typeof queued === "string" ? null : queued;
  const lines = cells.map((cell) => {
    const progress = readProgress(cell.name);
    // Not by its epochs: a run may be stopped before the first one ends.
    const begun = fs.existsSync(runFiles.config(runDirectory(cell.name)));
    const log = jobs === null ? null : files.cellLog(cell.number);
    return { status: statusOf(cell, { queued: inQueue, begun, log }), progress };
  });
  const size = TERMINAL.size() ?? { columns: Infinity, rows: Infinity };
  console.log(tableLines(lines, { ...size, rows: Infinity }).join("\n"));
  if (typeof queued === "string") console.log(`The queue of Slurm does not answer: ${queued}.`);
  if (inQueue?.check) console.log(`Job ${jobs!.check} has yet to check that a node can do them.`);
  else if (inQueue?.tasks.size === 0) {
    const error = lastError(files.checkLog);
    if (error !== null) console.log(`The check failed: ${error} (${files.checkLog})`);
  }
  const notices = new HeldNotices();
  for (const { status: { cell, status } } of lines) {
    const notice = status === "elsewhere" ? notices.about(cell.name) : null;
    if (notice !== null) console.log(notice);
  }
  if (jobs !== null) console.log(`Output of the runs: ${files.cellLog("*")}`);
  return lines.map(({ status }) => status);
}

/** A cell's state: what its run directory says, then the queue, then the end of its output. */
function statusOf(
  cell: Cell,
  { queued, begun, log }: { queued: QueuedJobs | null; begun: boolean; log: string | null },
): CellStatus {
  const is = (status: Status, note = "") => ({ cell, status, note });
  if (isComplete(cell.name)) return is("done");
  const task = queued?.tasks.get(cell.number);
  if (task?.state === "RUNNING" || task?.state === "COMPLETING") {
    return is("running", `job ${task.task}`);
  }
  const left = begun ? "stopped" : "waiting";
  if (task) {
    const why = task.reason === "None" ? "" : `, ${task.reason}`;
    return is(left, `job ${task.task}: ${task.state.toLowerCase()}${why}`);
  }
  const holder = lockHolder(runDirectory(cell.name));
  if (holder !== null) return is("elsewhere", holder.words);
  const error = log === null ? null : lastError(log);
  return error === null ? is(left) : is("failed", error);
}
