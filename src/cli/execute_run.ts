/**
 * Doing one run in the terminal, from its configuration to its results.
 *
 * @module
 */
import { resumeCommand } from "../core/resume_command.ts";
import type { NativeDevice } from "../addon/native.ts";
import type { Isa } from "../addon/native_inference.ts";
import { UsageError } from "../core/errors.ts";
import { reportFile, runDirectory, shortPath } from "../core/paths.ts";
import { type Config, configDifferences } from "../config/config.ts";
import { isStudyCopy } from "../results/read.ts";
import type { RunStore } from "../run/run_store.ts";
import { doRun } from "../run/run.ts";
import type { DenseSource } from "../run/shared_dense.ts";
import { denseWords, isaWords } from "../sweep/child.ts";
import { onInterrupt } from "./interrupt.ts";
import { printResults } from "./results.ts";
import { RunReport } from "./run_report.ts";
import { TerminalObserver } from "./terminal_observer.ts";

/** A run to start or to continue. */
export interface RunToExecute {
  readonly name: string;
  readonly config: Config;
  /** The device; `executeRun` closes it at the end. */
  readonly device: NativeDevice;
  /** Instruction set that was asked for. */
  readonly isa: Isa;
  /** Seconds between saves within a round. */
  readonly checkpointEvery: number;
  /** Whether test scores are shown before the run is complete. */
  readonly showTest: boolean;
  /** A run whose dense round is copied instead of trained. */
  readonly dense?: DenseSource | undefined;
  /** A run that this new one is a fork of. */
  readonly forkFrom?: string | undefined;
  /** A machine whose process, which holds the run's lock, is gone. */
  readonly takeOver?: string | undefined;
  /** The command that continues the run; by default {@linkcode continuing}. */
  readonly again?: string | undefined;
}

/** @returns The exit code: 0, or 130 if the run was stopped. */
export async function executeRun(run: RunToExecute): Promise<number> {
  const { name, config, device, checkpointEvery, showTest, again } = run;
  const { dense, forkFrom, takeOver } = run;
  try {
    const observer = new TerminalObserver({ name, config, showTest });
    using _interrupt = onInterrupt(() => observer.requestStop());
    const { summary, outcome } = await doRun({
      directory: runDirectory(name),
      config,
      device,
      checkpointEvery: 1000 * checkpointEvery,
      dense,
      forkFrom,
      takeOver,
    }, observer);
    observer.close();
    if (outcome === "stopped") {
      console.log(`Saved. Continue with: ${again ?? continuing(run)}`);
      return 130;
    }
    const file = reportFile(name);
    printResults(summary, {
      headline: new RunReport(runDirectory(name), { file, showTest }).headline(summary),
      report: shortPath(file),
    });
    return 0;
  } finally {
    await device.close();
  }
}

/** The command that continues this run alone, with the options that the run's directory does not keep. */
function continuing({ name, isa, dense }: RunToExecute): string {
  return resumeCommand(name, [...isaWords(isa), ...denseWords(dense)]);
}

/** @throws {UsageError} If a lock is to be taken over by a run that is not continued. */
export function refuseTakeOverAlone(
  { takeOver, resume }: { takeOver?: string; resume: boolean },
): void {
  if (takeOver === undefined || resume) return;
  throw new UsageError(
    `Cannot use --take-over ${takeOver} without --resume: it continues a run whose process is gone`,
  );
}

/**
 * Refuses an existing run without --resume, unless it is finished: then its results are shown again.
 *
 * @throws {UsageError} If the run has other settings than those asked for, or is not finished.
 */
export function refuseUnfinished(
  store: RunStore,
  { name, asked }: { name: string; asked: Config },
): void {
  const saved = store.config();
  const differences = configDifferences(saved, asked);
  if (differences.length > 0) {
    throw new UsageError(
      `There is already a run ${name} with other settings (${differences.join("; ")}): choose ` +
        `another --name`,
    );
  }
  if (!store.hasAllRounds()) {
    throw new UsageError(
      `There is already an unfinished run ${name}: add --resume to continue it, or choose ` +
        `another --name`,
    );
  }
  console.log(
    `Run ${name} is already complete. Its results (choose another --name for a new run):`,
  );
}

/**
 * @param again What trains it again, for the message.
 * @throws {UsageError} If the run is a copy that a study keeps: it would be trained over the results.
 */
export function refuseCopy({ directory }: RunStore, name: string, again: string): void {
  if (!isStudyCopy(directory)) return;
  throw new UsageError(
    `Cannot continue ${name}: it is a copy for a study, which keeps results alone; to train it again, ${again}`,
  );
}
