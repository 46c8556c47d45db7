/**
 * `deno task export`: a finished round as a file for other programs.
 *
 * @module
 */
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { writeFileAtomic, writeFilesAtomic } from "../core/files.ts";
import { runDirectory, runFiles } from "../core/paths.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { readDescription } from "../data/description.ts";
import { parseConfig } from "../config/config.ts";
import { RunStore } from "../run/run_store.ts";
import { hasSummary, readSummary } from "../results/read.ts";
import { openDataset } from "../run/dataset.ts";
import { cSource } from "../ticket/c_source.ts";
import { footprintOf } from "../ticket/footprint.ts";
import { onnxModel } from "../ticket/onnx.ts";
import { encodePytorch } from "../ticket/pytorch.ts";
import { roundingLoss } from "../predict/rounding_loss.ts";
import {
  CINC2017_LICENCE,
  describeDecision,
  ruleOf,
  temperatureOf,
  type Ticket,
} from "../ticket/ticket.ts";
import { encodeTicket, TICKET_ENDING } from "../ticket/ticket_file.ts";
import { ticketOfRound } from "../ticket/ticket_of_run.ts";
import { createCommand, integer, runMain } from "./command.ts";
import { decimals } from "./format.ts";

const FORMATS = ["ticket", "safetensors", "onnx", "c"] as const;
type Format = (typeof FORMATS)[number];

const ENDINGS: Readonly<Record<Format, string>> = {
  ticket: TICKET_ENDING,
  safetensors: ".safetensors",
  onnx: ".onnx",
  c: ".c",
};

interface ExportOptions {
  readonly run: string;
  readonly round?: number;
  readonly format: Format;
  readonly sparse?: true;
  readonly int8?: true;
  readonly out?: string;
  readonly name?: string;
  readonly licence?: string;
}

/** The command; tests start it with arguments of their own. */
export function main(args: string[]): Promise<void> {
  const command = createCommand("export", "Write a finished round for other programs.")
    .requiredOption("--run <name>", "name of a run below checkpoints/, or path to its directory")
    .option("--round <k>", "finished round (default: the last one)", integer(0))
    .requiredOption("--format <format>", FORMATS.join(", "))
    .option("--sparse", "safetensors: weights in compressed sparse rows instead of with zeros")
    .option("--int8", "c: 8-bit weights; the loss is measured on the run's test records")
    .option("--out <file>", "file to write (default: in the run's directory)")
    .option("--name <identifier>", "c: prefix of everything it declares (default: the file's name)")
    .option("--licence <text>", "licence of the data, where the program does not know it")
    .parse(args, { from: "user" });
  const options = command.opts<ExportOptions>();
  checkOptions(options);
  const { ticket, dataset } = openRound(options);
  if (options.format === "c" && ticket.flipAverage) {
    throw new UsageError(
      `Cannot export ${options.run} as C: its scores are of the mean over each record and its ` +
        `negative, and the C code sees the record alone; use --format ticket`,
    );
  }
  const file = path.resolve(options.out ?? defaultFile(ticket, options));
  if (options.out !== undefined && !file.endsWith(ENDINGS[options.format])) {
    throw new UsageError(
      `--out ${options.out} must end in ${ENDINGS[options.format]} for --format ${options.format}`,
    );
  }
  const lines = write(file, { ticket, dataset, options });
  const { kept, weights } = footprintOf(ticket.network, ticket.normalisation.rate);
  const { run, round } = ticket.provenance;
  console.log(
    `${run}, round ${round}: ${kept.toLocaleString("en")} of ${
      weights.toLocaleString("en")
    } weights`,
  );
  for (const line of lines) console.log(line);
  console.log(describeDecision(ticket));
  return Promise.resolve();
}

function checkOptions({ format, sparse, int8, name }: ExportOptions): void {
  if (!FORMATS.includes(format)) {
    throw new UsageError(
      `--format must be one of ${FORMATS.join(", ")}, got ${JSON.stringify(format)}`,
    );
  }
  if (sparse && format !== "safetensors") {
    throw new UsageError(`--sparse goes with --format safetensors, not with ${format}`);
  }
  if (name !== undefined && format !== "c") {
    throw new UsageError(`--name goes with --format c, not with ${format}`);
  }
  if (int8 && format !== "c") {
    throw new UsageError(`--int8 goes with --format c, not with ${format}`);
  }
}

function openRound(options: ExportOptions): { ticket: Ticket; dataset: LoadedDataset } {
  const directory = runDirectory(options.run);
  const store = new RunStore(directory);
  if (!store.exists()) {
    throw new UsageError(`Cannot export ${options.run}: there is no run in ${directory}`);
  }
  const config = parseConfig(store.savedConfig(), runFiles.config(directory));
  const dataset = openDataset(config);
  refuseOtherData(directory, dataset.sha256);
  const { revision } = readDescription(dataset.directory).labels;
  const licence = options.licence ??
    (revision === "own" ? "Not stated: the data are the user's own." : CINC2017_LICENCE);
  const { round } = options;
  const name = path.basename(directory);
  return { ticket: ticketOfRound({ store, name, config, dataset, round, licence }), dataset };
}

/** Normalisation and priors come from the data: they must be those of the training. */
function refuseOtherData(directory: string, sha256: string): void {
  if (!hasSummary(directory)) return;
  const { dataset } = readSummary(directory);
  if (dataset.sha256 === sha256) return;
  throw new UsageError(
    `Cannot export ${directory}: it was trained on data with sha256 ${dataset.sha256}, those there ` +
      `now have ${sha256}`,
  );
}

function defaultFile(ticket: Ticket, { run, format, sparse, name }: ExportOptions): string {
  const round = `round-${String(ticket.provenance.round).padStart(3, "0")}`;
  const base = format === "c" ? name ?? "ecg_ticket" : `${round}${sparse ? "-sparse" : ""}`;
  return path.join(runDirectory(run), "export", `${base}${ENDINGS[format]}`);
}

/** Writes the file or files. Returns what to say about them. */
function write(
  file: string,
  { ticket, dataset, options }: { ticket: Ticket; dataset: LoadedDataset; options: ExportOptions },
): string[] {
  if (options.format === "c") return writeC(file, { ticket, dataset, options });
  const bytes = encode(ticket, options);
  writeFileAtomic(file, bytes);
  return [`${file}: ${bytes.length.toLocaleString("en")} bytes`];
}

function encode(ticket: Ticket, { format, sparse }: ExportOptions): Uint8Array {
  const { network, normalisation, classes, priors, licence, provenance } = ticket;
  if (format === "ticket") return encodeTicket(ticket);
  const metadata = {
    classes: JSON.stringify(classes),
    priors: JSON.stringify(priors),
    decision: JSON.stringify(ruleOf(ticket)),
    temperature: String(temperatureOf(ticket)),
    deciding: describeDecision(ticket),
    ...(ticket.flipAverage ? { flipAverage: "true" } : {}),
    normalisation: JSON.stringify(normalisation),
    run: `${provenance.run}, round ${provenance.round}`,
    licence,
  };
  if (format === "onnx") return onnxModel(network, { normalisation, metadata });
  return encodePytorch(network, { sparse: sparse === true, metadata });
}

function writeC(
  file: string,
  { ticket, dataset, options }: { ticket: Ticket; dataset: LoadedDataset; options: ExportOptions },
): string[] {
  const name = options.name ?? path.basename(file, ".c");
  const weights = options.int8 ? "int8" : "fp32";
  const source = cSource(ticket, { name, weights });
  const header = file.replace(/\.c$/, ".h");
  writeFilesAtomic([[header, source.header], [file, source.code]]);
  const count = (n: number) => Math.round(n).toLocaleString("en");
  const lines = [
    `${file}, ${path.basename(header)}`,
    `tables ${count(source.romBytes)} bytes, state ${count(source.ramBytes)} bytes, ` +
    `${count(source.macsPerSecond)} multiplications per second of ECG`,
  ];
  if (options.int8) {
    const loss = roundingLoss(ticket, dataset);
    lines.push(
      `8-bit weights on ${loss.records} ${loss.split} records: ${loss.metric} ` +
        `${decimals(loss.exact)} -> ${decimals(loss.rounded)}, ${loss.changed} labels differ, ` +
        `logits by ${loss.largestDifference.toPrecision(2)} at most`,
    );
  }
  return lines;
}

if (import.meta.main) await runMain(main);
