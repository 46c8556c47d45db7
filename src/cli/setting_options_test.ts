/** Every entry of the schema, from the command line to the file and back. */
import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { UsageError } from "../core/errors.ts";
import { type Config, parseConfig } from "../config/config.ts";
import { changedConfig } from "../config/overrides.ts";
import { BUNDLES, flagKey, flagName, type Leaf, leafAt, LEAVES } from "../config/paths.ts";
import { presetConfig } from "../config/presets.ts";
import { readSet, readValue } from "../config/read.ts";
import type { Overrides } from "../config/types.ts";
import { group, HEADINGS, setting } from "../config/setting.ts";
import { MASK_POLICIES } from "../pruning/mask_policies.ts";
import { number } from "../config/kinds.ts";
import { createCommand } from "./command.ts";
import { helpOf, parseLthOptions } from "./lth_options.ts";
import { addSetOption, optionsOfCommand, settingOptions } from "./setting_options.ts";

/** What a command line may write, among which every kind finds a value. */
const CANDIDATES = [
  ...[
    "3",
    "0.25",
    "2",
    "1.5",
    "7",
    "cinc2017",
    "2ep",
    "0.25,0.5",
    "1,1,2",
    "stem,head",
    "true",
    "false",
  ],
];

/** Modes with a single training need other settings, too; single_training_options_test.ts has them. */
const isOfSingleTraining = (text: string) => text in MASK_POLICIES;

/** A value of a setting other than those given, as a command line writes it. */
function otherText(leaf: Leaf, not: readonly unknown[]): string {
  const { kind } = leaf.setting;
  const choices = (kind.choices ?? []).filter((choice) => !isOfSingleTraining(choice));
  const text = [...choices.reverse(), ...CANDIDATES].find((text) => {
    try {
      const value = readValue(leaf, text);
      return kind.schema.safeParse(value).success && kind.text(value) === text &&
        not.every((other) => !isDeepStrictEqual(other, value));
    } catch {
      return false;
    }
  });
  assert.ok(text !== undefined, `${leaf.path}: no candidate is one of its values`);
  return text;
}

/** Settings of its group that a setting cannot be without. */
function neededFor({ path }: Leaf): string[] {
  const parent = path.slice(0, path.lastIndexOf(".") + 1);
  return LEAVES.filter((leaf) => leaf.leads && leaf.path !== path && parent !== "")
    .filter((leaf) => leaf.path.slice(0, leaf.path.lastIndexOf(".") + 1) === parent)
    .filter((leaf) => !isReference(leaf))
    .flatMap((leaf) => ["--set", `${leaf.path}=${otherText(leaf, [])}`]);
}

/** References, which only src/run can read; lth_init_test.ts and teacher_test.ts have them. */
const isReference = ({ setting: { entry } }: Leaf) => entry.refers !== undefined;
const isMade = ({ setting: { entry } }: Leaf) => entry.made !== undefined;
const TEACHER = {
  runs: [{ run: "t", round: 0, sha256: "0".repeat(64) }],
  temperature: 2,
  weight: 0.5,
};

function valueAt(config: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (value, key) => (value as Record<string, unknown> | null)?.[key],
    config,
  );
}

/** A base in which the setting has a place of its own. */
function baseFor({ path }: Leaf): Config {
  const base = presetConfig("quick", "cpu");
  if (path.startsWith("training.teacher.")) base.training.teacher = TEACHER;
  const group = path.slice(0, path.lastIndexOf("."));
  const kinds = leafAt(`${group}.kind`)?.setting.kind.choices ?? [];
  if (path.endsWith(".kind") || kinds.length === 0 || path.startsWith("control.")) return base;
  const possible = kinds.map((kind) =>
    changed(
      base,
      isOfSingleTraining(kind)
        ? ["--mode", kind, "--target", "4"]
        : ["--set", `${group}.kind=${kind}`],
    )
  );
  return possible.find((config) => valueAt(config, path) !== undefined)!;
}

function changed(base: Config, args: readonly string[]): Config {
  const { device, ...overrides } = parseLthOptions(args);
  return changedConfig(base, device === "auto" ? overrides : { ...overrides, backend: device });
}

Deno.test("every setting: flag, --set, file and parse agree", () => {
  const settable = LEAVES.filter((leaf) => !isMade(leaf) && !isReference(leaf));
  assert.ok(settable.length > 60);
  for (const leaf of settable) {
    const { path, setting: { kind, entry } } = leaf;
    const base = baseFor(leaf);
    const text = otherText(leaf, [valueAt(base, path)]);
    const needed = neededFor(leaf);
    const config = changed(base, [...needed, "--set", `${path}=${text}`]);
    const value = valueAt(config, path);
    assert.equal(kind.text(value), text, path);
    assert.notDeepEqual(value, valueAt(base, path), `${path} was changed`);

    const { flag, otherwise } = entry;
    if (flag !== undefined) {
      const words = otherwise === undefined ? [flagName(flag), text] : [flagName(flag)];
      assert.deepEqual(changed(base, [...needed, ...words]), config, `${path} by its flag`);
    }
    assert.deepEqual(parseConfig(JSON.parse(JSON.stringify(config)), path), config, path);
    assert.deepEqual(kind.parse(kind.text(value)), value, `${path} as text`);
    assert.equal(
      JSON.stringify(changedConfig(config, {})),
      JSON.stringify(config),
      `${path} stays where nothing is asked for`,
    );
  }
});

Deno.test("every setting refuses a value that is none of its, in one sentence with its path", () => {
  for (const leaf of LEAVES) {
    const { path, setting: { kind } } = leaf;
    const base = changedBase(leaf);
    const broken = structuredClone(base) as unknown as Record<string, unknown>;
    const parts = path.split(".");
    const last = parts.pop()!;
    const parent = parts.reduce<Record<string, unknown>>(
      (value, key) => value[key] as Record<string, unknown>,
      broken,
    );
    if (parent === null) continue; // A control's, which control_test.ts has.
    if (path === "network.graph") continue; // graph_file_test.ts has its sentences.
    parent[last] = { not: "this" };
    assert.throws(() => parseConfig(broken, "it"), (error) => {
      assert.ok(error instanceof UsageError, path);
      assert.ok(error.message.includes(`${path}`), error.message);
      assert.doesNotMatch(error.message, /Too (big|small)|Unrecognized|e\+308/, kind.expected);
      return true;
    });
  }
});

/** A configuration that has a setting at the path. */
function changedBase(leaf: Leaf): Config {
  const base = baseFor(leaf);
  if (isMade(leaf) || isReference(leaf)) return base;
  return changed(base, [...neededFor(leaf), "--set", `${leaf.path}=${otherText(leaf, [])}`]);
}

Deno.test("help has a heading for every group and every flag below its own", () => {
  const help = helpOf();
  const sections = new Map(
    help.split(/\n(?=\S[^\n]*:\n)/).map((part) => [part.slice(0, part.indexOf(":")), part]),
  );
  for (const { path, heading, setting: { entry } } of LEAVES) {
    if (entry.made !== undefined) continue;
    if (entry.flag === undefined) {
      assert.ok(help.includes(`  ${path} `), `${path} is listed for --set`);
      continue;
    }
    const section = sections.get(HEADINGS[heading])!;
    assert.ok(section.includes(`  ${entry.flag} `), `${entry.flag} under ${HEADINGS[heading]}`);
    const [first] = entry.help.split(" ");
    assert.ok(section.includes(first!), entry.flag);
    if (entry.otherwise) assert.ok(section.includes(entry.flag.replace("--", "--no-")));
  }
  for (const { heading, node } of BUNDLES) {
    assert.ok(sections.get(HEADINGS[heading])!.includes(node.entry.flag!));
  }
});

Deno.test("help is plain: a line begins with a small letter, has no full stop and is short", () => {
  for (const { path, setting: { entry } } of LEAVES) {
    assert.match(entry.help, /^[a-z].{2,74}[^.]$/, path);
    assert.match(entry.label, /^[A-Z]/, path);
  }
  const keys = LEAVES.flatMap(({ setting: { entry } }) => entry.flag ? [flagKey(entry.flag)] : []);
  assert.equal(new Set(keys).size, keys.length, "no flag is there twice");
});

Deno.test("--set says in one sentence what is wrong, with the nearest paths", () => {
  const cases: [string, RegExp][] = [
    ["training.beta3=0.9", /no such setting; did you mean training\.beta1 or training\.beta2\?$/],
    ["beta2=0.9", /no such setting; did you mean training\.beta2/],
    ["training.learning-rate=1", /did you mean training\.learningRate/],
    [
      "training.beta2=1",
      /^Cannot use --set training\.beta2=1: expected a number from 0 to below 1/,
    ],
    ["training.beta2=high", /expected a number from 0 to below 1/],
    ["training.epochs=1.5", /expected a whole number from 1 up/],
    ["training.flip=yes", /expected true or false$/],
    ["network.init=fan", /Allowed choices are fan-in, fan-out$/],
    ["training=1", /it is a group of settings, training\.epochs, /],
    ["training.augment.masks=1,2", /a group of settings, .*; or use --masks$/],
    ["training.beta2", /write PATH=VALUE, such as --set training\.beta2=0\.99$/],
    ["control.kind=signs", /deno task lth control makes it$/],
    ["format=x", /this program writes it$/],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => readSet(text), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    });
  }
  const both = ["--epochs", "3", "--set", "training.epochs=3"];
  assert.throws(() => parseLthOptions(both), /--set training\.epochs and --epochs for the same/);
  const twice = ["--set", "training.beta2=0.9", "--set", "training.beta2=0.8"];
  assert.throws(() => parseLthOptions(twice), /--set training\.beta2 and --set for the same/);
});

Deno.test("settings of a group or a kind that is not there are refused with what they need", () => {
  const quick = presetConfig("quick", "cpu");
  const cases: [string, RegExp][] = [
    ["pruning.schedule.alpha=1.2", /with the pruning schedule fixed: only sahu has one$/],
    [
      "training.schedule.floor=0.1",
      /with the schedule step: only cosine, linear and one-cycle have/,
    ],
    ["training.earlyStopping.minEpochs=2", /without --early-stop: /],
    ["training.augment.bursts.seconds=1", /without .*perSecond|without --bursts/],
    ["folds.seed=3", /Cannot use --set folds\.seed without --folds: /],
  ];
  for (const [text, message] of cases) {
    assert.throws(() => changed(quick, ["--set", text]), message);
  }
});

Deno.test("off takes away what can be absent", () => {
  const quick = presetConfig("quick", "cpu");
  const all = ["--wander", "0,1", "--noise", "0,1", "--masks", "1,1", "--early-stop", "3"];
  const some = changed(quick, [...all, "--order-seed", "4", "--target", "3"]);
  const off = ["--wander", "off", "--noise", "off", "--masks", "off", "--early-stop", "off"];
  const none = changed(some, [...off, "--order-seed", "none", "--target", "none", "--rounds", "4"]);
  assert.deepEqual(none, quick);
});

Deno.test("--set alone knows every setting, and a command may have it without the flags", () => {
  const command = addSetOption(createCommand("x", "y"));
  command.parse(["--set", "training.beta2=0.5", "--set", "seed=3"], { from: "user" });
  assert.deepEqual(optionsOfCommand(command), { seed: 3, set: { "training.beta2": 0.5 } });
  assert.ok(settingOptions("loss").some(({ long }) => long === "--focal"));
  assert.equal(leafAt("training.beta3"), undefined);
});

Deno.test("an entry that lacks its label, its help or a default of its type does not type-check", () => {
  // @ts-expect-error There is no help.
  setting(number(), { label: "X", default: 1 });
  // @ts-expect-error There is no label.
  setting(number(), { help: "x", default: 1 });
  // @ts-expect-error A number's default is a number.
  setting(number(), { label: "X", help: "x", default: "1" });
  // @ts-expect-error A flag begins with two dashes.
  setting(number(), { label: "X", help: "x", flag: "-x <n>", default: 1 });
  // @ts-expect-error There is no such heading.
  group({ x: setting(number(), { label: "X", help: "x", default: 1 }) }, "elsewhere");
  // @ts-expect-error Types follow from the schema: there is no such flag.
  const overrides: Overrides = { epoch: 3 };
  // @ts-expect-error A flag has its setting's type.
  const wrong: Overrides = { epochs: "3" };
  // @ts-expect-error There is no such setting.
  const unknown = (config: Config) => config.training.beta3;
  // @ts-expect-error A configuration has all settings.
  const partly: Config["training"]["loss"] = { focal: 0, labelSmoothing: 0 };
  assert.ok(overrides && wrong && partly && typeof unknown === "function");
});
