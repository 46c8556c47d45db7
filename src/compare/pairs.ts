/**
 * Pairs of methods whose comparison was planned before the results were seen.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { DENSITY_FACTOR } from "./match_levels.ts";

/** A requested difference: a minus b. */
export interface AskedPair {
  a: string;
  b: string;
  /** Per cent of the weights kept; null for the mean over all densities that both have. */
  percent: number | null;
  /** The pair as it was written. */
  text: string;
}

/**
 * Reads "A:B,C:D@6.4": names of methods, and after @ the percentage of weights kept. A method's name may
 * contain a comma followed by a space.
 *
 * @throws {UsageError} If a part is not such a pair, or occurs twice.
 */
export function parsePairs(text: string): AskedPair[] {
  const pairs = text.split(/,(?! )/).map((part): AskedPair => {
    const match = /^\s*([^:@]+):([^:@]+?)(?:@([0-9.]+)\s*%?)?\s*$/.exec(part);
    const percent = match?.[3] === undefined ? null : Number(match[3]);
    const sound = match !== null && (percent === null || (percent > 0 && percent <= 100));
    if (!sound) {
      throw new UsageError(
        `Cannot read the pair ${
          JSON.stringify(part)
        }: expected METHOD:METHOD, or with the per cent of ` +
          "weights kept METHOD:METHOD@6.4",
      );
    }
    return { a: match[1]!.trim(), b: match[2]!.trim(), percent, text: part.trim() };
  });
  const keys = pairs.map(({ a, b, percent }) => JSON.stringify([[a, b].sort(), percent]));
  const twice = pairs.find((_, i) => keys.indexOf(keys[i]!) !== i);
  if (twice) throw new UsageError(`Cannot test the pair ${twice.text} twice: name it once`);
  return pairs;
}

/**
 * The pair of two methods, with sign -1 if the pair has them in the other order; null if there is no such
 * pair. A control may be called by its kind alone ("shuffle") if only one method has that kind ("shuffle of
 * lr-rewind").
 */
export function findPair<Pair extends { a: string; b: string }>(
  pairs: readonly Pair[],
  asked: Pick<AskedPair, "a" | "b">,
): { pair: Pair; sign: 1 | -1 } | null {
  const names = [...new Set(pairs.flatMap((pair) => [pair.a, pair.b]))];
  const [a, b] = [asked.a, asked.b].map((name) => fullName(name, names)) as [string, string];
  const same = pairs.find((pair) => pair.a === a && pair.b === b);
  if (same) return { pair: same, sign: 1 };
  const turned = pairs.find((pair) => pair.a === b && pair.b === a);
  return turned ? { pair: turned, sign: -1 } : null;
}

/** The name among `names` that `name` stands for: itself, or the only control of that kind. */
export function fullName(name: string, names: readonly string[]): string {
  if (names.includes(name)) return name;
  const controls = names.filter((each) => each.startsWith(`${name} of `));
  return controls.length === 1 ? controls[0]! : name;
}

/** A difference with its interval, as the pair was asked for. */
export function withSign(
  sign: 1 | -1,
  { difference, low, high }: { difference: number; low: number; high: number },
): { difference: number; low: number; high: number } {
  return sign > 0 ? { difference, low, high } : { difference: -difference, low: -high, high: -low };
}

/** The position of the density nearest to `percent`; null if none is within 10 %. */
export function levelNear(percent: number, densities: readonly number[]): number | null {
  const distance = (density: number) => Math.abs(Math.log(100 * density / percent));
  const nearest = densities.reduce(
    (best, density, i) => distance(density) < distance(densities[best]!) ? i : best,
    0,
  );
  const isNear = densities.length > 0 && distance(densities[nearest]!) <= Math.log(DENSITY_FACTOR);
  return isNear ? nearest : null;
}

/**
 * The requested position among `densities` (1 is all weights); null for their mean.
 *
 * @throws {UsageError} If none is within 10 %.
 */
export function askedLevel(
  { percent, text }: AskedPair,
  densities: readonly number[],
): number | null {
  if (percent === null) return null;
  const nearest = levelNear(percent, densities);
  if (nearest !== null) return nearest;
  throw new UsageError(
    `Cannot test the pair ${text}: the densities that both have are ${
      densities.map((density) => `${(100 * density).toPrecision(3)} %`).join(", ")
    }`,
  );
}
