/**
 * The words that settings choose from.
 *
 * @module
 */

/**
 * How a round's kernels are chosen on a GPU: by timing, or by the density of each layer. The choice by
 * density is sometimes slower, but it is always the same, so runs with the same seed are bit-equal.
 */
export const KERNEL_CHOICES = ["timed", "density"] as const;

/** The optimisers of native/include/lth/backend.h. */
export const OPTIMIZERS = ["adam", "adamw", "sgd"] as const;

/** Named starting points of a configuration; presets.ts has their settings. */
export const PRESET_NAMES = ["quick", "wearable", "cinc2017"] as const;
export type PresetName = (typeof PRESET_NAMES)[number];
