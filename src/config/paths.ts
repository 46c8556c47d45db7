/**
 * Settings by their path in a configuration, such as "training.schedule.floor".
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { orList } from "./kinds.ts";
import { isRecord } from "../core/records.ts";
import {
  type Fields,
  Group,
  type Heading,
  type Node,
  Optional,
  Setting,
  Variants,
} from "./setting.ts";
import { SETTINGS } from "./settings/settings.ts";

/** An entry with its place. */
export interface Leaf {
  readonly path: string;
  readonly setting: Setting<unknown>;
  readonly heading: Heading;
  /** Whether an optional group always needs this setting. */
  readonly leads: boolean;
}

/** An optional group that has a flag for all its settings. */
export interface Bundle {
  readonly path: string;
  readonly node: Optional<Fields>;
  readonly heading: Heading;
  /** Paths of its settings, in order. */
  readonly paths: readonly string[];
}

/** All entries, in the order of config.json; an entry that several variants share is listed once. */
export const LEAVES: readonly Leaf[] = uniquePaths(leavesOf(SETTINGS, [], "run", false));

/** All bundles. */
export const BUNDLES: readonly Bundle[] = bundlesOf(SETTINGS, [], "run");

const BY_PATH: ReadonlyMap<string, Leaf> = new Map(LEAVES.map((leaf) => [leaf.path, leaf]));

/** The entry at a path; undefined if there is none. */
export function leafAt(path: string): Leaf | undefined {
  return BY_PATH.get(path);
}

/** Name of a flag without its value: "--epochs" of "--epochs <n>". */
export function flagName(flag: string): string {
  return flag.split(" ")[0]!;
}

/** "batchSize" of "--batch-size <n>". */
export function flagKey(flag: string): string {
  return flagName(flag).slice(2).replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

/** The flag that sets a path or a group around it; null if only --set does. */
export function flagAt(path: string): string | null {
  for (let at = path; at !== ""; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const flag = leafAt(at)?.setting.entry.flag ??
      BUNDLES.find((bundle) => bundle.path === at)?.node.entry.flag;
    if (flag !== undefined) return flagName(flag);
  }
  return null;
}

/** Children of a node with their names; the children of all variants. */
function* childrenOf(node: Node): Generator<[name: string, child: Node]> {
  if (node instanceof Setting) return;
  if (!(node instanceof Variants)) return yield* Object.entries(node.fields);
  yield ["kind", node.tag];
  for (const fields of Object.values(node.variants)) yield* Object.entries(fields);
}

function headingOf(node: Node, outer: Heading): Heading {
  return (node instanceof Group ? node.heading : node.entry.heading) ?? outer;
}

function* leavesOf(
  node: Node,
  path: readonly string[],
  outer: Heading,
  inOptional: boolean,
): Generator<Leaf> {
  const heading = headingOf(node, outer);
  if (node instanceof Setting) {
    const leads = inOptional && node.entry.default === undefined;
    yield { path: path.join("."), setting: node, heading, leads };
  }
  for (const [name, child] of childrenOf(node)) {
    yield* leavesOf(child, [...path, name], heading, node instanceof Optional);
  }
}

function uniquePaths(leaves: Iterable<Leaf>): Leaf[] {
  return [...new Map(Array.from(leaves, (leaf) => [leaf.path, leaf])).values()];
}

function bundlesOf(node: Node, path: readonly string[], outer: Heading): Bundle[] {
  const heading = headingOf(node, outer);
  const own = node instanceof Optional && node.entry.flag !== undefined
    ? [{
      path: path.join("."),
      node,
      heading,
      paths: Object.keys(node.fields).map((name) => [...path, name].join(".")),
    }]
    : [];
  const below = [...childrenOf(node)].flatMap(([name, child]) =>
    bundlesOf(child, [...path, name], heading)
  );
  return [...own, ...below];
}

/** The value of a new run at a node; undefined where a group's settings must be given. */
export function defaultsOf(node: Node): unknown {
  if (node instanceof Setting) return structuredClone(node.entry.default);
  if (node instanceof Optional) return null;
  if (node instanceof Group) return fieldDefaults(node.fields);
  return variantDefaults(node, node.entry.default!);
}

function fieldDefaults(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, child]) => !(child instanceof Setting && child.kind.leftOut))
      .map(([name, child]) => [name, defaultsOf(child)]),
  );
}

function variantDefaults(
  node: Variants<Readonly<Record<string, Fields>>>,
  kind: string,
): Record<string, unknown> {
  return { kind, ...fieldDefaults(node.variants[kind]!) };
}

/** A value for a setting. */
export interface Given {
  readonly path: string;
  /** How its user named it: "--epochs" or "--set training.epochs". */
  readonly name: string;
  readonly value: unknown;
  /** How its user wrote it: "--epochs 3". */
  readonly written?: string;
}

/**
 * A copy of a configuration with one setting changed. A group that was null starts with its defaults. If a
 * `kind` changes, its variant's settings start with their defaults.
 *
 * @throws {UsageError} For a setting that the chosen variant does not have.
 */
export function withSetting<C>(config: C, given: Given): C {
  return put(SETTINGS, config, given.path.split("."), given) as C;
}

function put(node: Node, value: unknown, path: readonly string[], given: Given): unknown {
  const [key, ...rest] = path;
  if (key === undefined || node instanceof Setting) return given.value;
  if (node instanceof Variants) return putVariant(node, value, path, given);
  const child = node.fields[key]!;
  if (node instanceof Optional && rest.length === 0 && given.value === null && leads(child)) {
    return null;
  }
  const own = isRecord(value) ? value : fieldDefaults(node.fields);
  if (rest.length === 0 && given.value === undefined) {
    const { [key]: _left, ...others } = own;
    return others;
  }
  return { ...own, [key]: put(child, own[key], rest, given) };
}

/** Whether an optional group always needs this node. */
function leads(node: Node): boolean {
  return node instanceof Setting && node.entry.default === undefined;
}

function putVariant(
  node: Variants<Readonly<Record<string, Fields>>>,
  value: unknown,
  [key, ...rest]: readonly string[],
  given: Given,
): unknown {
  const now = isRecord(value) ? value : variantDefaults(node, node.entry.default!);
  if (key === "kind") {
    return now.kind === given.value ? now : variantDefaults(node, String(given.value));
  }
  const having = Object.keys(node.variants).filter((kind) => key! in node.variants[kind]!);
  const kind = String(now.kind);
  if (having.includes(kind)) {
    const child = node.variants[kind]![key!]!;
    return { ...now, [key!]: put(child, now[key!], rest, given) };
  }
  const other = having[0]!;
  const child = node.variants[other]![key!]!;
  if (child instanceof Setting && child.entry.selects) {
    return { ...variantDefaults(node, other), [key!]: given.value };
  }
  throw new UsageError(
    `Cannot use ${given.name} with the ${node.entry.called} ${kind}: only ${
      orList(having).replace(" or ", " and ")
    } ${having.length === 1 ? "has" : "have"} one`,
  );
}

/**
 * Refuses settings of an optional group if the setting that the group needs was not given.
 *
 * @throws {UsageError} Naming both.
 */
export function refuseIncomplete(config: unknown, given: readonly Given[]): void {
  const check = (node: Node, value: unknown, path: readonly string[]): void => {
    if (node instanceof Setting || !isRecord(value)) return;
    if (node instanceof Optional) {
      const missing = Object.keys(node.fields).find((name) => value[name] === undefined);
      const at = path.join(".");
      const wanted = `${at}.${missing}`;
      // `--folds off` gives the needed setting itself, as none.
      const lonely = given.find(({ path }) => path.startsWith(`${at}.`) && path !== wanted);
      if (missing !== undefined && lonely !== undefined) {
        const needs = node.entry.needs ?? flagAt(wanted) ?? `--set ${wanted}`;
        throw new UsageError(`Cannot use ${lonely.name} without ${needs}: ${node.entry.why}`);
      }
    }
    for (const [name, child] of childrenOf(node)) check(child, value[name], [...path, name]);
  };
  check(SETTINGS, config, []);
}
