/**
 * The types that follow from the schema.
 *
 * @module
 */
import type { FlagsOf, ValueOf, WrittenOf } from "./setting.ts";
import type { SETTINGS } from "./settings/settings.ts";

/** A resolved configuration. */
export type Config = ValueOf<typeof SETTINGS>;
/** A configuration as a file may hold it: settings that older files lack can be left out. */
export type WrittenConfig = WrittenOf<typeof SETTINGS>;
/** The settings of a round's training. */
export type TrainingSettings = Config["training"];

/** The settings that a command line gives; undefined if it does not give one. */
export interface Overrides extends FlagsOf<typeof SETTINGS> {
  /** Compression to reach in a single round: a short form for three settings of pruning. */
  oneShot?: number | undefined;
  /** Settings without a flag, by path. */
  set?: Readonly<Record<string, unknown>> | undefined;
}
