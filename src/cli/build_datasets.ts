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
import type { Units } from "../data/recording.ts";
import { createCommand, integer, number, runMain } from "./command.ts";
import { datasetTable } from "./dataset_table.ts";

interface Options {
  source: string;
  labels?: string;
  split: "stratified" | "awni";
  dev: number;
  test?: number;
  seed: number;
  rate: number;
  units: Units | "auto";
  out: string;
  download?: boolean;
  url: string;
  skipBad?: boolean;
}

const LABELS = "REFERENCE-v3.csv";
const STRATIFIED_TEST = 0.1;

function command() {
  return createCommand("build-datasets", "Make a data set from recordings and their labels")
    .option("--source <folder>", ".mat (v4) or one-column .csv recordings", "data/training2017")
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
    .option("--rate <hertz>", "samples per second of the source", number(20, 100000), SAMPLE_RATE)
    .addOption(
      new Option("--units <unit>", "what the numbers of .csv recordings are")
        .choices(["auto", "raw", "mV"]).default("auto"),
    )
    .option("--out <folder>", "where the data set goes", "data")
    .option("--skip-bad", "leave bad recordings out and list them in dataset.json")
    .option("--download", "first fetch PhysioNet/CinC 2017 (about 100 MB) if it is not there")
    .option("--url <address>", "where --download fetches from", OFFICIAL_URL);
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
    rate: options.rate,
    units: options.units,
    out: options.out,
    split: { method: options.split, dev: options.dev, test, seed: options.seed },
    skipBad: options.skipBad ?? false,
  });
  console.log(datasetTable(description, options.out));
}

function defaultLabels(source: string): string {
  const beside = path.join(path.dirname(source), LABELS);
  const inside = path.join(source, LABELS);
  return fs.existsSync(beside) || !fs.existsSync(inside) ? beside : inside;
}

if (import.meta.main) await runMain(main);
