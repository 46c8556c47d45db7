/**
 * `deno task export`: writes a ticket or a finished round for other programs.
 *
 * @module
 */
import type { Command } from "commander";
import * as path from "node:path";
import { crossValidated } from "../compare/cross_validation.ts";
import { UsageError } from "../core/errors.ts";
import { writeFilesAtomic, writeFolderAtomic } from "../core/files.ts";
import { runDirectory } from "../core/paths.ts";
import { resumeCommand } from "../core/resume_command.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import type { ExportFlag } from "../export/exporter.ts";
import { exporterOf, type Format, FORMATS } from "../export/registry.ts";
import { footprintOf } from "../ticket/footprint.ts";
import { openRound } from "../ticket/open_round.ts";
import { CROSS_VALIDATION } from "../ticket/cross_validation.ts";
import { describeDecision, type Ticket } from "../ticket/ticket.ts";
import { metricsOf } from "../ticket/ticket_of_run.ts";
import { DEFAULT_TICKET, openTicket, TICKET_ENDING } from "../ticket/ticket_file.ts";
import { createCommand, integer, runMain } from "./command.ts";

interface ExportOptions {
  readonly ticket?: string;
  readonly run?: string;
  readonly round?: number;
  readonly data?: string;
  readonly crossValidation?: string[];
  readonly format: Format;
  readonly out?: string;
  readonly licence?: string;
}

/** The command; tests start it with arguments of their own. */
export function main(args: string[]): Promise<void> {
  const command = createCommand("export", "Write a ticket or a finished round for other programs.")
    .option("--ticket <file>", "ticket file (default, without --run: the one that ships)")
    .option("--run <name>", "name of a run below checkpoints/, or path to its directory");
  addOptions(command, "with --run", OF_A_RUN);
  command
    .requiredOption("--format <format>", FORMATS.join(", "))
    .option("--out <file>", "file or folder to write (default: in the run's directory, or here)");
  for (const format of FORMATS) addOptions(command, format, exporterOf(format).flags);
  command.parse(args, { from: "user" });
  const options = command.opts<ExportOptions & Record<string, unknown>>();
  const own = checkOptions(options);
  const { ticket, dataset, folder, base } = open(options);
  const exporter = exporterOf(options.format);
  const isFolder = exporter.isFolder?.(own) ?? false;
  const ending = isFolder ? "" : exporter.ending;
  const file = path.resolve(
    options.out ?? path.join(folder, exporter.defaultName(base, own) + ending),
  );
  if (!file.endsWith(ending)) {
    throw new UsageError(
      `--out ${options.out} must end in ${ending} for --format ${options.format}`,
    );
  }
  const stem = file.slice(0, file.length - ending.length);
  const name = path.basename(stem);
  const { files, lines } = exporter.encode({ ticket, dataset, options: own, name });
  const placed = files.map(([end, contents]) =>
    [isFolder ? path.join(file, end) : stem + end, contents] as const
  );
  if (isFolder) writeFolderAtomic(file, files);
  else writeFilesAtomic(placed);
  const { kept, weights } = footprintOf(ticket.network, ticket.normalisation.rate);
  const { run, round } = ticket.provenance;
  const count = (n: number) => n.toLocaleString("en");
  console.log(`${run}, round ${round}: ${count(kept)} of ${count(weights)} weights`);
  for (const [written, contents] of placed) {
    const { length } = typeof contents === "string" ? new TextEncoder().encode(contents) : contents;
    console.log(`${written}: ${count(length)} bytes`);
  }
  for (const line of lines) console.log(line);
  console.log(describeDecision(ticket));
  return Promise.resolve();
}

/** Options that go with a run alone. */
const OF_A_RUN = {
  round: {
    flags: "--round <k>",
    help: "finished round (default: the last one)",
    parse: integer(0),
  },
  data: { flags: "--data <dir>", help: "folder of the run's data set, if it was moved" },
  crossValidation: {
    flags: "--cross-validation <runs...>",
    help: "finished runs of all folds; the ticket states their score",
  },
  licence: {
    flags: "--licence <text>",
    help: "licence of the data, if the program does not know it",
  },
} satisfies Partial<Record<keyof ExportOptions, ExportFlag>>;

/** Adds options of one source or one format, which their help names first. */
function addOptions(
  command: Command,
  of: string,
  flags: Readonly<Record<string, ExportFlag>>,
): void {
  for (const { flags: own, help, parse } of Object.values(flags)) {
    const text = `${of}: ${help}`;
    if (parse) command.option(own, text, parse);
    else command.option(own, text);
  }
}

/** "--round" of an option. */
function nameOf({ flags }: ExportFlag): string {
  return flags.split(" ")[0]!;
}

/**
 * The options of the chosen format.
 *
 * @throws {UsageError} For an option of another format, or of the other source (--ticket or --run).
 */
function checkOptions(options: ExportOptions & Record<string, unknown>): Record<string, unknown> {
  const { format, run, ticket } = options;
  if (!FORMATS.includes(format)) {
    throw new UsageError(
      `--format must be one of ${FORMATS.join(", ")}, got ${JSON.stringify(format)}`,
    );
  }
  for (const other of FORMATS) {
    for (const [name, flag] of Object.entries(exporterOf(other).flags)) {
      if (options[name] === undefined || name in exporterOf(format).flags) continue;
      throw new UsageError(`${nameOf(flag)} goes with --format ${other}, not with ${format}`);
    }
  }
  if (run !== undefined && ticket !== undefined) {
    throw new UsageError("--ticket and --run both name what to export: give one of them");
  }
  for (const [name, flag] of Object.entries(OF_A_RUN)) {
    if (options[name] === undefined || run !== undefined) continue;
    throw new UsageError(`${nameOf(flag)} goes with --run: a ticket has its own`);
  }
  const own = Object.keys(exporterOf(format).flags)
    .flatMap((name) => options[name] === undefined ? [] : [[name, options[name]]]);
  return Object.fromEntries(own);
}

/** What to export, and the default folder and file name. */
function open(
  { run, round, data, licence, crossValidation, ticket: file }: ExportOptions,
): { ticket: Ticket; dataset?: LoadedDataset; folder: string; base: string } {
  if (run === undefined) {
    const base = path.basename(file ?? DEFAULT_TICKET, TICKET_ENDING);
    return { ticket: openTicket(file), folder: ".", base };
  }
  const { ticket, dataset, summary } = openRound(run, { round, data, licence });
  if (crossValidation) {
    if (summary === null) {
      throw new UsageError(
        `Cannot use the cross-validation: ${run} has no summary.json; finish it with ${
          resumeCommand(run)
        }`,
      );
    }
    const { train, dev, test } = dataset.splits;
    const scores = crossValidated(crossValidation, {
      summary,
      round: ticket.provenance.round,
      records: new Set([train, dev, test].flatMap(({ ids }) => ids)),
    });
    ticket.metrics[CROSS_VALIDATION] = metricsOf(scores, ticket.classes);
  }
  const base = `round-${String(ticket.provenance.round).padStart(3, "0")}`;
  return { ticket, dataset, folder: path.join(runDirectory(run), "export"), base };
}

if (import.meta.main) await runMain(main);
