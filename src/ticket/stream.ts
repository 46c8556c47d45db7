/**
 * Samples as they arrive, answered step by step.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { type Units, UNITS_PER_MILLIVOLT } from "../data/recording.ts";
import type { Predictor, RecordPrediction } from "./predictor.ts";

/** An answer: what the ticket says about the last seconds. */
export interface StreamAnswer extends Omit<RecordPrediction, "steps"> {
  /** Of ECG received so far. */
  readonly seconds: number;
  /** The class of the newest step. */
  readonly step: string;
}

const NUMBER = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i;

/**
 * Answers every hop of samples with the prediction for the record that ends here and began at most
 * `window` seconds ago: exactly what {@linkcode Predictor.predict} says about those samples. Nothing is
 * carried over from earlier answers, so an answer does not depend on when the stream began.
 *
 * @param chunks Text of numbers separated by white space or commas.
 * @param options.units `auto`: stored units if the first hop is whole numbers, else mV.
 * @throws {UsageError} If something is no finite number, or the stream ends before the first hop.
 */
export async function* predictStream(
  predictor: Predictor,
  chunks: AsyncIterable<Uint8Array>,
  { units, window }: { units: Units | "auto"; window: number },
): AsyncGenerator<StreamAnswer> {
  const { hop, ticket: { normalisation: { rate } } } = predictor;
  const longest = Math.max(1, Math.floor(window * rate / hop)) * hop;
  let kept: number[] = [];
  let received = 0;
  let scale: number | undefined = units === "auto" ? undefined : scaleOf(units);
  for await (const value of numbersOf(chunks)) {
    kept.push(value);
    received += 1;
    if (received % hop !== 0) continue;
    scale ??= scaleOf(kept.every(Number.isInteger) ? "raw" : "mV");
    if (kept.length > longest) kept = kept.slice(-longest);
    const factor = scale;
    const { steps, ...said } = predictor.predict(kept.map((x) => x * factor));
    yield { seconds: received / rate, ...said, step: steps.at(-1)! };
  }
  if (received < hop) {
    throw new UsageError(`Standard input ended after ${received} samples: ${hop} are needed`);
  }
}

function scaleOf(units: Units): number {
  return units === "mV" ? UNITS_PER_MILLIVOLT : 1;
}

async function* numbersOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<number> {
  const decoder = new TextDecoder();
  let rest = "";
  let count = 0;
  function* complete(text: string): Generator<number> {
    for (const word of text.split(/[\s,]+/)) {
      if (word === "") continue;
      count += 1;
      const value = NUMBER.test(word) ? Number(word) : NaN;
      if (!Number.isFinite(value)) {
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
