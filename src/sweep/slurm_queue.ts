/**
 * Talks to Slurm's programs: submits the jobs of a sweep, and asks the queue about them.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { Failure } from "../core/errors.ts";
import type { Submission } from "./slurm.ts";

/** The jobs of a sweep that were submitted last. */
export interface SubmittedJobs {
  readonly check: string;
  readonly arrays: readonly { readonly job: string; readonly cells: readonly number[] }[];
}

/** A cell's task in the queue. */
export interface QueuedTask {
  /** Slurm's name of the task, as in 17_3. */
  readonly task: string;
  /** Slurm's word, as in PENDING. */
  readonly state: string;
  /** Why it is pending; "None" if there is nothing to say. */
  readonly reason: string;
}

/** Jobs of a sweep in the queue. */
export interface QueuedJobs {
  /** Whether the check, on which all cells wait, is in the queue. */
  readonly check: boolean;
  /** Tasks by the number of their cell. */
  readonly tasks: ReadonlyMap<number, QueuedTask>;
}

/**
 * Submits the jobs in their order. If one is refused, the ones before it are cancelled.
 *
 * @throws {Failure} If there is no `sbatch`, or it refuses a job.
 */
export function submit(jobs: readonly Submission[]): SubmittedJobs {
  const numbers: string[] = [];
  for (const { args } of jobs) {
    const { out, error } = call("sbatch", args(numbers));
    // With several clusters the name of the cluster follows.
    const number = /^(\d+)(;.*)?$/.exec(out.trim())?.[1];
    if (error !== null || number === undefined) {
      if (numbers.length > 0) call("scancel", numbers);
      throw new Failure(`Cannot submit the sweep: ${error ?? `sbatch answered ${out.trim()}`}`);
    }
    numbers.push(number);
  }
  const [check, ...arrays] = numbers;
  return {
    check: check!,
    arrays: arrays.map((job, i) => ({ job, cells: jobs[i + 1]!.cells! })),
  };
}

/** The sweep's jobs that are in the queue; or, in a sentence, why the queue does not answer. */
export function askQueue({ check, arrays }: SubmittedJobs): QueuedJobs | string {
  const format = "--format=%F|%K|%T|%r";
  const { out, error } = call("squeue", ["--me", "--noheader", "--array", format]);
  if (error !== null) return error;
  const ours = new Set(arrays.map(({ job }) => job));
  const rows = out.trim().split("\n").map((line) => line.split("|").map((word) => word.trim()));
  return {
    check: rows.some(([job]) => job === check),
    tasks: new Map(
      rows.filter(([job]) => ours.has(job!)).map((
        [job, index, state, reason],
      ) => [Number(index), { task: `${job}_${index}`, state: state!, reason: reason! }]),
    ),
  };
}

/** The jobs that the file names; null if there is none. */
export function readJobs(file: string): SubmittedJobs | null {
  return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : null;
}

/** Runs a program of Slurm. `error` says in a sentence why it did not do what was asked. */
function call(program: string, args: readonly string[]): { out: string; error: string | null } {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") {
    return { out: "", error: `there is no ${program} on the PATH` };
  }
  if (error) return { out: "", error: `${program} did not start (${error.message})` };
  const said = stderr.trim().split("\n").at(-1)!.replace(/^\w+: (error: )?/, "");
  return { out: stdout, error: status === 0 ? null : `${program} says: ${said}` };
}
