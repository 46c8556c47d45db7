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

/** The data set that a configuration names, with its splits or folds. */
export function openDataset(config: Config): LoadedDataset {
  const dataset = readDataset(config);
  return config.folds === null ? dataset : foldOf(dataset, config.folds);
}

function readDataset(config: Config): LoadedDataset {
  if (config.data === "sample") return loadDataset(ensureSampleDataset());
  const directory = path.resolve(ROOT, config.data);
  if (!fs.existsSync(directory) || (directory === DATA && !hasDataset(directory))) {
    throw new UsageError(
      `Cannot open the data set ${config.data}: run \`deno task build-datasets\` first, or use ` +
        `--data sample`,
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
