/**
 * A sweep as job arrays of Slurm: the batch script, and the order in which its arrays are submitted. Task i of
 * an array does cell i of the plan.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import type { Cell } from "./cells.ts";

/** What each job asks of Slurm, in the words of `sbatch`. What is absent is left to the cluster. */
export interface SlurmResources {
  readonly partition?: string | undefined;
  readonly time?: string | undefined;
  /** CPUs of a cell, which are also its threads. */
  readonly cpus: number;
  readonly mem?: string | undefined;
  readonly gres?: string | undefined;
  /** Whether a cell that was stopped before its end returns to the queue. */
  readonly requeue: boolean;
  /** Cells at the same time, for each array. */
  readonly arrayLimit?: number | undefined;
  /** More options of `sbatch`, as one line. */
  readonly sbatch?: string | undefined;
}

/** Seconds between the signal to save and the end of a job's time. */
const SAVE_SECONDS = 60;
const LEAST_MINUTES = 5;

/** Forms of each value that `sbatch` reads, and one of them as an example. */
const FORMS: readonly (readonly [keyof SlurmResources, RegExp, string])[] = [
  ["partition", /^[\w.,-]+$/, "a name, as in short"],
  ["mem", /^\d+[KMGT]?$/, "a size, as in 4G"],
  ["gres", /^[\w.:,=/-]+$/, "kinds and numbers, as in gpu:1"],
  ["sbatch", /^-[^\n\r]*$/, "options of sbatch, as in --account=ecg"],
];

/** @throws {UsageError} Naming the first value that `sbatch` cannot read or that no cell can work with. */
export function checkResources(resources: SlurmResources): void {
  for (const [name, form, expected] of FORMS) {
    const value = resources[name];
    if (value === undefined || form.test(String(value))) continue;
    throw new UsageError(`Cannot use --${name} ${JSON.stringify(value)}: expected ${expected}`);
  }
  const { time } = resources;
  if (time === undefined) return;
  const minutes = minutesOf(time);
  if (minutes === null) {
    throw new UsageError(
      `Cannot use --time ${JSON.stringify(time)}: expected minutes, hours:minutes:seconds or ` +
        "days-hours, as in 90, 1:30:00 or 2-12",
    );
  }
  // The signal would come at once, and a cell that is requeued would never get on. 0 is no limit.
  if (minutes > 0 && minutes < LEAST_MINUTES) {
    throw new UsageError(
      `Cannot use --time ${time}: give a cell at least ${LEAST_MINUTES} minutes, of which the ` +
        "last is for saving",
    );
  }
}

/** A time limit of Slurm in minutes; null if it is none. */
function minutesOf(text: string): number | null {
  const match = /^(?:(\d+)-)?(\d+)(?::(\d+))?(?::(\d+))?$/.exec(text);
  if (!match) return null;
  const [days, first, second, third] = match.slice(1).map((part) => Number(part ?? 0)) as number[];
  if (match[1] !== undefined) return 1440 * days! + 60 * first! + second! + third! / 60;
  // Two numbers are minutes and seconds, three begin with hours.
  return match[4] === undefined ? first! + second! / 60 : 60 * first! + second! + third! / 60;
}

/**
 * Cells that are left, in stages: a cell stands one stage after the later of its base and the run whose
 * dense round it takes, as far as these are left, too.
 *
 * @param isDone Whether the cell is complete.
 * @param hasDense Whether the dense round of the run `name` is done.
 */
export function stagesOf(
  cells: readonly Cell[],
  { isDone, hasDense }: { isDone(cell: Cell): boolean; hasDense(name: string): boolean },
): Cell[][] {
  const stageOf = new Map<string, number>();
  const stages: Cell[][] = [];
  // A cell's base and the source of its dense round come before it in the list.
  for (const cell of cells) {
    if (isDone(cell)) continue;
    const { base, denseFrom } = cell;
    const before = [base, denseFrom !== null && hasDense(denseFrom) ? null : denseFrom]
      .map((name) => name === null ? -1 : stageOf.get(name) ?? -1);
    const stage = 1 + Math.max(...before);
    stageOf.set(cell.name, stage);
    (stages[stage] ??= []).push(cell);
  }
  return stages;
}

/** Numbers as a list of Slurm, as in `1-3,7`, in rising order. */
export function arrayList(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of [...numbers].sort((a, b) => a - b)) {
    const last = runs.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([a, b]) => a === b ? String(a) : `${a}-${b}`).join(",");
}

/** One call of `sbatch`. */
export interface Submission {
  /** The stage of a sweep; null for the job that checks that a node can do its cells. */
  readonly cells: readonly number[] | null;
  /** The arguments, once the numbers of the earlier jobs are known. */
  args(jobs: readonly string[]): string[];
}

/** Where a sweep's batch script and the output of its jobs are. */
export interface SlurmFiles {
  readonly script: string;
  readonly checkLog: string;
  /** Output of the cell `number`; Slurm reads `%a` as the number. */
  cellLog(number: number | "%a" | "*"): string;
}

/**
 * The jobs of a sweep: a check on one node, then each stage as an array.
 *
 * A stage starts when every task of the one before it has ended, in whatever way (`afterany`): a failed cell
 * then stops nothing but its own controls, which refuse to start without their base. If the check fails, Slurm
 * removes all that depends on it.
 */
export function submissions(
  stages: readonly (readonly Cell[])[],
  { name, files, arrayLimit }: {
    name: string;
    files: SlurmFiles;
    arrayLimit: number | undefined;
  },
): Submission[] {
  const words = (output: string, ...more: string[]) => [
    ...["--parsable", `--job-name=${name}`, `--output=${output}`, ...more, files.script],
  ];
  const arrays = stages.map((stage, i): Submission => {
    const cells = stage.map(({ number }) => number);
    const limit = arrayLimit === undefined ? "" : `%${arrayLimit}`;
    return {
      cells,
      args: ([check, ...before]) =>
        words(
          files.cellLog("%a"),
          `--array=${arrayList(cells)}${limit}`,
          `--dependency=afterok:${check}${i === 0 ? "" : `,afterany:${before[i - 1]}`}`,
          "--kill-on-invalid-dep=yes",
        ),
    };
  });
  return [{ cells: null, args: () => words(files.checkLog) }, ...arrays];
}

/** The parts of a batch script that are commands, quoted for a shell. */
export interface SlurmCommands {
  /** The folder to work in. */
  readonly directory: string;
  /** Loads the addon and names the devices of a node. */
  readonly check: string;
  /** Does a cell; its number follows. */
  readonly cell: string;
}

/** The batch script, which all jobs of a sweep share. */
export function batchScript(
  resources: SlurmResources,
  { name, directory, check, cell }: SlurmCommands & { name: string },
): string {
  const { partition, time, cpus, mem, gres, requeue, sbatch } = resources;
  const given = Object.entries({ partition, time, mem, gres })
    .filter(([, value]) => value !== undefined)
    .map(([option, value]) => `--${option}=${value}`);
  const header = [
    ...["--nodes=1", "--ntasks=1", `--cpus-per-task=${cpus}`, ...given],
    ...[`--signal=TERM@${SAVE_SECONDS}`, requeue ? "--requeue" : "--no-requeue"],
    ...["--open-mode=append", ...(sbatch === undefined ? [] : [sbatch])],
  ];
  return `#!/bin/bash
# Jobs of the sweep ${name}: task i of an array starts or continues cell i of the plan. Without an array
# the script checks that a node can do cells. Written by \`deno task sweep --slurm\`.
${header.map((words) => `#SBATCH ${words}`).join("\n")}

export NO_COLOR=1
cd ${directory} || exit 1
echo "--- $(date -u +%FT%TZ) job $SLURM_JOB_ID on $(hostname)"

if [ -z "$SLURM_ARRAY_TASK_ID" ]; then
  exec srun --ntasks=1 --cpus-per-task=${cpus} ${check}
fi

# Slurm signals the steps of a job, not this script: a minute before the time limit, at a preemption with
# a grace time, and by \`scancel --signal=TERM\`. The cell then saves its state and ends with 130.
srun --ntasks=1 --cpus-per-task=${cpus} ${cell} "$SLURM_ARRAY_TASK_ID"
code=$?
${
    requeue
      ? `# 143: the signal came before there was anything to save.
if [ $code = 130 ] || [ $code = 143 ]; then
  scontrol requeue "$SLURM_JOB_ID"
fi
`
      : ""
  }exit $code
`;
}
