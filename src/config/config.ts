/**
 * The configuration of a run: the values of all settings of the schema. It is resolved once, saved with
 * the run and compared on resume.
 *
 * @module
 */
import { defaultPrecision } from "../addon/select.ts";
import { UsageError } from "../core/errors.ts";
import { CHECKS } from "./checks.ts";
import { flagAt } from "./paths.ts";
import { isRecord } from "../core/records.ts";
import { schemaOf } from "./schema.ts";
import { SETTINGS } from "./settings/settings.ts";
import type { Config } from "./types.ts";

export type { Config, TrainingSettings, WrittenConfig } from "./types.ts";

const schema = schemaOf(SETTINGS);

/**
 * Checks a configuration that was read from a file or made from options.
 *
 * @param value Any value.
 * @param source Name of the configuration in an error.
 * @throws {UsageError} Naming each field that is wrong.
 */
export function parseConfig(value: unknown, source: string): Config {
  const result = schema.safeParse(value);
  const problems = result.success ? [] : result.error.issues.map(({ path, message }) => ({
    path: path.join("."),
    message,
  }));
  if (result.success) {
    const config = withPrecision(result.data as Config);
    problems.push(...CHECKS.map((check) => check(config)).filter((problem) => problem !== null));
    if (problems.length === 0) return config;
  }
  const texts = problems.map(({ path, message }) => path === "" ? message : `${path}: ${message}`);
  throw new UsageError(`Cannot use ${source}: ${texts.join("; ")}`);
}

/** Older runs have no setting of precision: they used the default of their backend. */
function withPrecision({ precision, ...config }: Config): Config {
  return { ...config, precision: precision ?? defaultPrecision(config.backend) };
}

/** A setting that two configurations do not share. */
interface Change {
  readonly path: string;
  readonly saved: unknown;
  readonly asked: unknown;
}

/** The settings in which two configurations differ, as "path: a, not b (--flag)". */
export function configDifferences(saved: unknown, asked: unknown): string[] {
  return changesOf(saved, asked, "").map(({ path, saved, asked }) => {
    const flag = flagAt(path);
    return `${path}: ${shown(saved)}, not ${shown(asked)}${flag === null ? "" : ` (${flag})`}`;
  });
}

/** Where one side has null for a group, all settings of the group count as absent there. */
function changesOf(saved: unknown, asked: unknown, path: string): Change[] {
  const isGroup = (value: unknown) => isNested(value) || (value ?? null) === null;
  if ((isNested(saved) || isNested(asked)) && isGroup(saved) && isGroup(asked)) {
    const [a, b] = [saved, asked].map((value) => isNested(value) ? value : {}) as [
      Record<string, unknown>,
      Record<string, unknown>,
    ];
    return [...new Set([...Object.keys(a), ...Object.keys(b)])].flatMap((key) =>
      changesOf(a[key], b[key], path === "" ? key : `${path}.${key}`)
    );
  }
  const same = JSON.stringify(saved ?? null) === JSON.stringify(asked ?? null);
  return same ? [] : [{ path, saved, asked }];
}

/** An object of settings, or a list of objects, such as the nodes of a network. */
function isNested(value: unknown): value is Record<string, unknown> {
  return isRecord(value) || (Array.isArray(value) && value.length > 0 && value.every(isRecord));
}

/** A value as a message shows it; long lists are cut. */
function shown(value: unknown): string {
  const json = JSON.stringify(value) ?? "absent";
  return json.length > 100 ? `${json.slice(0, 97)}...` : json;
}
