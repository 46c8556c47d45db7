/**
 * A thread that fuzzes parsers: gets portions of inputs, answers each with what came of it.
 *
 * @module
 */
import { createRng } from "../../src/core/rng.ts";
import { fuzz, type Fuzzed, withScratch } from "./fuzz.ts";
import { parsers } from "./parsers.ts";

/** So many inputs for a parser, and the numbers they are made from. */
export interface Portion {
  readonly parser: string;
  readonly number: number;
  readonly count: number;
  readonly seed: number;
}

/** What came of a portion. */
export interface Answer extends Fuzzed {
  /** Work of this thread. */
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
