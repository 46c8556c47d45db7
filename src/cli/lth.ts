/**
 * `deno task lth`: the main command.
 *
 * @module
 */
import type { NativeDevice } from "../addon/native.ts";
import { chooseBackend, listBackends } from "../addon/select.ts";
import { runDirectory, runFiles, shortPath } from "../core/paths.ts";
import { shellWords } from "../core/shell.ts";
import type { Config } from "../config/config.ts";
import { readConfig } from "../config/config_file.ts";
import { presetConfig } from "../config/presets.ts";
import { computeSettings } from "../config/rules.ts";
import { applyOverrides, DEFAULT_PRESET, DEFAULT_SEED, defaultRunName } from "../run/resolve.ts";
import { RunStore } from "../run/run_store.ts";
import type { DenseSource } from "../run/shared_dense.ts";
import { analyzeMain } from "./analyze.ts";
import { runMain } from "./command.ts";
import { controlMain } from "./control.ts";
import { openConfigured, openForShowing } from "./device_options.ts";
import { executeRun, refuseCopy, refuseUnfinished } from "./execute_run.ts";
import { type LthOptions, parseLthOptions } from "./lth_options.ts";
import { planRun } from "./plan.ts";
import { planText } from "./plan_text.ts";
import { runReplicates } from "./replicates.ts";
import { renewReport } from "./run_report.ts";

/** Runs the command; other commands call it with their own arguments. Returns the exit code. */
export async function main(args: string[]): Promise<number> {
  if (args[0] === "control") return await controlMain(args.slice(1));
  if (args[0] === "analyze") return await analyzeMain(args.slice(1));
  const options = parseLthOptions(args);
  if (options.plan) return await printPlan(options);
  if (options.replicates === undefined) return (await runOne(options)).code;
  return await runReplicates(options, { args, baseSeed: baseSeedOf(options), runOne, renewReport });
}

/** Does one run. `again` is the command that continues it after a stop; by default the one for this run. */
async function runOne(
  options: LthOptions,
  again?: string,
): Promise<{ name: string; code: number }> {
  const { fork, isa, checkpointEvery, showTest, takeOver } = options;
  const { config, name: from, device } = prepare(options);
  const name = fork ?? from;
  const forkFrom = fork === undefined ? undefined : from;
  const run = { name, config, device, isa, checkpointEvery, showTest, takeOver, again };
  return { name, code: await executeRun({ ...run, dense: denseOf(options), forkFrom }) };
}

function denseOf({ denseFrom, tryDenseFrom }: LthOptions): DenseSource | undefined {
  if (denseFrom !== undefined) return { from: denseFrom, otherwise: "refuse" };
  return tryDenseFrom === undefined ? undefined : { from: tryDenseFrom, otherwise: "train" };
}

/** Prints what the run would take. Without --resume the run counts as new. */
async function printPlan(options: LthOptions): Promise<number> {
  const asked = askedConfig(options, backendOf(options));
  const name = options.name ?? defaultRunName(asked);
  const store = new RunStore(runDirectory(name));
  const config = options.resume && store.exists() ? resumedConfig(store, options) : asked;
  const device = openConfigured(config, options);
  try {
    console.log(planText(name, planRun(device, config), options.replicates));
    return 0;
  } finally {
    await device.close();
  }
}

/** Decides which run is meant, with which settings, on which device. */
function prepare(
  options: LthOptions,
): { config: Config; name: string; device: NativeDevice } {
  const backend = backendOf(options);
  const asked = askedConfig(options, backend);
  const name = options.name ?? defaultRunName(asked);
  const store = new RunStore(runDirectory(name));
  const on = (config: Config) => ({ config, name, device: openConfigured(config, options) });
  if (options.fork !== undefined) {
    // planFork reports a run that does not exist.
    const config = store.exists() ? resumedConfig(store, options) : asked;
    return on({ ...config, ...computeSettings(config, { backend, precision: options.precision }) });
  }
  if (!store.exists()) {
    if (options.resume) console.log(`There is no run ${name} yet: starting it.`);
    return on(asked);
  }
  const copied = shellWords([shortPath(runFiles.config(store.directory))]);
  refuseCopy(store, name, `use --config ${copied} and another --name`);
  if (options.resume) {
    const config = resumedConfig(store, options);
    if (!store.hasAllRounds()) return on(config);
    // There is nothing left to compute.
    return { config, name, device: openForShowing(config, options) };
  }
  refuseUnfinished(store, { name, asked });
  return on(store.config());
}

/** @throws {UsageError} If this machine does not have the backend that is asked for. */
function backendOf({ device }: LthOptions): Config["backend"] {
  return chooseBackend(device, listBackends()).backend;
}

/** Settings that were not given stay as the run has them; given settings must agree (doRun checks). */
function resumedConfig(store: RunStore, options: LthOptions): Config {
  const { device: backend, ...given } = options;
  const explicit = backend === "auto" ? given : { ...given, backend };
  return applyOverrides(store.config(), explicit);
}

function baseSeedOf(options: LthOptions): number {
  return options.seed ??
    (options.config === undefined ? DEFAULT_SEED : readConfig(options.config).seed);
}

/** The configuration that options ask for, without regard to existing runs. @throws {UsageError} */
export function askedConfig(options: LthOptions, backend: "cpu" | "cuda"): Config {
  const base = options.config === undefined
    ? presetConfig(options.preset ?? DEFAULT_PRESET, backend)
    : readConfig(options.config);
  return applyOverrides(base, { ...options, backend });
}

if (import.meta.main) await runMain(main);
