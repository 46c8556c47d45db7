/**
 * Running `deno task lth` and other commands in processes of their own, for tests.
 *
 * @module
 */
import { listBackends } from "../addon/select.ts";
import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT, runFiles } from "../core/paths.ts";

const PERMISSIONS = ["read", "write", "env", "ffi", "sys"].map((name) => `--allow-${name}`);

/** The command, with the permissions of its task and these environment variables. */
export function lth(args: readonly string[], env: Record<string, string> = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...PERMISSIONS, path.join(ROOT, "src/cli/lth.ts"), ...args],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  });
}

/** Exit code of a process and everything it printed. */
export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs it to its end. */
export async function outcome(
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<Outcome> {
  return outcomeOf(await lth(args, env).output());
}

/** Starts it, asks it to stop when `run` has saved a state, and waits for its end; it may have ended by itself before. */
export async function stoppedOnceSaved(args: readonly string[], run: string): Promise<Outcome> {
  const child = lth(args).spawn();
  let ended = false;
  child.status.then(() => ended = true);
  while (!fs.existsSync(runFiles.latest(run)) && !ended) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  if (!ended) child.kill("SIGTERM");
  return outcomeOf(await child.output());
}

/** Runs another command with the permissions of its task. */
export async function command(
  name: "predict" | "export" | "footprint" | "report" | "devices" | "rescore",
  args: readonly string[],
  { stdin, env = {} }: { stdin?: string; env?: Record<string, string> } = {},
): Promise<Outcome> {
  const { tasks } = JSON.parse(fs.readFileSync(path.join(ROOT, "deno.json"), "utf8"));
  const permissions = (tasks[name].command as string).match(/--allow-\S+/g)!;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...permissions, path.join(ROOT, `src/cli/${name}.ts`), ...args],
    stdin: stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  }).spawn();
  if (stdin !== undefined) {
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(stdin));
    await writer.close();
  }
  return outcomeOf(await child.output());
}

function outcomeOf({ code, stdout, stderr }: Deno.CommandOutput): Outcome {
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** The arguments of a run of a few seconds on the toy data. */
export function toyArgs(data: string, run: string): string[] {
  return [
    ...["--data", data, "--name", run, "--filters", "4", "--blocks", "4", "--kernel", "8"],
    ...["--epochs", "10", "--batch-size", "4", "--rounds", "2", "--prune", "0.5"],
    ...["--checkpoint-every", "0", "--backend", "cpu"],
  ];
}

/** A network of its own as in a `--network` file: with a sum, a pooled shortcut, names with dashes and dots, and a norm that two nodes read. */
export const OWN_NETWORK = {
  name: "own",
  nodes: [
    { op: "conv", name: "stem", channels: 4, kernel: 8, stride: 2 },
    { op: "norm", name: "stem.norm" },
    { op: "conv", name: "in-ner", channels: 6, kernel: 5, stride: 2 },
    { op: "norm", name: "inner.norm", dropout: "rate" },
    { op: "shortcut", name: "around", input: "stem.norm", channels: 6, stride: 2 },
    { op: "conv", name: "outer", input: "inner.norm", channels: 6, kernel: 3, add: "around" },
    { op: "norm", name: "outer.norm", relu: false },
    { op: "conv", name: "head", channels: "classes", kernel: 1 },
  ],
};

/** Whether the CPU has another instruction set than the portable one, which all have. Says so if it has none. */
export function hasOtherIsa(): boolean {
  const detail = listBackends().find(({ name }) => name === "cpu")?.detail ?? "";
  const hasOther = /AVX/.test(detail);
  if (!hasOther) console.log(`Another instruction set is not tested: the CPU here has ${detail}`);
  return hasOther;
}
