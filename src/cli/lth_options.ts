/**
 * The options of `deno task lth`.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { Isa } from "../addon/native_inference.ts";
import type { BackendChoice } from "../addon/select.ts";
import { UsageError } from "../core/errors.ts";
import { number as numberKind } from "../config/kinds.ts";
import type { Overrides } from "../config/types.ts";
import { refuseContradictions } from "../config/rules.ts";
import type { Heading } from "../config/setting.ts";
import { createCommand, integer, number, reading } from "./command.ts";
import { addDeviceOptions } from "./device_options.ts";
import { refuseTakeOverAlone } from "./execute_run.ts";
import { addSetOption, helpGroup, optionsOfCommand, settingOptions } from "./setting_options.ts";

/** Everything that can be asked for on the command line. */
export interface LthOptions extends Overrides {
  resume: boolean;
  /** Name of a new run that begins with the finished rounds of `name`. */
  fork?: string;
  name?: string;
  config?: string;
  /** Number of runs; their seeds follow one another. */
  replicates?: number;
  /** "auto" or a backend; `Overrides.backend` is the one that was chosen. */
  device: BackendChoice;
  /** Which GPU. */
  index?: number;
  threads: number;
  isa: Isa;
  /** Seconds. */
  checkpointEvery: number;
  /** Show test scores before the run is complete. */
  showTest: boolean;
  /** Only print what the run would cost. */
  plan: boolean;
  /** A run whose dense round is taken over. */
  denseFrom?: string;
  /** The same, but the run trains the round if it cannot be taken over. */
  tryDenseFrom?: string;
  /** A machine whose process is gone, although it still holds the run's lock. */
  takeOver?: string;
}

function lthCommand(): Command {
  const command = createCommand("lth", "Train, prune, rewind or fine-tune, and repeat");
  addRunOptions(command);
  addHeading(command, "data");
  addHeading(command, "pruning");
  command.addOption(
    new Option("--one-shot <theta>", "prune once, until this many times fewer weights are left")
      .argParser(reading(numberKind({ above: 1 }))).helpGroup(helpGroup("pruning")),
  );
  for (const heading of ["network", "training", "loss", "augmentation", "evaluation"] as const) {
    addHeading(command, heading);
  }
  addDeviceOptions(command);
  for (const option of settingOptions("device")) {
    if (!command.options.some(({ long }) => long === option.long)) command.addOption(option);
  }
  return addSetOption(command).addHelpText("after", SUBCOMMANDS);
}

function addHeading(command: Command, heading: Heading): void {
  for (const option of settingOptions(heading)) command.addOption(option);
}

function addRunOptions(command: Command): void {
  command.optionsGroup(helpGroup("run"))
    .option("--name <run>", "name of the run (default: preset and mode)")
    .option("--config <file>", "start from a saved config.json instead of a preset")
    .option("--resume", "continue the run where it was stopped", false)
    .option("--take-over <host>", "with --resume: the process that runs it on <host> is gone")
    .addOption(
      new Option("--fork <new>", "with --resume: leave the run and start <new> from its rounds")
        .conflicts(["replicates", "denseFrom", "tryDenseFrom"]),
    )
    .addOption(
      new Option(
        "--dense-from <run>",
        "take over the dense round of a run with the same settings; before that, train to a " +
          "rewind point that it does not have",
      ).conflicts("replicates"),
    )
    .addOption(
      new Option(
        "--try-dense-from <run>",
        "as --dense-from, but train the dense round here if it cannot be taken over",
      ).conflicts(["replicates", "denseFrom"]),
    )
    .option(
      "--replicates <n>",
      "number of runs: the first has this seed, each later one the next",
      integer(1, 1000),
    )
    .option("--checkpoint-every <s>", "seconds between saves within a round", number(0), 20)
    .option("--show-test", "show test scores before the run is complete", false)
    .option("--plan", "print what the run would cost; train nothing, write nothing", false);
  addHeading(command, "run");
}

const SUBCOMMANDS = `
Subcommands for a finished run (each has its own --help):
  lth control --run <name> --kind <kind>  train its rounds again with one thing changed
  lth analyze --run <name>                analyse its tickets`;

/** The text of `--help`. */
export function helpOf(): string {
  let help = "";
  lthCommand().configureOutput({ writeOut: (text) => help += text, getOutHelpWidth: () => 200 })
    .outputHelp();
  return help;
}

/**
 * Reads the command line.
 *
 * @throws {CommanderError} After printing what is wrong (unless `quiet`), or the help asked for.
 * @throws {UsageError} If options contradict each other.
 */
export function parseLthOptions(
  args: readonly string[],
  { quiet = false }: { quiet?: boolean } = {},
): LthOptions {
  const command = lthCommand();
  if (quiet) command.configureOutput({ writeErr: () => {} });
  command.parse([...args], { from: "user" });
  const { backend, device: index, ...rest } = optionsOfCommand(command);
  const gpu = index === undefined ? {} : { index };
  const options = { ...rest, ...gpu, device: backend } as unknown as LthOptions;
  if (options.config !== undefined && options.preset !== undefined) {
    throw new UsageError("Cannot use --config and --preset together: each sets every setting");
  }
  if (options.fork !== undefined && (!options.resume || options.name === undefined)) {
    throw new UsageError(
      "Cannot use --fork alone: --name R --resume --fork NEW starts NEW from the finished rounds of R",
    );
  }
  refuseTakeOverAlone(options);
  refuseContradictions(options);
  return options;
}
