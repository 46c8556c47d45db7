/**
 * Options of how a round is trained.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { TrainingSettings } from "../config/training_config.ts";
import { KERNEL_CHOICES, OPTIMIZERS } from "../config/training_config.ts";
import { SCHEDULES } from "../training/schedule.ts";
import { ON_NAN } from "../training/train.ts";
import { integer, number } from "./command.ts";

/** Adds them; `TrainingOverrides` has their values. */
export function addTrainingOptions(command: Command): Command {
  return command
    .option("--epochs <n>", "epochs of every round", integer(1))
    .option("--same-noise", "repeat the dense round's batches, flips and dropout in every round")
    .option("--no-same-noise", "give every round batches, flips and dropout of its own (default)")
    .option("--batch-size <n>", "records per update", integer(1, 65_536))
    .option("--learning-rate <x>", "the schedule's full rate", number(0))
    .addOption(new Option("--schedule <kind>", "of the learning rate").choices([...SCHEDULES]))
    .option("--rate-floor <share>", "its last rate, of the full one (default: 0.01)", number(0, 1))
    .option("--warmup <epochs>", "epochs in which the rate rises, e.g. 0.5", number(0))
    .addOption(new Option("--optimizer <name>", "of every update").choices([...OPTIMIZERS]))
    .option("--weight-decay <x>", "of adamw decoupled, else added to the gradient", number(0))
    .option("--average <decay>", "moving average of the weights, e.g. 0.999", number(0, 1))
    .option("--label-smoothing <share>", "of each target that goes to all classes", number(0, 1))
    .option(
      "--class-weights <list>",
      "balanced, none, or one for each class: 1,1,1,3",
      classWeights,
    )
    .option("--focal <gamma>", "focal loss: less weight for what is right already", number(0))
    .option("--teacher <runs>", "learn from finished networks, too: RUN[@round],...")
    .option("--teacher-temperature <t>", "that softens probabilities (default: 2)", number(0))
    .option("--teacher-weight <share>", "of the loss that is theirs (default: 0.5)", number(0, 1))
    .option("--early-stop <n>", "end a round n epochs after its lowest dev loss", integer(1))
    .addOption(
      new Option("--on-nan <what>", "at a step that is not finite (default: stop)")
        .choices([...ON_NAN]),
    )
    .addOption(
      new Option("--kernels <how>", "choose a GPU's kernels by this (default: timed)")
        .choices([...KERNEL_CHOICES]),
    );
}

function classWeights(text: string): TrainingSettings["loss"]["classWeights"] {
  if (text === "balanced" || text === "none") return text;
  const read = number(0);
  return text.split(",").map((item) => {
    if (item.trim() === "") throw new InvalidArgumentError(`"${text}" has an empty place.`);
    return read(item);
  });
}
