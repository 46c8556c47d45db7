/**
 * `deno task predict`: labels recordings with a ticket.
 *
 * @module
 */
import process from "node:process";
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import { whatLiesAt, writeFileAtomic } from "../core/files.ts";
import { explainAll, explainAssumed, inOptions } from "../data/advice.ts";
import { BadRecord, listProblems, type Problem } from "../data/problem.ts";
import { assumedLines } from "../data/formats/assumptions.ts";
import type { Understood } from "../data/formats/reading.ts";
import { readRecording } from "../data/recording.ts";
import { listInputs } from "../predict/input.ts";
import { type LongRecord, longRecord } from "../predict/long_record.ts";
import { bridgedNotice, doubtNotice } from "../predict/notices.ts";
import { type JudgedRecord, predictionPage, refuseTooMany } from "../predict/prediction_page.ts";
import { Predictor, type RecordingPrediction } from "../predict/predictor.ts";
import { predictStream } from "../predict/stream.ts";
import { describeDecision } from "../ticket/ticket.ts";
import { DEFAULT_TICKET, openTicket } from "../ticket/ticket_file.ts";
import { createCommand, number, runMain } from "./command.ts";
import { hourTables } from "./hour_table.ts";
import { decimals, table } from "./format.ts";
import { addReadingOptions, type ReadingFlags, readingOptionsOf } from "./reading_options.ts";

interface PredictOptions extends ReadingFlags {
  readonly ticket?: string;
  readonly json?: true;
  readonly html?: string;
  readonly skipBad?: true;
  readonly window: number;
}

const SHOWN_STEPS = 60;

async function main(args: string[]): Promise<void> {
  const command = createCommand("predict", "Label single-lead ECG recordings with a ticket.")
    .argument(
      "<record...>",
      "recordings (MATLAB, WFDB, EDF, text), folders of them, or - for stdin",
    )
    .option("--ticket <file>", "ticket file (default: data/tickets/default.ticket.safetensors)")
    .option(
      "--json",
      "print JSON: one array, or one line per recording if there are several, or per answer with -",
    )
    .option("--html <file>", "also draw the recordings on millimetre paper, as one page")
    .option("--skip-bad", "leave out recordings that cannot be used and say so")
    .option(
      "--window <s>",
      "with -: seconds of signal that each label is based on",
      number(1, 600),
      30,
    )
    .addHelpText(
      "after",
      "\nWith -, whitespace-separated samples at the ticket's rate are read from standard input. After" +
        "\nevery step (256 samples of the ticket that ships) the label of the last --window seconds is" +
        "\nprinted. Not a medical device.",
    );
  addReadingOptions(command, { force: "do not warn about recordings that are not a plausible ECG" })
    .parse(args, { from: "user" });
  const options = command.opts<PredictOptions>();
  using predictor = new Predictor(openTicket(options.ticket));
  const isGiven = (name: string) => command.getOptionValueSource(name) === "cli";
  if (!command.args.includes("-")) {
    if (isGiven("window")) {
      throw new UsageError("--window is for standard input (-), not for files");
    }
    return predictFiles(predictor, command.args, options);
  }
  if (command.args.length > 1) {
    throw new UsageError("Standard input (-) cannot be mixed with files: name one or the other");
  }
  if (options.html !== undefined) {
    throw new UsageError("--html draws recordings from files, not standard input (-)");
  }
  if (options.skipBad) throw new UsageError("--skip-bad is for files, not for standard input (-)");
  if (options.force) throw new UsageError("--force is for files, not for standard input (-)");
  await answerStdin(predictor, options);
}

interface FilePrediction extends RecordingPrediction, Partial<LongRecord> {
  readonly record: string;
  /** Number of samples at the ticket's rate. */
  readonly samples: number;
  /** How the file was read. */
  readonly read: Omit<Understood, "assumed"> & {
    readonly assumed: readonly string[];
    readonly missing: number;
    readonly gaps: number;
  };
  /** Reasons to doubt that the recording is an ECG. */
  readonly warnings: readonly string[];
}

function predictFiles(predictor: Predictor, names: string[], options: PredictOptions): void {
  const { html } = options;
  const reading = readingOptionsOf(options);
  if (html !== undefined) refusePageName(html);
  const records = listInputs(names);
  const asLines = options.json === true && records.length > 1;
  const labelled = labelAll(predictor, records, { reading, asLines, isDrawn: html !== undefined });
  const { predictions, read, problems, drawn, seconds } = labelled;
  tellProblems(problems, { labelled: read.length, asLines, skipBad: options.skipBad === true });
  // Standard output carries only the table or the JSON.
  console.error(describeDecision(predictor.ticket));
  for (const line of notesOn(read, options)) console.error(line);
  if (html !== undefined) writePage(html, { predictor, drawn, seconds, options });
  if (!options.json) {
    console.log(asTable(predictor, predictions) + hourTables(predictions, stepOf(predictor)));
  } else if (!asLines) console.log(JSON.stringify(predictions, null, 2));
  if (html !== undefined) console.error(`Page: ${html}`);
}

/** What is kept of all recordings. */
interface Labelled {
  /** Empty if predictions are printed at once. */
  readonly predictions: FilePrediction[];
  /** What the notes need of every prediction. */
  readonly read: Pick<FilePrediction, "record" | "read" | "warnings">[];
  /** Empty without --html. */
  readonly drawn: JudgedRecord[];
  readonly problems: Problem[];
  /** Length of all recordings. */
  seconds: number;
}

/** @param options Whether each prediction is printed at once, as a line of JSON, and whether a page is drawn. */
function labelAll(
  predictor: Predictor,
  records: readonly string[],
  options: { reading: ReturnType<typeof readingOptionsOf>; asLines: boolean; isDrawn: boolean },
): Labelled {
  const { reading, asLines, isDrawn } = options;
  const all: Labelled = { predictions: [], read: [], drawn: [], problems: [], seconds: 0 };
  for (const record of records) {
    if (isDrawn) refuseTooMany({ records: records.length, seconds: all.seconds });
    try {
      const { prediction, judged } = labelFile(predictor, record, reading);
      const { read, warnings } = prediction;
      all.read.push({ record, read, warnings });
      if (asLines) console.log(JSON.stringify(prediction));
      else all.predictions.push(prediction);
      if (isDrawn) all.drawn.push(judged);
      all.seconds += judged.samples.length / predictor.ticket.normalisation.rate;
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error;
      all.problems.push({ id: record, reason: error.reason, detail: error.explain(inOptions) });
    }
  }
  return all;
}

/** @throws {BadRecord} If the recording cannot be used. */
function labelFile(
  predictor: Predictor,
  record: string,
  reading: ReturnType<typeof readingOptionsOf>,
): { prediction: FilePrediction; judged: JudgedRecord } {
  const targetRate = predictor.ticket.normalisation.rate;
  const recording = readRecording(record, { ...reading, targetRate });
  const { samples, missing, gaps, understood } = recording;
  const assumed = explainAssumed(understood.assumed, inOptions);
  const warnings = explainAll(recording.doubts, inOptions);
  const { stepProbabilities, ...said } = predictor.judge(samples);
  return {
    prediction: {
      ...{ record, samples: samples.length, ...said },
      ...longRecord(said, stepOf(predictor)),
      ...{ read: { ...understood, assumed, missing, gaps }, warnings },
    },
    judged: { record, samples, stepProbabilities, ...said },
  };
}

function stepOf({ hop, ticket }: Predictor) {
  return { seconds: hop / ticket.normalisation.rate, classes: ticket.classes };
}

/**
 * Names the recordings that cannot be used.
 *
 * @param labelled Number of those that were labelled.
 * @throws {UsageError} Unless they are to be left out and others were labelled.
 */
function tellProblems(
  problems: readonly Problem[],
  { labelled, asLines, skipBad }: { labelled: number; asLines: boolean; skipBad: boolean },
): void {
  if (problems.length === 0) return;
  if (skipBad && labelled > 0) {
    console.error(`Left out ${counted(problems.length, "recording")}:\n${listProblems(problems)}`);
    return;
  }
  const others = asLines ? "; the others were labelled" : "; --skip-bad labels the others";
  throw new UsageError(
    `${problems.length} of ${counted(problems.length + labelled, "recording")} cannot be used${
      labelled > 0 ? others : ""
    }:\n${listProblems(problems)}`,
  );
}

/** Lines for standard error: assumptions, bridged gaps, and doubts about recordings. */
function notesOn(
  predictions: readonly Pick<FilePrediction, "record" | "read" | "warnings">[],
  { force }: PredictOptions,
): string[] {
  const bridged = predictions.flatMap(({ record, read }) => {
    const notice = bridgedNotice(read);
    return notice === null ? [] : [`${record}: ${notice}`];
  });
  const doubted = force ? [] : predictions.flatMap(({ record, warnings }) => {
    const notice = doubtNotice(record, warnings);
    return notice === null ? [] : [`warning: ${notice}`];
  });
  return [
    ...assumedLines(predictions.map(({ read }) => read), { elsewhere: "--json" }),
    ...bridged,
    ...doubted,
  ];
}

function refusePageName(file: string): void {
  if (/\.html?$/i.test(file) && !whatLiesAt(file)?.isDirectory()) {
    return;
  }
  throw new UsageError(`--html must name a file that ends in .html, got ${JSON.stringify(file)}`);
}

function writePage(
  file: string,
  { predictor, drawn, seconds, options }: {
    predictor: Predictor;
    drawn: readonly JudgedRecord[];
    seconds: number;
    options: PredictOptions;
  },
): void {
  refuseTooMany({ records: drawn.length, seconds });
  const { ticket, hop } = predictor;
  const source = path.basename(options.ticket ?? DEFAULT_TICKET);
  writeFileAtomic(file, predictionPage(drawn, { ticket, hop, source }));
}

function asTable(predictor: Predictor, predictions: readonly FilePrediction[]): string {
  const { classes } = predictor.ticket;
  const head = ["record", "label", ...classes, "beats/min", `every ${predictor.hop} samples`];
  const rows = predictions.map(({ record, label, probabilities, heartRate, steps }) => [
    record,
    label,
    ...classes.map((name) => decimals(probabilities[name]!)),
    beats(heartRate),
    shortened(steps),
  ]);
  return table([head, ...rows]);
}

function beats({ perMinute }: RecordingPrediction["heartRate"]): string {
  return perMinute?.toFixed(0) ?? "-";
}

/** One letter per step where class names are letters. */
function shortened(steps: readonly string[]): string {
  const text = steps.join(steps.every((step) => step.length === 1) ? "" : " ");
  return text.length > SHOWN_STEPS ? `${text.slice(0, SHOWN_STEPS)}...` : text;
}

async function answerStdin(predictor: Predictor, options: PredictOptions): Promise<void> {
  const { rate } = predictor.ticket.normalisation;
  if (options.rate !== undefined && options.rate !== rate) {
    throw new UsageError(
      `Standard input must have ${rate} samples per second, not ${options.rate}`,
    );
  }
  if (options.lead !== undefined || options.column !== undefined) {
    throw new UsageError("Standard input has one lead: leave out --lead and --column");
  }
  if (options.rate === undefined) {
    console.error(`Assumed: standard input has ${rate} samples per second (--rate confirms it)`);
  }
  console.error(describeDecision(predictor.ticket));
  const stream = { ...readingOptionsOf(options), window: options.window, note: console.error };
  for await (const answer of predictStream(predictor, process.stdin, stream)) {
    const { seconds, label, probabilities, heartRate } = answer;
    const shares = Object.entries(probabilities).map(([name, p]) => `${name} ${decimals(p)}`);
    console.log(
      options.json
        ? JSON.stringify(answer)
        : `${seconds.toFixed(2).padStart(8)} s  ${label}  ${shares.join("  ")}  ` +
          `${beats(heartRate).padStart(3)} beats/min`,
    );
  }
}

if (import.meta.main) await runMain(main);
