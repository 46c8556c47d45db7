/**
 * Opens the data set of a run.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Config } from "../config/config.ts";
import { UsageError } from "../core/errors.ts";
import { DATA, ROOT } from "../core/paths.ts";
import { loadDataset, type LoadedDataset } from "../data/dataset.ts";
import { foldOf } from "../data/folds.ts";
import { ensureSampleDataset } from "../data/sample.ts";

/** What a user can do about a data set that is not there: as the run begins, and when it was trained. */
export const MISSING = {
  build: "run `deno task build-datasets` first, or use --data sample",
  name: "the run was trained on it; name its folder with --data",
  restore: "the run was trained on it; build it again or move it back there",
} as const;

/**
 * The data set that a configuration names, with its splits or folds.
 *
 * @param missing End of the message if there is none, one of {@linkcode MISSING}.
 * @throws {UsageError} If there is none.
 */
export function openDataset(config: Config, missing: string = MISSING.build): LoadedDataset {
  const dataset = readDataset(config, missing);
  return config.folds === null ? dataset : foldOf(dataset, config.folds);
}

function readDataset(config: Config, missing: string): LoadedDataset {
  if (config.data === "sample") return loadDataset(ensureSampleDataset());
  const directory = path.resolve(ROOT, config.data);
  if (!fs.existsSync(directory) || (directory === DATA && !hasDataset(directory))) {
    throw new UsageError(`Cannot open the data set ${config.data}: ${missing}`);
  }
  if (!fs.statSync(directory).isDirectory()) {
    throw new UsageError(
      `Cannot open the data set ${config.data}: it is a file; name the folder that ` +
        "`deno task build-datasets` wrote",
    );
  }
  return loadDataset(directory);
}

function hasDataset(directory: string): boolean {
  return fs.existsSync(path.join(directory, "dataset.json"));
}

/** @throws {UsageError} If there are no training or no dev records. */
export function refuseUnusable(dataset: LoadedDataset): void {
  for (const name of ["train", "dev"] as const) {
    if (dataset.splits[name].lengths.length === 0) {
      throw new UsageError(
        `Cannot train on ${dataset.directory}: its ${name} split is empty; build it with a larger one`,
      );
    }
  }
}
