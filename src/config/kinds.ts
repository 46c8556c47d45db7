/**
 * The types of settings. A kind defines which values a file may hold, how a command line writes them, and
 * how an error describes them.
 *
 * @module
 */
import { z } from "zod";
import { messageOf } from "../core/errors.ts";
import { parseStepPoint } from "../core/step.ts";

/** A type of setting. */
export interface Kind<T> {
  /** What is accepted, such as "a whole number from 1 to 17". */
  readonly expected: string;
  /** Checks a value from a file. Its message can follow the setting's path and a colon. */
  readonly schema: z.ZodType<T>;
  /**
   * Reads a value from a command line. Only `schema` checks limits.
   *
   * @throws {Unreadable} With a sentence that says what was expected.
   */
  parse(text: string): T;
  /** Writes a value so that `parse` can read it. */
  text(value: T): string;
  /** All values, where they can be listed. */
  readonly choices?: readonly string[];
  /** The word for null on a command line, if null is a value. */
  readonly none?: "none" | "off";
  /** True if undefined is a value; files leave it out. */
  readonly leftOut?: true;
  /** True if it is two numbers. A message about them begins with the setting's path. */
  readonly isRange?: true;
}

/** Thrown for a text that is no value of a kind. */
export class Unreadable extends Error {}

/** Limits of a number; each may be left out. */
export interface Limits {
  /** x >= least */
  readonly least?: number;
  /** x > above */
  readonly above?: number;
  /** x <= most */
  readonly most?: number;
  /** x < below */
  readonly below?: number;
  /** Unit that follows the limits in an error, such as "mV". */
  readonly unit?: string;
}

/** A number within limits. */
export function number(limits: Limits = {}): Kind<number> {
  return numeric("a number", limits, Number.isFinite);
}

/** A whole number within limits. */
export function whole(limits: Limits = {}): Kind<number> {
  return numeric("a whole number", limits, Number.isSafeInteger);
}

/** A share: from 0 to below 1. */
export function share(): Kind<number> {
  return number({ least: 0, below: 1 });
}

function numeric(noun: string, limits: Limits, isOne: (value: number) => boolean): Kind<number> {
  const expected = `${noun}${limitsText(limits)}`;
  return {
    expected,
    schema: checked(
      (value) => typeof value === "number" && isOne(value) && isWithin(value, limits),
      expected,
    ),
    parse: (text) => {
      const value = toNumber(text);
      if (!isOne(value)) throw new Unreadable(`Expected ${expected}.`);
      return value;
    },
    text: String,
  };
}

/** " from 0 to 10", " above 0 and below 1", "". */
function limitsText({ least, above, most, below, unit }: Limits): string {
  const after = unit === undefined ? "" : ` ${unit}`;
  const low = least !== undefined ? ` from ${least}` : above !== undefined ? ` above ${above}` : "";
  if (most === undefined && below === undefined) {
    return least === undefined ? `${low}${after}` : `${low} up${after}`;
  }
  if (below !== undefined) {
    const joint = least !== undefined ? " to" : above !== undefined ? " and" : "";
    return `${low}${joint} below ${below}${after}`;
  }
  return `${low}${
    least !== undefined ? " to" : above !== undefined ? " and up to" : " up to"
  } ${most}${after}`;
}

function isWithin(value: number, { least, above, most, below }: Limits): boolean {
  return value >= (least ?? -Infinity) && value > (above ?? -Infinity) &&
    value <= (most ?? Infinity) && value < (below ?? Infinity);
}

/** The number that a text stands for; NaN if it is no finite number. */
function toNumber(text: string): number {
  const value = text.trim() === "" ? NaN : Number(text);
  return Number.isFinite(value) ? value : NaN;
}

/** Two numbers, least <= low <= high <= most, written as "0.67,1.33". */
export function range(
  limits: { readonly least: number; readonly most?: number; readonly unit?: string },
): Kind<[number, number]> {
  const { least, most, unit } = limits;
  const after = unit === undefined ? "" : ` ${unit}`;
  const within = most === undefined
    ? `of at least ${least}${after}`
    : `within ${least} to ${most}${after}`;
  const expected = `a range from low to high ${within}`;
  return {
    expected,
    schema: checked(
      (value) =>
        isPair(value) && isWithin(value[0], limits) && isWithin(value[1], limits) &&
        value[0] <= value[1],
      expected,
    ),
    parse: (text) => {
      const parts = text.split(",").map(toNumber);
      if (parts.length !== 2 || parts.some(Number.isNaN)) {
        throw new Unreadable("Expected two numbers separated by a comma.");
      }
      return [parts[0]!, parts[1]!];
    },
    text: (value) => value.join(","),
    isRange: true,
  };
}

function isPair(value: unknown): value is [number, number] {
  return Array.isArray(value) && value.length === 2 &&
    value.every((item) => typeof item === "number");
}

/** A list of numbers, separated by commas. */
export function numbers(limits: Limits): Kind<number[]> {
  const expected = `numbers separated by commas, each${limitsText(limits)}`;
  return {
    expected,
    schema: checked(
      (value) =>
        Array.isArray(value) &&
        value.every((item) => typeof item === "number" && isWithin(item, limits)),
      expected,
    ),
    parse: (text) => text === "" ? [] : text.split(",").map((item) => numberOfList(item, text)),
    text: (value) => value.join(","),
  };
}

function numberOfList(item: string, text: string): number {
  if (item.trim() === "") throw new Unreadable(`"${text}" has an empty item.`);
  const value = toNumber(item);
  if (Number.isNaN(value)) throw new Unreadable(`"${item}" is not a number.`);
  return value;
}

/** One of several words. */
export function choice<const W extends string>(words: readonly W[]): Kind<W> {
  const expected = orList(words);
  const isOne = (value: unknown): value is W => words.some((word) => word === value);
  return {
    expected,
    schema: checked(isOne, expected),
    parse: (text) => {
      if (!isOne(text)) throw new Unreadable(`Allowed choices are ${words.join(", ")}.`);
      return text;
    },
    text: String,
    choices: words,
  };
}

/** True or false. A command line writes `--flag` and `--no-flag`, or true and false with `--set`. */
export function toggle(): Kind<boolean> {
  const expected = "true or false";
  return {
    expected,
    schema: checked((value) => typeof value === "boolean", expected),
    parse: (text) => {
      if (text !== "true" && text !== "false") throw new Unreadable(`Expected ${expected}.`);
      return text === "true";
    },
    text: String,
  };
}

/** A text that is not empty; `what` describes it in errors. */
export function text(what = "a text"): Kind<string> {
  return {
    expected: what,
    schema: checked((value) => typeof value === "string" && value !== "", what),
    parse: (text) => {
      if (text === "") throw new Unreadable(`Expected ${what}.`);
      return text;
    },
    text: String,
  };
}

/** A list of names, separated by commas. */
export function names(what: string): Kind<string[]> {
  const expected = `${what} separated by commas`;
  return {
    expected,
    schema: checked(
      (value) => Array.isArray(value) && value.every((item) => typeof item === "string"),
      expected,
    ),
    parse: (text) => text === "" ? [] : text.split(","),
    text: (value) => value.join(","),
  };
}

/** A point in training; core/step.ts reads it. */
export function stepPoint(): Kind<string> {
  const expected = "write 0, 500it or 2ep";
  const isOne = (value: unknown): value is string => {
    try {
      parseStepPoint(String(value));
      return typeof value === "string";
    } catch {
      return false;
    }
  };
  return {
    expected,
    schema: z.custom<string>(isOne, { error: ({ input }) => `${expected}, not ${shown(input)}` }),
    parse: (text) => {
      try {
        parseStepPoint(text);
      } catch (error) {
        throw new Unreadable(`${messageOf(error)}.`);
      }
      return text;
    },
    text: String,
  };
}

/** One of several words, or a number for each class, as "1,1,1,3". */
export function wordOrNumbers<const W extends string>(
  words: readonly W[],
  each: string,
): Kind<W | number[]> {
  const word = choice(words);
  const list = numbers({ least: 0 });
  const expected = `${words.join(", ")}, or a number from 0 up ${each}, such as 1,1,1,3`;
  return {
    expected,
    schema: checked(
      (value) =>
        word.schema.safeParse(value).success ||
        (Array.isArray(value) && value.length > 0 && list.schema.safeParse(value).success),
      expected,
    ),
    parse: (text) => {
      if (words.some((each) => each === text)) return text as W;
      if (!/[0-9]/.test(text)) throw new Unreadable(`Expected ${expected}.`);
      return list.parse(text);
    },
    text: (value) => typeof value === "string" ? value : list.text(value),
  };
}

/** A kind that a command line cannot write, such as a file with its sha256: it writes a reference. */
export function structure<T>(
  schema: z.ZodType<T>,
  { expected, text }: { expected: string; text: (value: T) => string },
): Kind<T> {
  return {
    expected,
    // The second schema puts the fields in order.
    schema: checked<unknown>((value) => schema.safeParse(value).success, expected).pipe(schema),
    parse: () => {
      throw new Unreadable(`Expected ${expected}.`);
    },
    text,
  };
}

/** A kind's values and null; `none` is the word for null on a command line. */
export function orNull<T>(kind: Kind<T>, none: "none" | "off" = "none"): Kind<T | null> {
  return {
    ...kind,
    schema: kind.schema.nullable(),
    parse: (text) => {
      if (isNone(text)) return null;
      try {
        return kind.parse(text);
      } catch (error) {
        if (!(error instanceof Unreadable)) throw error;
        throw new Unreadable(error.message.replace(/\.$/, `, or "${none}".`));
      }
    },
    text: (value) => value === null ? none : kind.text(value),
    none,
  };
}

/** A kind's values and undefined; a file leaves undefined out. */
export function orLeftOut<T>(kind: Kind<T>): Kind<T | undefined> {
  return {
    ...kind,
    schema: kind.schema.optional(),
    text: (value) => value === undefined ? "none" : kind.text(value),
    leftOut: true,
  };
}

/**
 * Reads a value and checks its limits.
 *
 * @param name The setting's name, for the error.
 * @throws {Unreadable} With a sentence that says what was expected.
 */
export function readKind<T>(kind: Kind<T>, text: string, name?: string): T {
  const value = kind.parse(text);
  if (kind.schema.safeParse(value).success) return value;
  throw new Unreadable(`Expected ${kind.expected}${name === undefined ? "" : ` (${name})`}.`);
}

/** Whether a text of a command line means "none" or "off". */
export function isNone(text: string): boolean {
  return text === "none" || text === "off";
}

function checked<T>(accepts: (value: unknown) => boolean, expected: string): z.ZodType<T> {
  return z.custom<T>(accepts, { error: ({ input }) => complaint(expected, input) });
}

/** "expected a number from 0 up, not -1". */
export function complaint(expected: string, input: unknown): string {
  return input === undefined
    ? `expected ${expected}, but it is missing`
    : `expected ${expected}, not ${shown(input)}`;
}

/** A value in an error. */
export function shown(value: unknown): string {
  if (isPair(value)) return `${value[0]} to ${value[1]}`;
  if (typeof value === "number") return String(value);
  const json = JSON.stringify(value) ?? String(value);
  return json.length > 60 ? `${json.slice(0, 57)}...` : json;
}

/** "a, b or c". */
export function orList(words: readonly string[]): string {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`;
}
