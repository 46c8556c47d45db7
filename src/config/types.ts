/**
 * The types that follow from the schema.
 *
 * @module
 */
import type { FlagsOf, ValueOf, WrittenOf } from "./setting.ts";
import type { SETTINGS } from "./settings/settings.ts";

/** A resolved configuration. */
export type Config = ValueOf<typeof SETTINGS>;
/** One as it may be written: what files of before lack can be left out. */
export type WrittenConfig = WrittenOf<typeof SETTINGS>;
/** The settings of a round's training. */
export type TrainingSettings = Config["training"];

/** What a command line says about settings; undefined where it says nothing. */
export interface Overrides extends FlagsOf<typeof SETTINGS> {
  /** Compression to reach in a single round: a short form for three settings of pruning. */
  oneShot?: number | undefined;
  /** Settings without a flag, by path. */
  set?: Readonly<Record<string, unknown>> | undefined;
}
