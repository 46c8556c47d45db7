/**
 * The options of `deno task lth` that change training records at random.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from "commander";

/** Two numbers as "0.67,1.33", or null for "off". */
function pair(text: string): [number, number] | null {
  if (text === "off") return null;
  const parts = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  if (parts.length !== 2 || !parts.every(Number.isFinite)) {
    throw new InvalidArgumentError('Expected two numbers with a comma between, or "off".');
  }
  return [parts[0]!, parts[1]!];
}

function single(text: string): number | null {
  if (text === "off") return null;
  const value = Number(text);
  if (text.trim() === "" || !Number.isFinite(value)) {
    throw new InvalidArgumentError('Expected a number, or "off".');
  }
  return value;
}

function frequencies(text: string): [number, number] {
  const range = pair(text);
  if (range === null) throw new InvalidArgumentError("Expected two numbers with a comma between.");
  return range;
}

/** Adds them; what they mean is in docs/augmentation.md, what they may be in experiment/augment.ts. */
export function addAugmentOptions(command: Command): Command {
  return command
    .option("--stretch <lo,hi>", "training: make records this many times as long, 0.67,1.33", pair)
    .option("--crop <s>", "training: cut longer records to a random window, seconds", single)
    .option("--amplitude <lo,hi>", "training: multiply records by a factor, 0.5,2", pair)
    .option("--wander <lo,hi>", "training: add a slow sine of this amplitude, mV", pair)
    .option("--wander-frequency <lo,hi>", "of the sine, Hz (default: 0.05,0.5)", frequencies)
    .option("--noise <lo,hi>", "training: add white noise of this deviation, mV", pair)
    .option("--bursts <n,s>", "training: n bursts of zeros a second, s seconds each", pair)
    .option("--masks <n,s>", "training: set n stretches of up to s seconds to zero", pair)
    .option("--mixup <alpha>", "training: mix records and labels in pairs, 0.2", single);
}
