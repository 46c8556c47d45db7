/**
 * `deno task lth`: the main command.
 *
 * @module
 */
import * as path from "node:path";
import process from "node:process";
import { openDevice } from "../backend/select.ts";
import { UsageError } from "../core/errors.ts";
import { reportFile, runDirectory } from "../core/paths.ts";
import { type Config, configDifferences, parseConfig } from "../experiment/config.ts";
import {
  applyOverrides,
  DEFAULT_PRESET,
  DEFAULT_SEED,
  defaultRunName,
  type Overrides,
  presetConfig,
  readConfig,
} from "../experiment/resolve.ts";
import { RunStore } from "../experiment/run_store.ts";
import { doRun } from "../lottery/run.ts";
import { runMain } from "./command.ts";
import { type LthOptions, parseLthOptions } from "./lth_options.ts";
import { onInterrupt } from "./interrupt.ts";
import { runReplicates } from "./replicates.ts";
import { printResults } from "./results.ts";
import { TerminalObserver } from "./terminal_observer.ts";

/** The command; other commands start it with arguments of their own. Returns the exit code. */
export async function main(args: string[]): Promise<number> {
  const options = parseLthOptions(args);
  if (options.replicates === undefined) return (await runOne(options)).code;
  return await runReplicates(options, { args, baseSeed: baseSeedOf(options), runOne });
}

/** Does one run. `again` continues it if it is stopped; by default the command for this run. */
async function runOne(
  options: LthOptions,
  again?: string,
): Promise<{ name: string; code: number }> {
  const { config, name, device } = prepare(options);
  try {
    const observer = new TerminalObserver({ name, epochs: config.training.epochs });
    using _interrupt = onInterrupt(() => observer.requestStop());
    const { summary, outcome } = await doRun({
      directory: runDirectory(name),
      config,
      device,
      checkpointEvery: 1000 * options.checkpointEvery,
    }, observer);
    observer.close();
    if (outcome === "stopped") {
      console.log(`Saved. Continue with: ${again ?? `deno task lth --name ${name} --resume`}`);
      return { name, code: 130 };
    }
    printResults(summary, { report: path.relative(process.cwd(), reportFile(name)) });
    return { name, code: 0 };
  } finally {
    await device.close();
  }
}

/** Decides which run is meant, with which settings, on which device. */
function prepare(
  options: LthOptions,
): { config: Config; name: string; device: ReturnType<typeof openDevice> } {
  const device = openDevice({ backend: options.device, threads: options.threads });
  const asked = askedConfig(options, device.name);
  const name = options.name ?? defaultRunName(asked);
  const store = new RunStore(runDirectory(name));
  if (!store.exists()) {
    if (options.resume) console.log(`There is no run ${name} yet: starting it.`);
    return { config: asked, name, device };
  }
  const saved = parseConfig(store.savedConfig(), `the configuration of run ${name}`);
  if (options.resume) {
    // What was not asked for explicitly stays as the run has it; what was must agree (doRun checks).
    const { device: backend, ...given } = options;
    const explicit = backend === "auto" ? given : { ...given, backend };
    return { config: applyOverrides(saved, overridesOf(explicit)), name, device };
  }
  const differences = configDifferences(saved, asked);
  if (differences.length > 0) {
    throw new UsageError(
      `There is already a run ${name} with other settings (${differences.join("; ")}): choose ` +
        `another --name`,
    );
  }
  if (!store.isComplete()) {
    throw new UsageError(
      `There is already a run ${name}, not finished: add --resume to continue it, or choose ` +
        `another --name`,
    );
  }
  console.log(`Run ${name} is complete; its results again (choose another --name to run anew):`);
  return { config: saved, name, device };
}

function baseSeedOf(options: LthOptions): number {
  return options.seed ??
    (options.config === undefined ? DEFAULT_SEED : readConfig(options.config).seed);
}

function askedConfig(options: LthOptions, backend: "cpu" | "cuda"): Config {
  const base = options.config === undefined
    ? presetConfig(options.preset ?? DEFAULT_PRESET, backend)
    : readConfig(options.config);
  return applyOverrides(base, { ...overridesOf(options), backend });
}

function overridesOf(options: Overrides): Overrides {
  const { preset, mode, data, seed, backend, rewindTo, rounds, prune, epochs } = options;
  const { batchSize, learningRate, filters, blocks, kernel, dropout } = options;
  const { target, oneShot, criterion, keepLayers, folds, fold } = options;
  return {
    ...{ preset, mode, data, seed, backend, rewindTo, rounds, prune, epochs },
    ...{ batchSize, learningRate, filters, blocks, kernel, dropout },
    ...{ target, oneShot, criterion, keepLayers, folds, fold },
  };
}

if (import.meta.main) await runMain(main);
