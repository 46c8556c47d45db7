/**
 * The options of a command line that change settings, from the schema.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError } from "../core/errors.ts";
import { type Kind, Unreadable } from "../config/kinds.ts";
import type { Overrides } from "../config/types.ts";
import { BUNDLES, flagKey, flagName, type Leaf, leafAt, LEAVES } from "../config/paths.ts";
import { readBundle, readSet, readValue } from "../config/read.ts";
import { type Heading, HEADINGS } from "../config/setting.ts";

/** Wraps a value that was read, because commander treats some values, such as null, as not given. */
class Read {
  constructor(readonly value: unknown) {}
}

/** The heading of a group of options in `--help`. */
export function helpGroup(heading: Heading): string {
  return `${HEADINGS[heading]}:`;
}

/** The options of all settings under a heading, in the order of the schema. */
export function settingOptions(heading: Heading): Option[] {
  const own = LEAVES.flatMap((leaf) => leaf.heading === heading ? optionsOf(leaf) : []);
  const bundled = BUNDLES.filter((bundle) => bundle.heading === heading).map((bundle) => {
    const { flag, help } = bundle.node.entry;
    return parsed(new Option(flag!, help), (text) => readBundle(bundle, text));
  });
  return [...own, ...bundled].map((option) => option.helpGroup(helpGroup(heading)));
}

/** A setting without a flag has no option, a toggle has two. */
function optionsOf(leaf: Leaf): Option[] {
  const { kind, entry } = leaf.setting;
  const { flag, help, otherwise } = entry;
  if (flag === undefined) return [];
  if (otherwise !== undefined) {
    return [new Option(flag, help), new Option(flag.replace(/^--/, "--no-"), otherwise)];
  }
  const option = new Option(flag, help);
  const { choices } = (entry.asked ?? kind) as Kind<unknown>;
  if (choices !== undefined) option.choices([...choices]);
  return [parsed(option, (text) => readValue(leaf, text))];
}

function parsed(option: Option, read: (text: string) => unknown): Option {
  return option.argParser((text: string) => {
    try {
      return new Read(read(text));
    } catch (error) {
      throw error instanceof Unreadable ? new InvalidArgumentError(error.message) : error;
    }
  });
}

/** Adds `--set` to a command. */
export function addSetOption(command: Command): Command {
  const only = LEAVES.filter(({ setting: { entry } }) => !entry.flag && !entry.made);
  const width = Math.max(...only.map(({ path }) => path.length));
  const lines = only.map(({ path, setting: { entry } }) =>
    `  ${path.padEnd(width)}  ${entry.help}`
  );
  return command
    .addOption(
      new Option(
        "--set <path=value>",
        "change any setting by its path in config.json; may be repeated",
      )
        .argParser((text: string, before: readonly string[] = []) => [...before, text])
        .helpGroup(helpGroup("run")),
    )
    .addHelpText(
      "after",
      `\nSettings that only --set changes, as in --set training.beta2=0.99:\n${lines.join("\n")}`,
    );
}

/**
 * The options of a parsed command. Settings from `--set` stand under the names of their flags.
 *
 * @throws {UsageError} If `--set` names an unknown setting, or one that is already given.
 */
export function optionsOfCommand(command: Command): Record<string, unknown> & Overrides {
  const raw = command.opts();
  const { set = [], ...rest } = raw as { set?: readonly string[] };
  const options: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, value instanceof Read ? value.value : value]),
  );
  const byPath: Record<string, unknown> = {};
  for (const { leaf: { path, setting: { entry } }, value } of set.map(readSet)) {
    const { flag } = entry;
    const key = flag === undefined ? null : flagKey(flag);
    const isGiven = key !== null && command.getOptionValueSource(key) === "cli";
    if (isGiven || path in byPath) {
      const other = isGiven ? flagName(flag!) : "--set";
      throw new UsageError(`Cannot use --set ${path} and ${other} for the same setting: give one`);
    }
    byPath[path] = value;
    if (key !== null) options[key] = value;
  }
  const others = Object.entries(byPath).filter(([path]) => !leafAt(path)!.setting.entry.flag);
  return others.length === 0 ? options : { ...options, set: Object.fromEntries(others) };
}
