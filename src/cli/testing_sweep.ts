/**
 * Running `deno task sweep` in a process of its own on plans of a few seconds, for tests.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT, runFiles } from "../core/paths.ts";
import type { Summary } from "../results/summary.ts";
import type { Outcome } from "./testing.ts";

/** The flags of a task in deno.json, and its file. */
export function taskWords(name: string): string[] {
  const { tasks } = JSON.parse(fs.readFileSync(path.join(ROOT, "deno.json"), "utf8"));
  return tasks[name].command.split(" ").slice(2);
}

/** Starts the command with the permissions of its task. */
export function sweep(args: string[], env: Record<string, string> = {}): Deno.ChildProcess {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...taskWords("sweep"), ...args],
    cwd: ROOT,
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  }).spawn();
}

export async function sweepOutcome(child: Deno.ChildProcess): Promise<Outcome> {
  const { code, stdout, stderr } = await child.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** Runs of a second or two on the toy data. */
export function toyPlan(
  data: string,
  changes: Record<string, unknown> = {},
): Record<string, unknown> {
  return {
    name: path.join(path.dirname(data), "toy"),
    set: {
      ...{ data, filters: 4, blocks: 4, kernel: 8, epochs: 12, "batch-size": 4 },
      ...{ rounds: 2, prune: 0.5, "checkpoint-every": 0, backend: "cpu" },
    },
    modes: ["weight-rewind", "lr-rewind"],
    seeds: [1, 2],
    ...changes,
  };
}

/** Writes the plan to a file of its name. */
export function writePlan(directory: string, plan: Record<string, unknown>): string {
  const file = path.join(directory, `${path.basename(plan["name"] as string)}.json`);
  fs.writeFileSync(file, JSON.stringify(plan));
  return file;
}

export function isComplete(run: string): boolean {
  const file = runFiles.summary(run);
  return fs.existsSync(file) && (JSON.parse(fs.readFileSync(file, "utf8")) as Summary).complete;
}

/** The summary without the run's name. */
export function summaryOf(run: string): unknown {
  return { ...JSON.parse(fs.readFileSync(runFiles.summary(run), "utf8")), name: "" };
}
