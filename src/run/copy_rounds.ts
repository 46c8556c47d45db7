/**
 * Copies finished rounds of one run into another.
 *
 * @module
 */
import * as fs from "node:fs";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { RunStore } from "./run_store.ts";

/** The files of a finished round. The marker is last, as when a round finishes here. */
const FILES = ["mask", "kernels", "end", "metrics", "predictions", "scores", "done"] as const;

/**
 * Copies the rewind point and finished rounds of `source` into `store`, which has none of them yet. The
 * files are the ones that training there would have written, except for times. All files are checked
 * first; nothing is copied if one is damaged.
 *
 * @throws {Failure} If a file is damaged or cannot be written.
 */
export function copyRounds(
  source: RunStore,
  { store, rounds }: { store: RunStore; rounds: readonly number[] },
): void {
  source.checkFinished(rounds);
  source.loadRewindPoint(); // throws if it is damaged
  for (const round of rounds) source.loadEnd(round);
  // The dense round has no mask, and on most backends no round has kernels.
  const copy = (file: string, target: string) => {
    if (fs.existsSync(file)) store.writer.file(target, fs.readFileSync(file));
  };
  copy(runFiles.rewind(source.directory), runFiles.rewind(store.directory));
  for (const round of rounds) {
    const [there, here] = [source, store].map(({ directory }) => runFiles.round(directory, round));
    for (const name of FILES) copy(roundFiles[name](there!), roundFiles[name](here!));
  }
  store.removeLatest(); // it belongs to a round that was begun here
  const timing = source.loadTiming().rounds.filter(({ round }) => rounds.includes(round));
  store.saveTiming({ rounds: timing });
}
