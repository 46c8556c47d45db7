/**
 * Seeded mutations of JSON values. The result is still JSON, so it passes a parser's first check.
 *
 * @module
 */
import type { Rng } from "../../src/core/rng.ts";

/** Values that are wrong in nearly every place. */
const ODD: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1, 0.5, -0.5, 2, 3, 16, 1e-320, 1e308, 2 ** 31, 2 ** 53, 2 ** 64],
  ...["", " ", "0", "x", "\u0000", "__proto__", "../..", "\ud800", "1e999", "x".repeat(300)],
  ...[[], {}, [[]], [null], { a: 1 }, [1, 2, 3], [{}], { length: 3 }, Array(200).fill(0)],
];

type Container = Record<string, unknown> | unknown[];

/** A place in a value: the container and the key in it. */
interface Place {
  readonly within: Container;
  readonly key: string;
}

/** A copy of a JSON value with one to three changes. */
export function mutatedJson(value: unknown, rng: Rng): unknown {
  // A container around the value makes the value itself a place too.
  const holder: Container = { value: structuredClone(value) };
  for (let left = 1 + rng.integer(3); left > 0; left--) change(holder, rng);
  return holder["value"];
}

function change(holder: Container, rng: Rng): void {
  const places = placesOf(holder);
  // The outermost place is chosen sometimes; then the whole value is replaced.
  const whole = places.length === 1 || rng.integer(50) === 0;
  const { within, key } = places[whole ? 0 : 1 + rng.integer(places.length - 1)]!;
  const at = within as Record<string, unknown>;
  const old = at[key];
  const other = places[rng.integer(places.length)]!;
  switch (rng.integer(8)) {
    case 0:
    case 1:
      at[key] = structuredClone(ODD[rng.integer(ODD.length)]);
      return;
    case 2:
      if (Array.isArray(within)) within.splice(Number(key), 1);
      else if (!whole) delete at[key];
      return;
    case 3:
      at[key] = structuredClone((other.within as Record<string, unknown>)[other.key]);
      return;
    case 4:
      if (Array.isArray(within)) within.splice(Number(key), 0, structuredClone(old));
      else at[`${key}${rng.integer(2) ? "x" : ""}`] = structuredClone(old);
      return;
    case 5:
      at[key] = typeof old === "string" ? changedText(old, rng) : [old];
      return;
    default:
      at[key] = typeof old === "number" ? changedNumber(old, rng) : old;
  }
}

/** Changes a string; if it contains JSON, that JSON is changed. */
function changedText(text: string, rng: Rng): string {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return JSON.stringify(mutatedJson(value, rng));
  } catch {
    // A string like any other.
  }
  const at = rng.integer(text.length + 1);
  return text.slice(0, at) + text.slice(Math.min(text.length, at + rng.integer(4)));
}

function changedNumber(x: number, rng: Rng): number {
  return [-x, x + 1, x - 1, 2 * x, x / 2, x * 1e9, x + 0.5, 1 / x][rng.integer(8)]!;
}

function placesOf(root: Container): Place[] {
  const places: Place[] = [];
  const visit = (within: Container) => {
    for (const [key, value] of Object.entries(within)) {
      places.push({ within, key });
      if (typeof value === "object" && value !== null) visit(value as Container);
    }
  };
  visit(root);
  return places;
}
