/**
 * Chooses when to kill a run: after a time, while a file is being written, or at a point of its progress.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { roundFiles, runFiles } from "../../src/core/paths.ts";
import type { Rng } from "../../src/core/rng.ts";

/** Waits for a moment of a running run, or for `over`, which resolves when the run has ended. */
export type Moment = (run: string, over: Promise<void>) => Promise<void>;

const LOOK_MS = 2;

/** Files of a run. A kill may wait until one of them is being written. */
const WRITTEN = [
  ...["config.json", "environment.json", "rewind.safetensors", "latest.safetensors"],
  ...["mask.safetensors", "end.safetensors", "metrics.csv", "predictions.csv", "scores.json"],
  ...["DONE", "summary.json", "timing.json", "report.html"],
];

/**
 * A random moment in the first 70 % of a run of the given duration, or earlier if a random one of its files is
 * written before; then some milliseconds more.
 */
export function randomMoment(rng: Rng, seconds: number): Moment {
  const delay = 1000 * seconds * rng.next() * 0.7;
  const file = rng.integer(2) === 0 ? null : WRITTEN[rng.integer(WRITTEN.length)]!;
  // After a report, or after the last file of a round, the pruning of the next round begins.
  const pause = rng.integer(file === "report.html" || file === "timing.json" ? 100 : 4);
  return async (run, over) => {
    const late = timeOut(delay);
    const end = Promise.race([late.over, over]);
    await Promise.race([file === null ? end : written(file, { run, until: end }), end]);
    late.stop();
    await wait(pause);
  };
}

/** Points of progress of a run with masks in round 1: for each of several runs, an early and a later one. */
export const SPREAD: readonly (readonly [Moment, Moment])[] = [
  [savedTimes(2), there((run) => roundFiles.end(runFiles.round(run, 1)))],
  [
    there((run) => roundFiles.end(runFiles.round(run, 0))),
    there((run) => roundFiles.mask(runFiles.round(run, 1))),
  ],
  [there(runFiles.rewind), savedTimes(3)],
  [there((run) => roundFiles.done(runFiles.round(run, 0))), savedTimes(1)],
];

/** The same for runs whose round 1 is their first. */
export const SPREAD_OF_ONE_ROUND: readonly (readonly [Moment, Moment])[] = [
  [savedTimes(4), there((run) => roundFiles.end(runFiles.round(run, 1)))],
  [there((run) => roundFiles.mask(runFiles.round(run, 1))), savedTimes(6)],
  [there(runFiles.rewind), savedTimes(3)],
];

/** The moment when a file exists. */
function there(file: (run: string) => string): Moment {
  return (run, over) => until(() => fs.existsSync(file(run)), over);
}

/** The moment when the state within a round has been saved a number of times. */
export function savedTimes(count: number): Moment {
  return (run, over) => {
    const stamp = () => fs.statSync(runFiles.latest(run), { throwIfNoEntry: false })?.ino ?? 0;
    let [last, seen] = [stamp(), 0];
    return until(() => {
      const now = stamp();
      if (now !== last && now !== 0) seen++;
      last = now;
      return seen >= count;
    }, over);
  };
}

/** Waits until `reached` holds, checked every two milliseconds, or until `over`. */
export async function until(reached: () => boolean, over: Promise<void>): Promise<void> {
  let ended = false;
  over.then(() => ended = true);
  while (!ended && !reached()) await wait(LOOK_MS);
}

/** Waits a number of milliseconds. */
export function wait(milliseconds: number): Promise<void> {
  return new Promise((done) => setTimeout(done, milliseconds));
}

function timeOut(milliseconds: number): { over: Promise<void>; stop: () => void } {
  let stop = () => {};
  const over = new Promise<void>((done) => {
    const timer = setTimeout(done, milliseconds);
    stop = () => {
      clearTimeout(timer);
      done();
    };
  });
  return { over, stop };
}

/** Waits until a file of this name is being written below `run`. */
async function written(
  file: string,
  { run, until }: { run: string; until: Promise<void> },
): Promise<void> {
  const watcher = watch(run);
  if (watcher === null) return await until;
  until.then(() => watcher.close());
  for await (const { paths } of watcher) {
    if (paths.some((each) => path.basename(each).startsWith(`.${file}.`))) return;
  }
}

/** A watcher of a directory; null if it fails because files appear or disappear while it is set up. */
function watch(directory: string): Deno.FsWatcher | null {
  for (let attempt = 0; attempt < 10; attempt++) {
    try {
      return Deno.watchFs(directory);
    } catch {
      // Again: it lists the folder first.
    }
  }
  return null;
}
