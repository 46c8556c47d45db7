/**
 * The recordings that 16-bit activations are calibrated with, and what rounding costs.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { SAMPLE_RATE } from "../data/format.ts";
import { prepare } from "../data/formats/prepare.ts";
import { understand } from "../data/formats/reading.ts";
import { readSignalFile } from "../data/formats/registry.ts";
import type { Adviser } from "../data/advice.ts";
import { BadRecord } from "../data/problem.ts";
import { READING_DEFAULTS, readRecording } from "../data/recording.ts";
import { readSampleRecordings } from "../data/sample.ts";
import { listInputs } from "../predict/input.ts";
import { judgementOf } from "../predict/judge.ts";
import { judgingOf, Predictor } from "../predict/predictor.ts";
import { roundingLoss } from "../predict/rounding_loss.ts";
import type { Ticket } from "../ticket/ticket.ts";
import type { LogitsOf } from "./fixed_point.ts";

/** Recordings in stored units at the ticket's rate. */
export interface Records {
  /** For calibration. */
  readonly used: readonly ArrayLike<number>[];
  /** Others, for the loss; the same if there are no others. */
  readonly others: readonly ArrayLike<number>[];
  /** What they are, to follow "recordings". */
  readonly source: string;
}

/** Recordings that calibration uses at most. */
const ENOUGH = 100;

/** Training recordings of a run. */
export function recordsOfRun({ splits, samples }: LoadedDataset): Records {
  const { offsets, lengths, ids } = splits.train;
  const used = ids.slice(0, ENOUGH).map((_, i) =>
    samples.subarray(offsets[i]!, offsets[i]! + lengths[i]!)
  );
  return { used, others: used, source: "of the run's training data" };
}

/**
 * The recordings that the user named, or those of the bundled sample.
 *
 * @throws {UsageError} If one cannot be read or has another rate than the ticket.
 */
export function namedRecords(
  name: string | undefined,
  { normalisation: { rate } }: Ticket,
): Records {
  if (name !== undefined) {
    const files = listInputs([name]);
    return divided(files.slice(0, 2 * ENOUGH).map((file) => readAt(file, rate)), `of ${name}`);
  }
  if (rate !== SAMPLE_RATE) {
    throw new UsageError(
      `Cannot calibrate 16-bit activations with the bundled sample: it has ${SAMPLE_RATE} samples ` +
        `per second, the ticket takes ${rate}; name recordings with --records`,
    );
  }
  const sample = readSampleRecordings(2 * ENOUGH).map(({ name, bytes }) => {
    const reading = understand(
      readSignalFile({ name, bytes, beside: () => null }),
      READING_DEFAULTS,
    );
    return prepare(reading, READING_DEFAULTS).samples;
  });
  return divided(sample, "of the bundled sample");
}

/** Every second recording is for the loss. */
function divided(all: readonly ArrayLike<number>[], source: string): Records {
  const used = all.filter((_, i) => i % 2 === 0);
  const others = all.filter((_, i) => i % 2 === 1);
  return { used, others: others.length > 0 ? others : used, source };
}

/** Calibration takes recordings as they are: no option says how they are read. */
const FOR_CALIBRATION: Adviser = ({ kind }) =>
  kind === "give-rate"
    ? "name recordings that say their samples per second"
    : "name other recordings";

function readAt(file: string, rate: number): ArrayLike<number> {
  try {
    const { samples, understood } = readRecording(file, { ...READING_DEFAULTS, targetRate: rate });
    if (understood.rate === rate) return samples;
    throw new BadRecord(
      "other-rate",
      `it has ${understood.rate} samples per second, the ticket takes ${rate}`,
    );
  } catch (error) {
    if (!(error instanceof BadRecord)) throw error;
    throw new UsageError(`Cannot calibrate with ${file}: ${error.explain(FOR_CALIBRATION)}`);
  }
}

/** What rounding costs on the run's test records, as the end of a sentence. */
export function lossOfRun(ticket: Ticket, rounded: LogitsOf, dataset: LoadedDataset): string {
  const loss = roundingLoss(ticket, { dataset, rounded });
  return `on ${counted(loss.records, `${loss.split} record`)}: ${loss.metric} ${
    loss.exact.toFixed(3)
  } -> ` +
    `${loss.rounded.toFixed(3)}, ${differing(loss.changed)}, logits by ` +
    `${loss.largestDifference.toPrecision(2)} at most`;
}

/** What rounding changes on recordings without labels, as the end of a sentence. */
export function lossOnRecords(
  ticket: Ticket,
  rounded: LogitsOf,
  { others, source }: Records,
): string {
  using predictor = new Predictor(ticket);
  const judging = judgingOf(ticket);
  let [changed, largest] = [0, 0];
  for (const samples of others) {
    const [exact, got] = [predictor.logits(samples), rounded(samples)];
    exact.forEach((x, i) => largest = Math.max(largest, Math.abs(x - got[i]!)));
    if (judgementOf(exact, judging).label !== judgementOf(got, judging).label) changed += 1;
  }
  return `on ${counted(others.length, "recording")} ${source}: ${differing(changed)}, logits by ` +
    `${largest.toPrecision(2)} at most`;
}

function differing(labels: number): string {
  return counted(labels, "label", ["differs", "differ"]);
}
