/**
 * `deno task lth control`: trains a control, which reuses the masks of a finished run.
 *
 * @module
 */
import { InvalidArgumentError, Option } from "commander";
import * as fs from "node:fs";
import { UsageError } from "../core/errors.ts";
import { reportFile, runDirectory } from "../core/paths.ts";
import type { Config } from "../config/config.ts";
import { type ControlKind, controlPolicy, CONTROLS, trainsOn } from "../config/controls.ts";
import { computeSettings } from "../config/rules.ts";
import { RunStore } from "../run/run_store.ts";
import { openBase } from "../run/control_base.ts";
import { askedRounds, controlConfig } from "../run/control_config.ts";
import { createCommand, number } from "./command.ts";
import { addDeviceOptions, type DeviceOptions, openConfigured } from "./device_options.ts";
import { executeRun, refuseCopy, refuseTakeOverAlone, refuseUnfinished } from "./execute_run.ts";
import { renewReport } from "./run_report.ts";

interface ControlOptions extends DeviceOptions {
  run: string;
  kind: ControlKind;
  rounds?: number[] | "all";
  name?: string;
  resume: boolean;
  takeOver?: string;
  checkpointEvery: number;
  showTest: boolean;
}

/** Option parser for rounds: "all" or whole numbers with commas. (Commander reads null as no argument.) */
export function roundList(text: string): number[] | "all" {
  if (text === "all") return text;
  const words = text.split(",");
  if (!words.every((word) => /^\d+$/.test(word))) {
    throw new InvalidArgumentError('Expected "all" or round numbers, as in 1,3.');
  }
  return words.map(Number);
}

/** Returns the exit code. */
export async function controlMain(args: readonly string[]): Promise<number> {
  const about = "Train the rounds of a finished run again with one change";
  const command = addDeviceOptions(createCommand("lth control", about))
    .requiredOption("--run <name>", "the finished run whose masks are used")
    .addOption(
      new Option("--kind <kind>", "what is changed").choices([...CONTROLS]).makeOptionMandatory(),
    )
    .option("--rounds <list>", "rounds to train, as in 1,3, or all (default: all)", roundList)
    .option("--name <run>", "name of the control (default: the run's name and the kind)")
    .option("--resume", "continue the control where it was stopped", false)
    .option("--take-over <host>", "with --resume: the process that runs it on <host> is gone")
    .option("--checkpoint-every <s>", "seconds between saves within a round", number(0), 20)
    .option("--show-test", "show test scores before the control is complete", false);
  command.parse([...args], { from: "user" });
  const options = command.opts<ControlOptions>();
  const name = options.name ?? `${options.run.replace(/\/+$/, "")}-${options.kind}`;
  const { resume, threads, isa, device: index, checkpointEvery, showTest, takeOver } = options;
  refuseTakeOverAlone(options);
  const store = new RunStore(runDirectory(name));
  if (store.exists()) refuseCopy(store, name, "choose another --name");
  const config = controlOf(options, resume && store.exists() ? savedControl(store, name) : null);
  if (store.exists() && !resume) refuseUnfinished(store, { name, asked: config });
  if (!store.exists()) {
    if (resume) console.log(`There is no run ${name} yet: starting it.`);
    noteLeftOut(options, config);
  }
  const device = openConfigured(config, { threads, index, isa });
  const code = await executeRun({ name, config, device, isa, checkpointEvery, showTest, takeOver });
  const { run: base, kind } = options;
  if (code === 0 && trainsOn(controlPolicy(kind)) && fs.existsSync(reportFile(base))) {
    console.log(`${base}: ${renewReport(base)}`);
  }
  return code;
}

/** The control asked for. A saved control that is continued keeps its rounds if no rounds are given. */
function controlOf(options: ControlOptions, saved: Config | null): Config {
  const base = openBase(options.run, "take masks from");
  const rounds = options.rounds ?? saved?.control?.rounds ?? "all";
  const config = controlConfig(base, { kind: options.kind, rounds: listed(rounds) });
  // A new control may use another backend than its base; a continued one keeps its own backend.
  const backend = options.backend === "auto" ? undefined : options.backend;
  const compute = computeSettings(saved ?? config, { backend, precision: options.precision });
  return { ...config, ...compute };
}

function savedControl(store: RunStore, name: string): Config {
  const saved = store.config();
  if (saved.control === null) {
    throw new UsageError(
      `Cannot continue ${name} as a control: it is a run, not a control; choose another --name`,
    );
  }
  return saved;
}

/** The numbers of a list of rounds; null for all. */
export function listed(rounds: number[] | "all"): number[] | null {
  return rounds === "all" ? null : rounds;
}

function noteLeftOut({ run, kind, rounds = "all" }: ControlOptions, { control }: Config): void {
  const base = openBase(run, "take masks from");
  const asked = askedRounds(base, { kind, rounds: listed(rounds) });
  const added = control!.rounds.filter((round) => !asked.includes(round));
  if (added.length > 0) {
    console.log(`Note: earlier rounds are needed, so round ${added.join(", ")} is trained too.`);
  }
  const left = asked.filter((round) => !control!.rounds.includes(round));
  if (left.length === 0) return;
  console.log(
    `Note: round ${
      left.join(", ")
    } would have the small network of an earlier round and is left out.`,
  );
}
