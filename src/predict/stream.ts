/**
 * Predicts a stream of samples step by step.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import { explainAssumed, inOptions } from "../data/advice.ts";
import { assumedLines } from "../data/formats/assumptions.ts";
import { bridgeGaps } from "../data/formats/gaps.ts";
import type { ReadingOptions } from "../data/formats/reading.ts";
import { numberIn } from "../data/formats/text_lines.ts";
import { millivoltsIn, UNITS_PER_MILLIVOLT } from "../data/formats/units.ts";
import { BadRecord } from "../data/problem.ts";
import type { Predictor, RecordingPrediction } from "./predictor.ts";

/** The prediction for the last seconds of a stream. */
export interface StreamAnswer extends Omit<RecordingPrediction, "steps"> {
  /** Seconds of ECG received so far. */
  readonly seconds: number;
  /** The class of the newest step. */
  readonly step: string;
}

/** Options for reading a stream. */
export interface StreamOptions extends Pick<ReadingOptions, "units" | "gain" | "baseline"> {
  /** Seconds of missing samples (`nan`, `!`) that are bridged. */
  readonly maxGap: number;
  /** Seconds of ECG that an answer is based on. */
  readonly window: number;
  /** Gets one message about the assumed unit. */
  readonly note: (sentence: string) => void;
}

/** A unit is plausible if the first samples span this many mV from peak to peak. */
const SPAN = { least: 0.05, most: 50 };

/**
 * Answers every hop of samples with the prediction for the record that ends here and began at most
 * `window` seconds ago: exactly the result of {@linkcode Predictor.predict} for these samples. An answer
 * does not use earlier answers, so it does not depend on when the stream began.
 *
 * @param chunks Text of numbers separated by white space or commas.
 * @param options.units `auto`: the only plausible unit of the first hop, else an error that asks for it.
 * @throws {UsageError} If a word is not a finite number, a gap is too long, the unit is unclear, or the
 * stream ends before the first hop.
 */
export async function* predictStream(
  predictor: Predictor,
  chunks: AsyncIterable<Uint8Array>,
  options: StreamOptions,
): AsyncGenerator<StreamAnswer> {
  const { hop, ticket: { normalisation: { rate } } } = predictor;
  const longest = Math.max(1, Math.floor(options.window * rate / hop)) * hop;
  let kept: number[] = [];
  let received = 0;
  const baseline = options.baseline ?? 0;
  let scale: number | undefined = scaleFor(options);
  for await (const value of numbersOf(chunks)) {
    kept.push(value);
    received += 1;
    if (received % hop !== 0) continue;
    scale ??= scaleOf(kept, options.note);
    if (kept.length > longest) kept = kept.slice(-longest);
    const factor = scale;
    const { steps, ...said } = predictor.predict(
      bridged(kept, { rate, maxGap: options.maxGap }).map((x) => (x - baseline) * factor),
    );
    yield { seconds: received / rate, ...said, step: steps.at(-1)! };
  }
  if (received < hop) {
    throw new UsageError(
      `Standard input ended after ${counted(received, "sample")}: ${hop} are needed`,
    );
  }
}

/** Stored units per number according to the options; undefined if they do not tell. */
function scaleFor({ units, gain }: StreamOptions): number | undefined {
  if (units === "raw") return 1;
  if (units === "auto" && gain === undefined) return undefined;
  const millivolts = millivoltsIn(units === "auto" ? "mV" : units)!;
  return UNITS_PER_MILLIVOLT * millivolts / (gain ?? 1);
}

/** Stored units per number, guessed from the first numbers. @throws {UsageError} If their span fits none. */
function scaleOf(numbers: readonly number[], note: StreamOptions["note"]): number {
  const known = numbers.filter((number) => !Number.isNaN(number));
  const span = known.reduce((a, b) => Math.max(a, b), -Infinity) -
    known.reduce((a, b) => Math.min(a, b), Infinity);
  const isWhole = known.every(Number.isInteger);
  const [scale, what] = isWhole
    ? [1, "stored units, 1000 per mV"]
    : [UNITS_PER_MILLIVOLT, "millivolts"];
  const millivolts = span * scale / UNITS_PER_MILLIVOLT;
  if (millivolts >= SPAN.least && millivolts <= SPAN.most) {
    const fact = `standard input is ${what}`;
    const assumed = explainAssumed([{ fact, remedy: { kind: "another-scale" } }], inOptions);
    assumedLines([{ assumed }]).forEach(note);
    return scale;
  }
  throw new UsageError(
    `Cannot tell the unit of standard input from its first ${numbers.length} samples, which span ` +
      `${
        known.length === 0 ? "nothing" : Number(span.toPrecision(3))
      }: say it with --units mV, uV, V ` +
      "or raw (1000 per mV)",
  );
}

function bridged(
  numbers: readonly number[],
  options: { rate: number; maxGap: number },
): number[] {
  try {
    return [...bridgeGaps(Float64Array.from(numbers), options).signal];
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error;
    throw new UsageError(`Cannot answer for standard input: ${error.explain(inOptions)}`);
  }
}

async function* numbersOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<number> {
  const decoder = new TextDecoder();
  let rest = "";
  let count = 0;
  function* complete(text: string): Generator<number> {
    for (const word of text.split(/[\s,]+/)) {
      if (word === "") continue;
      count += 1;
      const value = numberIn(word);
      if (value === undefined) {
        throw new UsageError(
          `Sample ${count} of standard input is ${JSON.stringify(word.slice(0, 20))}, ` +
            "expected a number",
        );
      }
      yield value;
    }
  }
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const end = Math.max(rest.lastIndexOf("\n"), rest.lastIndexOf(" "), rest.lastIndexOf(","));
    yield* complete(rest.slice(0, end + 1));
    rest = rest.slice(end + 1);
  }
  yield* complete(rest);
}
