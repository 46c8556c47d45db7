/**
 * The settings of a configuration as a table: label, value and unit, under the headings of `--help`.
 *
 * @module
 */
import { nounOf } from "../core/counted.ts";
import type { Kind } from "./kinds.ts";
import { isRecord } from "../core/records.ts";
import {
  type Fields,
  Group,
  type Heading,
  HEADINGS,
  type Node,
  Setting,
  Variants,
} from "./setting.ts";
import { SETTINGS } from "./settings/settings.ts";

/** One setting. */
export interface SettingLine {
  readonly label: string;
  /** Value with its unit; "–" if it is off. */
  readonly text: string;
  /** Path in config.json. */
  readonly path: string;
}

/** Settings under a heading. */
export interface SettingGroup {
  readonly heading: string;
  readonly lines: readonly SettingLine[];
}

interface Placed extends SettingLine {
  readonly heading: Heading | null;
}

/**
 * All settings of a configuration that any version saved. Missing settings are left out. Settings that no
 * longer exist stand under "Other", by their path.
 */
export function settingsTable(config: Readonly<Record<string, unknown>>): SettingGroup[] {
  const placed = [...linesOf(SETTINGS, { value: config, path: [], heading: "run" })];
  const groups = Object.entries(HEADINGS).map(([key, heading]) => ({
    heading,
    lines: placed.filter((line) => line.heading === key),
  }));
  return [...groups, { heading: "Other", lines: placed.filter(({ heading }) => heading === null) }]
    .filter(({ lines }) => lines.length > 0)
    .map(({ heading, lines }) => ({
      heading,
      lines: lines.map(({ label, text, path }) => ({ label, text, path })),
    }));
}

interface Place {
  readonly value: unknown;
  readonly path: readonly string[];
  readonly heading: Heading;
}

function* linesOf(node: Node, { value, path, heading }: Place): Generator<Placed> {
  if (value === undefined) return;
  if (node instanceof Setting) return yield settingLine(node, { value, path, heading });
  const own = (node instanceof Group ? node.heading : node.entry.heading) ?? heading;
  const fields = fieldsOf(node, value);
  if (value === null) {
    // A group that is off shows the settings that it always needs.
    for (const [name, child] of Object.entries(fields)) {
      if (!(child instanceof Setting) || child.entry.default !== undefined) continue;
      yield settingLine(child, { value: null, path: [...path, name], heading: own });
    }
    return;
  }
  if (!isRecord(value)) return yield* otherLines(value, path);
  for (const [name, child] of Object.entries(fields)) {
    if (child instanceof Setting && (value[child.entry.replacedBy ?? ""] ?? null) !== null) {
      continue;
    }
    yield* linesOf(child, { value: value[name], path: [...path, name], heading: own });
  }
  for (const [name, other] of Object.entries(value)) {
    if (!Object.hasOwn(fields, name)) yield* otherLines(other, [...path, name]);
  }
}

/** The settings below a node; for variants, the settings of the value's kind. */
function fieldsOf(node: Exclude<Node, Setting<unknown>>, value: unknown): Fields {
  if (!(node instanceof Variants)) return node.fields;
  const kind = isRecord(value) ? String(value.kind) : "";
  return { kind: node.tag, ...Object.hasOwn(node.variants, kind) ? node.variants[kind] : {} };
}

function settingLine(
  { kind, entry }: Setting<unknown>,
  { value, path, heading }: Place,
): Placed {
  const text = valueText(kind, value);
  const { counts, unit } = entry;
  const noun = counts === undefined ? [] : [nounOf(Number(value), counts)];
  const after = text === NONE ? [] : [...noun, ...unit === undefined ? [] : [unit]];
  return {
    label: entry.label,
    text: [text, ...after].join(" "),
    path: path.join("."),
    heading: entry.heading ?? heading,
  };
}

const NONE = "–";

function valueText(kind: Kind<unknown>, value: unknown): string {
  if (value === null || (Array.isArray(value) && value.length === 0)) return NONE;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (kind.isRange && Array.isArray(value)) return value.join(" to ");
  // Another version may have written another type of value.
  return kind.schema.safeParse(value).success ? kind.text(value) : JSON.stringify(value);
}

function* otherLines(value: unknown, path: readonly string[]): Generator<Placed> {
  if (isRecord(value)) {
    for (const [name, inner] of Object.entries(value)) yield* otherLines(inner, [...path, name]);
    return;
  }
  const label = path.join(".");
  yield { label, text: value === null ? NONE : JSON.stringify(value), path: label, heading: null };
}
