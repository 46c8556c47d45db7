/**
 * From a file to its label in the page, by the readers and the rule of `predict`. Nothing here uses Deno or
 * Node.js.
 *
 * @module
 */
import { explainAll, explainAssumed } from "../../../data/advice.ts";
import { assumedLines } from "../../../data/formats/assumptions.ts";
import { prepare } from "../../../data/formats/prepare.ts";
import { type ReadingOptions, understand } from "../../../data/formats/reading.ts";
import { readSignalFile } from "../../../data/formats/registry.ts";
import type { SourceFile } from "../../../data/formats/signal_file.ts";
import { UNITS_PER_MILLIVOLT } from "../../../data/formats/units.ts";
import { BadRecord, told } from "../../../data/problem.ts";
import { type HeartRate, heartRate } from "../../../predict/heart_rate.ts";
import { judgementOf, type Judging, logitsInParts } from "../../../predict/judge.ts";
import { type HourOfRecord, longRecord } from "../../../predict/long_record.ts";
import { bridgedNotice, burdenNotice, doubtNotice } from "../../../predict/notices.ts";
import { packRecords } from "../../../report/ecg/pack.ts";
import { type PackedRecord, stretchOf } from "../../../report/ecg/record.ts";
import { format } from "../../../report/format.ts";
import { inFields } from "../fields.ts";
import { runOperations } from "./engine.ts";
import { loadOperation, type StoredOperation } from "./stored.ts";

/** What the page knows, as JSON. */
export interface PageData {
  readonly judging: Omit<Judging, "decider"> & {
    readonly decider: { readonly decision: "vote" | "mean"; readonly weights: readonly number[] };
  };
  /** Samples per second that the network takes. */
  readonly rate: number;
  readonly operations: readonly StoredOperation[];
  /** A recording to begin with; its bytes are base64. */
  readonly example: { readonly name: string; readonly bytes: string };
}

/** A recording with its label. */
export interface Labelled {
  readonly record: PackedRecord;
  readonly label: string;
  /** In the order of the classes. */
  readonly probabilities: readonly (readonly [name: string, probability: number])[];
  readonly heartRate: HeartRate;
  /** Of a long recording; empty for others. */
  readonly hours: readonly HourOfRecord[];
  /** What was assumed, bridged or left out, and the AF burden if it is long; a sentence each. */
  readonly notes: readonly string[];
  /** Reasons to doubt that it is an ECG; a sentence each. */
  readonly warnings: readonly string[];
  /** Of the network and the decision. */
  readonly milliseconds: number;
}

/** How recordings are read. */
export type PageReading = ReadingOptions & { readonly maxGap: number };

/**
 * A function that reads and labels a recording. Of a long one it stops now and then, so that the page can
 * answer, and says which share is done.
 *
 * @throws {BadRecord} If it cannot be used.
 */
export function labeller(
  { judging: stored, rate, operations: storedOperations }: PageData,
): (source: SourceFile, options: PageReading) => Generator<number, Labelled> {
  const operations = storedOperations.map(loadOperation);
  const { decision, weights } = stored.decider;
  const judging: Judging = {
    ...stored,
    decider: { decision, weights: Float64Array.from(weights) },
  };
  const { classes, hop } = judging;
  return function* (source, options) {
    const { name } = source;
    const reading = understand(readSignalFile(source), options);
    const read = prepare(reading, { targetRate: rate, maxGap: options.maxGap });
    const { samples, doubts } = read;
    const run = (input: Float32Array) => runOperations(operations, input);
    const started = performance.now();
    const logits = yield* logitsInParts(samples, judging, { run });
    const said = judgementOf(logits, judging);
    const milliseconds = performance.now() - started;
    const [record] = packRecords([{
      ...{ name, samples, perMillivolt: UNITS_PER_MILLIVOLT, rate, hop, classes },
      steps: { ticket: said.steps.map((step) => classes.indexOf(step)) },
      votes: { ticket: classes.indexOf(said.label) },
      probabilities: { ticket: said.stepProbabilities },
      overall: classes.map((each) => said.probabilities[each]!),
    }]);
    const step = { seconds: hop / rate, classes };
    const { hours = [], ...long } = longRecord(said, step) ?? {};
    const stretch = stretchOf(record!);
    const reduced = stretch === null
      ? null
      : `Too long to draw every sample: of each ${stretch} the smallest and the largest are drawn`;
    const notices = [
      bridgedNotice(read),
      burdenNotice(long, (share) => format(share, "percent")),
      reduced,
    ];
    const warning = doubtNotice("it", explainAll(doubts, inFields));
    return {
      record: record!,
      label: said.label,
      probabilities: classes.map((each) => [each, said.probabilities[each]!] as const),
      heartRate: heartRate(samples, rate),
      hours,
      notes: [
        ...assumedLines([{ assumed: explainAssumed(reading.understood.assumed, inFields) }]),
        ...notices.filter((notice) => notice !== null),
      ],
      warnings: warning === null ? [] : [`Warning: ${warning}`],
      milliseconds,
    };
  };
}

/** What helps if a recording is too long for the page. */
const ANY_LENGTH = "deno task predict labels recordings of any length";
/** Bytes of one file that a tab takes: reading needs several times as much. */
const MOST_BYTES = 100e6;

/** Why a file is too large to be read here, in a sentence; undefined if it is not. */
export function tooLarge({ name, size }: { name: string; size: number }): string | undefined {
  if (size <= MOST_BYTES) return undefined;
  return `${name}: ${format(size, "bytes")} are more than the ${format(MOST_BYTES, "bytes")} for ` +
    `which a browser tab surely has memory; ${ANY_LENGTH}`;
}

/** Why a file has no label, in a sentence. */
export function refusalOf(name: string, error: unknown): string {
  if (error instanceof BadRecord) {
    return told({ id: name, reason: error.reason, detail: error.explain(inFields) });
  }
  // What browsers throw when there is no memory for an array.
  if (error instanceof RangeError) {
    return `${name}: this browser has too little memory for it (${error.message}); ${ANY_LENGTH}`;
  }
  return `${name}: ${error instanceof Error ? error.message : String(error)}`;
}
