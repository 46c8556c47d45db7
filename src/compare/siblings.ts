/**
 * Finds the replicates of a run in the directory that contains the run.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { runDirectory, runFiles } from "../core/paths.ts";
import { controlPolicy, trainsOn } from "../config/controls.ts";
import type { Summary } from "../results/summary.ts";
import { hasSummary, readSummary } from "../results/read.ts";
import { methodKey, setting } from "./method.ts";
import { compareText } from "./run.ts";

/**
 * Summaries of the runs beside `directory` that differ from it only in their seed, ordered by name. Runs that
 * cannot be read are left out.
 */
export function replicatesOf(directory: string, summary: Summary): Summary[] {
  const parent = path.dirname(path.resolve(directory));
  const own = path.basename(path.resolve(directory));
  return fs.readdirSync(parent).sort(compareText)
    .filter((name) => name !== own && hasSameSettings(path.join(parent, name), summary))
    .flatMap((name) => {
      try {
        const other = readSummary(path.join(parent, name));
        const same = other.dataset.sha256 === summary.dataset.sha256 &&
          JSON.stringify(other.classes) === JSON.stringify(summary.classes);
        return same ? [other] : [];
      } catch {
        return [];
      }
    });
}

/**
 * The directory of a complete control beside `directory` that trained its dense network on. Of several, the
 * one with the most rounds is taken. Runs that cannot be read are left out.
 */
export function continuedBeside(directory: string): string | null {
  const parent = path.dirname(path.resolve(directory));
  const own = path.basename(path.resolve(directory));
  const found = fs.readdirSync(parent).sort(compareText).flatMap((name) => {
    const other = path.join(parent, name);
    if (name === own || !isContinuedOf(other, path.resolve(directory))) return [];
    try {
      const { complete, rounds } = readSummary(other);
      return complete ? [{ other, rounds: rounds.length }] : [];
    } catch {
      return [];
    }
  });
  return found.sort((a, b) => b.rounds - a.rounds)[0]?.other ?? null;
}

function isContinuedOf(other: string, directory: string): boolean {
  if (!fs.existsSync(runFiles.config(other)) || !hasSummary(other)) {
    return false;
  }
  try {
    const { control } = JSON.parse(fs.readFileSync(runFiles.config(other), "utf8"));
    if (!control || !trainsOn(controlPolicy(control.kind))) return false;
    return control.base === path.basename(directory) ||
      path.resolve(control.base) === directory || runDirectory(control.base) === directory;
  } catch {
    return false;
  }
}

/** Compares the configuration first: it is small, while a summary may be large. */
function hasSameSettings(directory: string, { config, mode, control }: Summary): boolean {
  if (!fs.existsSync(runFiles.config(directory)) || !hasSummary(directory)) {
    return false;
  }
  try {
    const other = JSON.parse(fs.readFileSync(runFiles.config(directory), "utf8"));
    const theirs = { summary: { config: other, mode: other.mode }, control: other.control ?? null };
    return methodKey(theirs) === methodKey({ summary: { config, mode }, control }) &&
      setting(other, "seed") !== setting(config, "seed") &&
      setting(other, "folds.fold") === setting(config, "folds.fold");
  } catch {
    return false;
  }
}
