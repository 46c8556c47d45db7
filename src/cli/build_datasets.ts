/**
 * `deno task build-datasets`: makes manifests and the packed cache from recordings and labels.
 *
 * @module
 */
import { Option } from "commander";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { buildDataset, type BuildOptions } from "../data/build.ts";
import { classMap } from "../data/classes.ts";
import { downloadChallenge, OFFICIAL_URL } from "../data/download.ts";
import { SAMPLE_RATE } from "../data/format.ts";
import { CINC2017 } from "../data/named/cinc2017.ts";
import { NAMED, namedDataset } from "../data/named/list.ts";
import type { NamedDataset } from "../data/named/named_dataset.ts";
import type { SplitOptions } from "../data/split.ts";
import { createCommand, integer, number, refuseFile, runMain } from "./command.ts";
import { defaultLabels, LABELS } from "./default_labels.ts";
import { datasetTable } from "./dataset_table.ts";
import { addReadingOptions, type ReadingFlags, readingOptionsOf } from "./reading_options.ts";

interface Options extends ReadingFlags {
  dataset?: string;
  source?: string;
  labels?: string;
  idColumn?: string;
  labelColumn?: string;
  group?: string;
  map?: string[];
  split?: "stratified" | "awni" | "published";
  dev?: number;
  test?: number;
  seed: number;
  targetRate: number;
  out: string;
  download?: boolean;
  url: string;
  skipBad?: boolean;
}

const STRATIFIED_TEST = 0.1;
const DEV = 0.1;

function command() {
  const names = NAMED.map(({ name }) => name);
  const command = createCommand(
    "build-datasets",
    "Make a data set from recordings and their labels",
  )
    .addOption(
      new Option("--dataset <name>", "a published data set, read as its description says")
        .choices(names),
    )
    .option(
      "--source <folder>",
      `recordings: MATLAB, WFDB, EDF or text files, in any folders below it (default: ${CINC2017.source}, or as --dataset says)`,
    )
    .option("--labels <file>", `id,label lines (default: ${LABELS} beside or inside the source)`)
    .option("--id-column <column>", "name or number of the label file's column of ids")
    .option("--label-column <column>", "name or number of the label file's column of labels")
    .option(
      "--group <column|pattern>",
      "records that must stay on one side of the split, e.g. those of a patient: a column of the " +
        "label file, or a regular expression on ids whose first parenthesis is the group",
    )
    .option("--map <label=class...>", "class of a label; several labels can map to one class")
    .addOption(
      new Option(
        "--split <method>",
        "how to split (default: stratified, or published where --dataset has folds)",
      ).choices(["stratified", "awni", "published"]),
    )
    .option(
      "--dev <fraction>",
      `fraction of records held out for development (default: ${DEV})`,
      number(0, 0.99),
    )
    .option(
      "--test <fraction>",
      `fraction of records held out for the test (default: ${STRATIFIED_TEST}; awni has none)`,
      number(0, 0.99),
    )
    .option("--seed <number>", "seed of the split", integer(0), 2018)
    .option(
      "--target-rate <hz>",
      "samples per second of the data set, which the network is trained on",
      integer(50, 2000),
      SAMPLE_RATE,
    )
    .option("--out <folder>", "folder to write the data set to", "data")
    .option("--skip-bad", "leave bad recordings out and list them in dataset.json")
    .option("--download", "first fetch PhysioNet/CinC 2017 (about 100 MB) if it is not there")
    .option("--url <address>", "where --download fetches from", OFFICIAL_URL);
  return addReadingOptions(command, { force: "also take recordings that are not a plausible ECG" });
}

async function main(args: string[]): Promise<void> {
  const options = command().parse(args, { from: "user" }).opts<Options>();
  const dataset = options.dataset === undefined ? undefined : namedDataset(options.dataset);
  const source = options.source ?? (dataset ?? CINC2017).source;
  refuseFile(options.out, "write the data set");
  if (options.download) await download(options, { dataset, source });
  const description = buildDataset(buildOptions(options, { dataset, source }));
  for (const { what, recordings } of description.reading?.assumed ?? []) {
    console.error(`Assumed for ${recordings} of ${description.records} recordings: ${what}`);
  }
  for (const note of description.notes ?? []) console.error(`note: ${note}`);
  for (const warning of description.warnings ?? []) console.error(`warning: ${warning}`);
  console.log(datasetTable(description, options.out));
}

interface What {
  dataset: NamedDataset | undefined;
  source: string;
}

function buildOptions(options: Options, { dataset, source }: What): BuildOptions {
  const { idColumn, labelColumn, group } = options;
  if (dataset && (idColumn ?? labelColumn) !== undefined) {
    throw new UsageError(
      `--dataset ${dataset.name} says which columns hold ids and labels: leave out --id-column and ` +
        "--label-column, or --dataset",
    );
  }
  const reading = readingOptionsOf(options);
  const columns = { id: idColumn, label: labelColumn };
  return {
    source,
    labels: options.labels ?? (dataset ? undefined : defaultLabels(source, columns)),
    ...(dataset ? { dataset } : {}),
    columns,
    group,
    map: classMap(options.map ?? []),
    ...reading,
    rate: reading.rate ?? dataset?.rate,
    lead: reading.lead ?? dataset?.lead,
    targetRate: options.targetRate,
    force: options.force,
    out: options.out,
    split: splitOptions(options, dataset),
    skipBad: options.skipBad ?? false,
  };
}

/** The split to make: the published one if the data set has one and no option asks for another. */
function splitOptions(options: Options, dataset: NamedDataset | undefined): SplitOptions {
  const { dev, test, seed } = options;
  const drawn = dev !== undefined || test !== undefined;
  const method = options.split ?? (dataset?.split && !drawn ? "published" : "stratified");
  if (method !== "published") {
    const share = test ?? (method === "awni" ? 0 : STRATIFIED_TEST);
    return { method, dev: dev ?? DEV, test: share, seed };
  }
  if (!dataset?.split) {
    const having = NAMED.filter(({ split }) => split).map(({ name }) => name).join(", ");
    throw new UsageError(
      `There is no published split of ${dataset?.name ?? "recordings of your own"}: ` +
        `--split published is for --dataset ${having}`,
    );
  }
  if (drawn) {
    throw new UsageError(
      "--dev and --test draw a split, and --split published does not: leave one of them out",
    );
  }
  return dataset.split;
}

async function download(options: Options, { dataset, source }: What): Promise<void> {
  if (dataset && dataset !== CINC2017) {
    throw new UsageError(
      `Cannot download ${dataset.name} automatically: get it from ${dataset.home} and name its folder ` +
        "with --source",
    );
  }
  const labels = options.labels ?? path.join(path.dirname(source), LABELS);
  await downloadChallenge({ url: options.url, source, labels });
}

if (import.meta.main) await runMain(main);
