/**
 * Copies finished rounds of one run into another.
 *
 * @module
 */
import * as fs from "node:fs";
import { roundFiles, runFiles } from "../core/paths.ts";
import { ROUND_FILES } from "./round_seal.ts";
import type { RunStore } from "./run_store.ts";

/** Which rounds of a run are copied. */
export interface CopiedRounds {
  readonly rounds: readonly number[];
  /** Whether the rewind point is copied; if not, the copy has one of its own. */
  readonly rewindPoint?: boolean;
}

/** @throws {Failure} If a file of these finished rounds, the rewind point or the run's times are damaged. */
export function checkRounds(source: RunStore, { rounds, rewindPoint = true }: CopiedRounds): void {
  source.checkFinished(rounds);
  if (rewindPoint) source.loadRewindPoint();
  for (const round of rounds) source.loadEnd(round);
  source.loadTiming();
}

/**
 * Copies finished rounds of `source`, and its rewind point, into `store`, which has none of them yet, or
 * copies of them. The files are the ones that training there would have written, except for times. The caller
 * has checked them all ({@linkcode checkRounds}) before it writes anything.
 *
 * @throws {Failure} If a file cannot be written.
 */
export function copyRounds(
  source: RunStore,
  { store, rounds, rewindPoint = true }: CopiedRounds & { store: RunStore },
): void {
  // Not every round has all files.
  const copy = (file: string, target: string) => {
    if (fs.existsSync(file)) store.writer.file(target, fs.readFileSync(file));
  };
  if (rewindPoint) copy(runFiles.rewind(source.directory), runFiles.rewind(store.directory));
  for (const round of rounds) {
    const [there, here] = [source, store].map(({ directory }) => runFiles.round(directory, round));
    for (const name of ROUND_FILES) copy(roundFiles[name](there!), roundFiles[name](here!));
    store.seal(round);
  }
  store.removeLatest(); // it belongs to a round that was begun here
  const timing = source.loadTiming().rounds.filter(({ round }) => rounds.includes(round));
  store.saveTiming({ rounds: timing });
}
