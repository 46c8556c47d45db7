/**
 * Pairs of methods whose comparison was planned before the results were seen, as plans and commands write them.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";

/** A requested difference: a minus b. */
export interface AskedPair {
  a: string;
  b: string;
  /** Per cent of the weights kept; null for the mean over all densities that both have. */
  percent: number | null;
  /** The pair as it was written. */
  text: string;
}

/** How a pair is written, for messages. */
export const PAIR_FORM = "METHOD:METHOD, or with the per cent of weights kept METHOD:METHOD@6.4";

/** Pairs in one text are divided by commas. A method's name may contain a comma followed by a space. */
const BETWEEN_PAIRS = /,(?! )/;

/** Reads one pair, such as "A:B" or "C:D@6.4"; null if the text is not one. */
export function readPair(text: string): AskedPair | null {
  const match = /^([^:@]+):([^:@]+?)(?:@([0-9.]+)\s*%?)?$/.exec(text.trim());
  if (match === null || BETWEEN_PAIRS.test(text)) return null;
  const [a, b] = [match[1]!.trim(), match[2]!.trim()];
  const percent = match[3] === undefined ? null : Number(match[3]);
  const sound = percent === null || (percent > 0 && percent <= 100);
  return sound && a !== "" && b !== "" ? { a, b, percent, text: text.trim() } : null;
}

/** A pair that is there twice, in either order; null if there is none. */
export function repeatedPair(pairs: readonly AskedPair[]): AskedPair | null {
  const keys = pairs.map(({ a, b, percent }) => JSON.stringify([[a, b].sort(), percent]));
  return pairs.find((_, i) => keys.indexOf(keys[i]!) !== i) ?? null;
}

/**
 * Reads "A:B,C:D@6.4": names of methods, and after @ the percentage of weights kept.
 *
 * @throws {UsageError} If a part is not such a pair, or occurs twice.
 */
export function parsePairs(text: string): AskedPair[] {
  const pairs = text.split(BETWEEN_PAIRS).map((part) => {
    const pair = readPair(part);
    if (pair !== null) return pair;
    throw new UsageError(`Cannot read the pair ${JSON.stringify(part)}: expected ${PAIR_FORM}`);
  });
  const twice = repeatedPair(pairs);
  if (twice) throw new UsageError(`Cannot test the pair ${twice.text} twice: name it once`);
  return pairs;
}
