/**
 * The options of `deno task lth`.
 *
 * @module
 */
import { type Command, Option } from "commander";
import type { BackendChoice } from "../addon/select.ts";
import { UsageError } from "../core/errors.ts";
import { MODES } from "../config/modes.ts";
import { CRITERIA } from "../pruning/criteria.ts";
import { PRESETS } from "../config/presets.ts";
import { type Overrides, refuseContradictions } from "../run/resolve.ts";
import { DECISIONS, PRIOR_UNITS } from "../training/decision.ts";
import { addAugmentOptions } from "./augment_options.ts";
import { createCommand, integer, number } from "./command.ts";
import { addDeviceOptions } from "./device_options.ts";
import { addTrainingOptions } from "./training_options.ts";

/** Everything that can be asked for on the command line. */
export interface LthOptions extends Overrides {
  resume: boolean;
  /** Name of a new run that begins with the finished rounds of `name`. */
  fork?: string;
  name?: string;
  config?: string;
  /** So many runs with seeds that follow one another. */
  replicates?: number;
  /** "auto" or a backend; `Overrides.backend` is the one that was chosen. */
  device: BackendChoice;
  /** Which GPU. */
  index?: number;
  threads: number;
  /** Seconds. */
  checkpointEvery: number;
  /** Show test scores before the run is complete. */
  showTest: boolean;
  /** Only say what the run would take. */
  plan: boolean;
  /** A run whose dense round is taken over. */
  denseFrom?: string;
}

function lthCommand(): Command {
  const command = createCommand("lth", "Train, prune, rewind or fine-tune, and repeat")
    .addOption(new Option("--mode <mode>", "what pruning rounds restore").choices([...MODES]))
    .addOption(
      new Option("--preset <name>", "starting point of all settings (default: quick)")
        .choices(Object.keys(PRESETS)),
    )
    .option("--config <file>", "start from a saved config.json instead of a preset")
    .option("--data <dir>", 'a data set built by build-datasets, or "sample"')
    .option("--folds <k>", "cross-validation: divide all records into k folds", integer(2))
    .option("--fold <i>", "test on this fold, 1 to k", integer(1))
    .option("--name <run>", "name of the run (default: preset and mode)")
    .option("--resume", "continue the run where it was stopped", false)
    .addOption(
      new Option("--fork <new>", "with --resume: leave the run and start <new> from its rounds")
        .conflicts(["replicates", "denseFrom"]),
    )
    .addOption(
      new Option("--dense-from <run>", "take over the dense round of a run with the same settings")
        .conflicts("replicates"),
    )
    .option("--rounds <n>", "pruning rounds after the dense one", integer(0, 10_000))
    .option("--prune <fraction>", "share of the remaining weights to prune per round", number(0, 1))
    .option("--target <theta>", "stop at this compression, whatever the rounds", number(1))
    .option("--one-shot <theta>", "prune once, to this compression", number(1))
    .addOption(
      new Option("--criterion <name>", "which weights survive").choices([...CRITERIA]),
    )
    .option("--keep-layers <names>", "never prune these, e.g. stem,head", (text) => text.split(","))
    .option("--rewind-to <point>", "rewind point: 0, 500it, 2ep")
    .option("--seed <n>", "of initialisation, data order, dropout", integer(0, 2 ** 31))
    .option("--init <file>", "begin with the weights of this .safetensors file, not of the seed")
    .option("--order-seed <n>", "of data order and dropout alone", integer(0, 2 ** 31))
    .option("--replicates <n>", "number of runs, with this seed, the next, ...", integer(1, 1000))
    .option("--network <file>", "resnet, plain, or a JSON file (default: resnet)")
    .option("--filters <n>", "filters of the first stage", integer(1, 4096))
    .option("--blocks <n>", "residual blocks", integer(1, 17))
    .option("--kernel <n>", "width of the convolutions", integer(1, 1024))
    .option("--dropout <rate>", "before each block's second convolution", number(0, 1))
    .addOption(
      new Option(
        "--decision <rule>",
        "a record's label: vote of its steps, or mean of their softmax",
      )
        .choices([...DECISIONS]),
    )
    .option("--prior-exponent <x>", "softmax is divided by prior^x", number(0, 10))
    .addOption(
      new Option("--prior-unit <unit>", "priors count training records or their steps")
        .choices([...PRIOR_UNITS]),
    )
    .option("--checkpoint-every <s>", "seconds between saves within a round", number(0), 20)
    .option("--flip-average", "evaluation: average over each record and its negative")
    .option("--no-flip-average", "evaluation: take each record as it is (default)")
    .option("--show-test", "show test scores before the run is complete", false)
    .option("--plan", "say what the run would take; train nothing, write nothing", false)
    .addHelpText("after", () => SUBCOMMANDS);
  return addDeviceOptions(addAugmentOptions(addTrainingOptions(command)));
}

const SUBCOMMANDS = `
Of a finished run (each with --help of its own):
  lth control --run <name> --kind <kind>  train its rounds again with one thing changed
  lth analyze --run <name>                look closer at its tickets`;

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
  const { backend, device: index, ...rest } = command.opts();
  const gpu = index === undefined ? {} : { index };
  const options = { ...rest, ...gpu, device: backend } as LthOptions;
  if (options.config !== undefined && options.preset !== undefined) {
    throw new UsageError("Cannot use --config and --preset together: each sets everything");
  }
  if (options.fork !== undefined && (!options.resume || options.name === undefined)) {
    throw new UsageError(
      "Cannot use --fork alone: --name R --resume --fork NEW starts NEW from the finished rounds of R",
    );
  }
  refuseContradictions(options);
  return options;
}
