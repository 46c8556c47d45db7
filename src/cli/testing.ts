/**
 * Running `deno task lth` in a process of its own, for tests.
 *
 * @module
 */
import * as path from "node:path";
import { ROOT } from "../core/paths.ts";

const PERMISSIONS = ["read", "write", "env", "ffi", "sys"].map((name) => `--allow-${name}`);

/** The command, with the permissions that the task gives it and these environment variables. */
export function lth(args: readonly string[], env: Record<string, string> = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", ...PERMISSIONS, path.join(ROOT, "src/cli/lth.ts"), ...args],
    stdout: "piped",
    stderr: "piped",
    env: { NO_COLOR: "1", ...env },
  });
}

/** Exit code and everything it printed. */
export async function outcome(
  args: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await lth(args).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

/** A run of a few seconds on the toy data. */
export function toyArgs(data: string, run: string): string[] {
  return [
    ...["--data", data, "--name", run, "--filters", "4", "--blocks", "4", "--kernel", "8"],
    ...["--epochs", "10", "--batch-size", "4", "--rounds", "2", "--prune", "0.5"],
    ...["--checkpoint-every", "0", "--backend", "cpu"],
  ];
}
