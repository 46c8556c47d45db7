/**
 * Finds planned pairs of methods among the pairs of a comparison.
 *
 * @module
 */
import type { AskedPair } from "../config/planned_pairs.ts";
import { UsageError } from "../core/errors.ts";
import { DENSITY_FACTOR } from "./match_levels.ts";

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
