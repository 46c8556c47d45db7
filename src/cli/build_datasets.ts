/**
 * `deno task build-datasets`: recordings and labels in, manifests and the packed cache out.
 *
 * @module
 */
import { Option } from "commander";
import * as fs from "node:fs";
import * as path from "node:path";
import { buildDataset } from "../data/build.ts";
import { downloadChallenge, OFFICIAL_URL } from "../data/download.ts";
import { SAMPLE_RATE } from "../data/format.ts";
import { createCommand, integer, number, runMain } from "./command.ts";
import { datasetTable } from "./dataset_table.ts";
import { addReadingOptions, type ReadingFlags, readingOptionsOf } from "./reading_options.ts";

interface Options extends ReadingFlags {
  source: string;
  labels?: string;
  split: "stratified" | "awni";
  dev: number;
  test?: number;
  seed: number;
  targetRate: number;
  out: string;
  download?: boolean;
  url: string;
  skipBad?: boolean;
}

const LABELS = "REFERENCE-v3.csv";
const STRATIFIED_TEST = 0.1;

function command() {
  const command = createCommand(
    "build-datasets",
    "Make a data set from recordings and their labels",
  )
    .option(
      "--source <folder>",
      "recordings: MATLAB, WFDB, EDF or text files",
      "data/training2017",
    )
    .option("--labels <file>", `id,label lines (default: ${LABELS} beside or inside the source)`)
    .addOption(
      new Option("--split <method>", "how to split").choices(["stratified", "awni"])
        .default("stratified"),
    )
    .option("--dev <fraction>", "part that is held out for development", number(0, 0.99), 0.1)
    .option(
      "--test <fraction>",
      `part that is held out for the test (default: ${STRATIFIED_TEST}; awni has none)`,
      number(0, 0.99),
    )
    .option("--seed <number>", "seed of the split", integer(0), 2018)
    .option(
      "--target-rate <hz>",
      "samples per second of the data set: what the network sees",
      integer(50, 2000),
      SAMPLE_RATE,
    )
    .option("--out <folder>", "where the data set goes", "data")
    .option("--skip-bad", "leave bad recordings out and list them in dataset.json")
    .option("--download", "first fetch PhysioNet/CinC 2017 (about 100 MB) if it is not there")
    .option("--url <address>", "where --download fetches from", OFFICIAL_URL);
  return addReadingOptions(command, { force: "take recordings that are no plausible ECG, too" });
}

async function main(args: string[]): Promise<void> {
  const options = command().parse(args, { from: "user" }).opts<Options>();
  if (options.download) {
    const labels = options.labels ?? path.join(path.dirname(options.source), LABELS);
    await downloadChallenge({ url: options.url, source: options.source, labels });
  }
  const test = options.test ?? (options.split === "awni" ? 0 : STRATIFIED_TEST);
  const description = buildDataset({
    source: options.source,
    labels: options.labels ?? defaultLabels(options.source),
    ...readingOptionsOf(options),
    targetRate: options.targetRate,
    force: options.force,
    out: options.out,
    split: { method: options.split, dev: options.dev, test, seed: options.seed },
    skipBad: options.skipBad ?? false,
  });
  for (const { what, recordings } of description.reading?.assumed ?? []) {
    console.error(`Assumed for ${recordings} of ${description.records} recordings: ${what}`);
  }
  console.log(datasetTable(description, options.out));
}

function defaultLabels(source: string): string {
  const beside = path.join(path.dirname(source), LABELS);
  const inside = path.join(source, LABELS);
  return fs.existsSync(beside) || !fs.existsSync(inside) ? beside : inside;
}

if (import.meta.main) await runMain(main);
