/**
 * Puts the settings of a command line into a configuration.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { type Config, parseConfig } from "./config.ts";
import {
  BUNDLES,
  flagAt,
  flagKey,
  flagName,
  type Given,
  leafAt,
  LEAVES,
  refuseIncomplete,
  withSetting,
} from "./paths.ts";
import { COMBINATIONS, IMPLICATIONS } from "./rules.ts";
import type { Overrides } from "./types.ts";

/** Values that replace references, by path; src/run finds them. */
export type Resolved = Readonly<Record<string, unknown>>;

/**
 * A copy of a configuration with the given settings.
 *
 * @param resolved Values of the references in `asked`.
 * @throws {UsageError} If the result is not valid, or settings contradict each other.
 */
export function changedConfig(base: Config, asked: Overrides, resolved: Resolved = {}): Config {
  const given = givenSettings(asked).map((each) =>
    each.path in resolved ? { ...each, value: resolved[each.path] } : each
  );
  given.forEach(refuseNothing);
  const implied = IMPLICATIONS.flatMap((implication) => implication(base, asked));
  const changed = [...implied, ...given].reduce(withSetting, base);
  refuseIncomplete(changed, given);
  const config = parseConfig(withoutEmptyAugmentation(changed), "these options");
  for (const refuseUnsound of COMBINATIONS) refuseUnsound(config, { base, asked });
  return config;
}

/** The settings given by flag or path, in the order of the configuration. */
export function givenSettings(asked: Overrides): Given[] {
  const flags = asked as Readonly<Record<string, unknown>>;
  const given = LEAVES.flatMap(({ path, setting: { entry, kind } }): Given[] => {
    const { flag } = entry;
    const value = flag === undefined ? asked.set?.[path] : flags[flagKey(flag)];
    if (value === undefined) return [];
    if (flag === undefined) return [{ path, name: `--set ${path}`, value }];
    const name = flagName(flag);
    const isText = value !== null && typeof value !== "string";
    return [{ path, name, value, written: `${name} ${isText ? kind.text(value) : value}` }];
  });
  const bundled = BUNDLES.flatMap(({ paths, node: { entry } }): Given[] => {
    const name = flagName(entry.flag!);
    const values = flags[flagKey(entry.flag!)] as readonly number[] | null | undefined;
    if (values === undefined) return [];
    if (values === null) return [{ path: paths[0]!, name, value: null }];
    const written = `${name} ${values.join(",")}`;
    return paths.map((path, i) => ({ path, name, value: values[i], written }));
  });
  return [...bundled, ...given];
}

/** Refuses a value that changes nothing: it is probably a mistake. */
function refuseNothing({ path, name, value, written }: Given): void {
  if (value === null || !leafAt(path)!.setting.entry.nothing?.(value)) return;
  throw new UsageError(
    `Cannot use ${
      written ?? `${name}=${value}`
    }: it would change no record; leave the option out, ` +
      `or write ${name.startsWith("--set") ? flagAt(path) : name} off`,
  );
}

/** Makes augmentation null if all of it is off. */
function withoutEmptyAugmentation(config: Config): Config {
  const { training } = config;
  const { augment } = training;
  if (augment === null || Object.values(augment).some((value) => value !== null)) return config;
  return { ...config, training: { ...training, augment: null } };
}
