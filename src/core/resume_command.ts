/**
 * How a message says to continue a run.
 *
 * @module
 */
import { shellWords } from "./shell.ts";

/**
 * The command that continues a run.
 *
 * @param run Its name, or the path of its directory.
 * @param more Further options.
 */
export function resumeCommand(run: string, more: readonly string[] = []): string {
  return `deno task lth ${shellWords(["--name", run, "--resume", ...more])}`;
}
