/**
 * A thread that fuzzes parsers: receives portions of inputs and answers each with its result.
 *
 * @module
 */
import { createRng } from "../../src/core/rng.ts";
import { fuzz, type Fuzzed, withScratch } from "./fuzz.ts";
import { parsers } from "./parsers.ts";

/** A number of inputs for a parser, and the numbers from which they are made. */
export interface Portion {
  readonly parser: string;
  readonly number: number;
  readonly count: number;
  readonly seed: number;
}

/** The result of a portion. */
export interface Answer extends Fuzzed {
  /** Seconds of work of this thread. */
  readonly seconds: number;
}

const scope = self as unknown as {
  onmessage: ((message: MessageEvent<Portion>) => void) | null;
  postMessage(answer: Answer): void;
};

scope.onmessage = ({ data: { parser, number, count, seed } }) =>
  withScratch((directory) => {
    const target = parsers(directory).find(({ name }) => name === parser)!;
    const started = performance.now();
    const rng = createRng(seed, "fuzz", parser, number);
    const fuzzed = fuzz(target, { count, rng });
    scope.postMessage({ ...fuzzed, seconds: (performance.now() - started) / 1000 });
  });
