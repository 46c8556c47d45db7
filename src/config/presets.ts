/**
 * Named starting points of a configuration, as differences from the defaults of the schema.
 *
 * @module
 */
import { defaultPrecision } from "../addon/select.ts";
import { PRESET_NAMES, type PresetName } from "./choices.ts";
import { type Config, parseConfig, type WrittenConfig } from "./config.ts";
import { defaultsOf } from "./paths.ts";
import { isRecord } from "../core/records.ts";
import type { PatchOf } from "./setting.ts";
import { SETTINGS } from "./settings/settings.ts";

/** Chosen on dev with 8 filters; docs/recipe.md has the evidence and its limits. */
const RECIPE = {
  learningRate: 2e-3,
  schedule: { kind: "cosine", floor: 0.01 },
  warmup: 1,
  optimizer: "adamw",
  weightDecay: 0.05,
  dropoutRounds: "first",
  augment: { stretch: [0.85, 1.18], amplitude: [0.5, 2] },
} as const satisfies PatchOf<typeof SETTINGS>["training"];

const PATCHES: Record<PresetName, PatchOf<typeof SETTINGS>> = {
  /** The bundled sample and a quarter of the filters; it takes minutes on two cores. */
  quick: {
    data: "sample",
    pruning: { rounds: 4, schedule: { fraction: 0.5 } },
    // 400 updates of a narrow network underfit: dropout only slows them.
    network: { filters: 8, dropout: 0 },
    training: { epochs: 15, batchSize: 16, learningRate: 2e-3, schedule: { factor: 0.2 } },
  },
  /** The whole data set and a network that fits a small device; it takes hours on two cores. */
  wearable: {
    mode: "lr-rewind",
    pruning: { rounds: 5, schedule: { fraction: 0.6 } },
    network: { filters: 8 },
    training: { ...RECIPE, epochs: 12 },
  },
  /** The full study: the whole data set and the full-width network, to 1/142 of the weights and beyond. */
  cinc2017: { training: { ...RECIPE, epochs: 20 } },
};

/** Settings of a new run by preset. */
export const PRESETS: Readonly<Record<PresetName, Config>> = Object.fromEntries(
  PRESET_NAMES.map((name) => [
    name,
    parseConfig(
      patched(defaultsOf(SETTINGS), { preset: name, ...PATCHES[name] }),
      `preset ${name}`,
    ),
  ]),
) as Record<PresetName, Config>;

/** The configuration of a new run with a preset. */
export function presetConfig(name: PresetName, backend: Config["backend"]): Config {
  const written: WrittenConfig = {
    ...PRESETS[name],
    backend,
    precision: defaultPrecision(backend),
  };
  return parseConfig(written, `preset ${name}`);
}

/** `value` with the changes in `patch`; a list, or a group of another kind, is replaced as a whole. */
function patched(value: unknown, patch: unknown): unknown {
  if (!isRecord(value) || !isRecord(patch)) return patch;
  if (patch["kind"] !== undefined && patch["kind"] !== value["kind"]) return patch;
  const changed = Object.entries(patch).map(([key, change]) => [key, patched(value[key], change)]);
  return { ...value, ...Object.fromEntries(changed) };
}
