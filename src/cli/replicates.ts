/**
 * `deno task lth --replicates R`: repeats the same experiment with R seeds.
 *
 * @module
 */
import { shellWords } from "../core/shell.ts";
import type { LthOptions } from "./lth_options.ts";

/** What the runs have in common. */
export interface Replication {
  /** The command line, from which the command that continues is made. */
  readonly args: readonly string[];
  /** Seed of the first run. */
  readonly baseSeed: number;
  /** Does one run, or the rest of it. */
  runOne(options: LthOptions, again: string): Promise<{ name: string; code: number }>;
  /** Writes the report of a finished run again. */
  renewReport(name: string): void;
}

/**
 * Does `options.replicates` runs, one after another, with consecutive seeds. Each run's name is `--name`
 * with "-seed<s>" added.
 *
 * @returns 0, or the exit code of the run that was stopped.
 */
export async function runReplicates(
  options: LthOptions,
  { args, baseSeed, runOne, renewReport }: Replication,
): Promise<number> {
  const again = `deno task lth ${
    shellWords([...args.filter((arg) => arg !== "--resume"), "--resume"])
  }`;
  const names: string[] = [];
  for (let seed = baseSeed; seed < baseSeed + (options.replicates ?? 1); seed++) {
    const named = options.name === undefined ? {} : { name: `${options.name}-seed${seed}` };
    const { name, code } = await runOne({ ...options, ...named, seed }, again);
    if (code !== 0) return code;
    names.push(name);
  }
  // Earlier reports were written before the last run had results, so their bands lack it.
  for (const name of names.slice(0, -1)) renewReport(name);
  console.log(`\nCompare them with: deno task compare ${shellWords(names)}`);
  return 0;
}
