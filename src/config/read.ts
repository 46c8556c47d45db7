/**
 * Reads settings from a command line.
 *
 * @module
 */
import { messageOf, UsageError } from "../core/errors.ts";
import { isNone, type Kind, orList, readKind, Unreadable } from "./kinds.ts";
import { type Bundle, BUNDLES, flagName, type Leaf, leafAt, LEAVES } from "./paths.ts";

/**
 * Reads a value of a setting. The name of a file or a run stays a text; src/run resolves it.
 *
 * @throws {Unreadable} With a sentence that says what was expected.
 */
export function readValue({ setting, leads, path }: Leaf, text: string): unknown {
  const { kind, entry } = setting;
  if ((leads || kind.none !== undefined) && isNone(text)) return null;
  if (entry.refers !== undefined) {
    if (text === "") throw new Unreadable(`Expected ${kind.expected}.`);
    return text;
  }
  // The configuration checks the limits of settings that can be off, and of ranges.
  if (kind.none !== undefined && entry.asked === undefined) return kind.parse(text);
  const asked = (entry.asked ?? kind) as Kind<unknown>;
  try {
    return asked.isRange ? asked.parse(text) : readKind(asked, text, path);
  } catch (error) {
    if (!(error instanceof Unreadable) || !leads) throw error;
    throw new Unreadable(error.message.replace(/\.$/, ', or "off".'));
  }
}

/** Reads the values of a bundle, such as "2,0.03"; null for "off". @throws {Unreadable} */
export function readBundle({ paths }: Bundle, text: string): readonly number[] | null {
  if (isNone(text)) return null;
  const parts = text.split(",").map((part) => part.trim() === "" ? NaN : Number(part));
  if (parts.length !== paths.length || !parts.every(Number.isFinite)) {
    throw new Unreadable('Expected two numbers separated by a comma, or "off".');
  }
  return parts;
}

/** A value for the setting at a path. */
export interface SetByPath {
  readonly leaf: Leaf;
  readonly value: unknown;
}

/**
 * Reads "training.beta2=0.99".
 *
 * @throws {UsageError} If the setting does not exist, cannot be set, or does not accept the value.
 */
export function readSet(text: string): SetByPath {
  const [, path, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (path === undefined || value === undefined) {
    throw new UsageError(
      `Cannot use --set ${text}: write PATH=VALUE, such as --set training.beta2=0.99`,
    );
  }
  const leaf = leafAt(path) ?? refuseUnknown(path);
  const { made } = leaf.setting.entry;
  if (made !== undefined) throw new UsageError(`Cannot use --set ${path}: ${made}`);
  try {
    return { leaf, value: readValue(leaf, value) };
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    const why = messageOf(error).replace(/\.$/, "").replace(/^Expected/, "expected");
    throw new UsageError(`Cannot use --set ${text}: ${why}`);
  }
}

/** Paths that --set accepts. */
const SETTABLE = LEAVES.filter(({ setting }) => setting.entry.made === undefined)
  .map(({ path }) => path);

function refuseUnknown(path: string): never {
  const below = SETTABLE.filter((each) => each.startsWith(`${path}.`));
  const bundle = BUNDLES.find((each) => each.path === path);
  if (below.length > 0) {
    const flag = bundle ? `; or use ${flagName(bundle.node.entry.flag!)}` : "";
    throw new UsageError(
      `Cannot use --set ${path}: it is a group of settings, ${below.slice(0, 6).join(", ")}` +
        `${below.length > 6 ? ", ..." : ""}${flag}`,
    );
  }
  throw new UsageError(
    `Cannot use --set ${path}: there is no such setting; did you mean ${
      orList(nearestPaths(path))
    }?`,
  );
}

/** Up to three paths most similar to `path`; the last name of a path counts as much as the whole path. */
function nearestPaths(path: string): string[] {
  const last = (text: string) => text.slice(text.lastIndexOf(".") + 1).toLowerCase();
  const distance = (other: string) =>
    Math.min(
      editDistance(path.toLowerCase(), other.toLowerCase()),
      editDistance(last(path), last(other)) + 0.5,
    );
  const ranked = SETTABLE.map((other) => ({ other, far: distance(other) }))
    .sort((a, b) => a.far - b.far);
  const nearest = ranked[0]!.far;
  return ranked.slice(0, 3).filter(({ far }) => far <= nearest + 2).map(({ other }) => other);
}

/** Smallest number of insertions, deletions and substitutions from `a` to `b` (Levenshtein 1966). */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
