/**
 * The page of a ticket's predictions for a user's own recordings, drawn on millimetre paper: one HTML file
 * without other files.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import { UNITS_PER_MILLIVOLT } from "../data/formats/units.ts";
import { ecgPage } from "../report/ecg/page.ts";
import type { RecordingJudgement } from "./predictor.ts";
import { CROSS_VALIDATION } from "../ticket/cross_validation.ts";
import { describeDecision, type Ticket } from "../ticket/ticket.ts";

/** Largest number of recordings, and of hours in all, with which a page stays fast. */
const PAGE_LIMITS = { records: 200, hours: 6 } as const;

/** A recording with its prediction. */
export interface JudgedRecord extends RecordingJudgement {
  readonly record: string;
  /** Samples in stored units at the ticket's rate. */
  readonly samples: ArrayLike<number>;
}

/**
 * Refuses recordings that are too many or too long for a page.
 *
 * @param seconds Duration of all recordings together; 0 if they are not read yet.
 * @throws {UsageError} With the limit and advice.
 */
export function refuseTooMany({ records, seconds }: { records: number; seconds: number }): void {
  const advice =
    "name fewer files, or leave --html out: a folder of any size fits the table and --json";
  if (records > PAGE_LIMITS.records) {
    throw new UsageError(
      `Cannot put ${records.toLocaleString("en")} recordings on one page: --html takes up to ` +
        `${PAGE_LIMITS.records}; ${advice}`,
    );
  }
  if (seconds > PAGE_LIMITS.hours * 3600) {
    throw new UsageError(
      `Cannot put ${
        (seconds / 3600).toFixed(1)
      } hours of recordings on one page: --html takes up to ` +
        `${PAGE_LIMITS.hours}; ${advice}`,
    );
  }
}

/**
 * The page's text. The folder that all recordings share is left out of their names. Names of recordings,
 * classes and files may be any text.
 */
export function predictionPage(
  judged: readonly JudgedRecord[],
  { ticket, hop, source }: { ticket: Ticket; hop: number; source: string },
): string {
  const folder = commonFolder(judged.map(({ record }) => record));
  const records = judged.map((entry) => ({ ...entry, record: entry.record.slice(folder) }));
  const { classes, normalisation: { rate } } = ticket;
  const position = new Map(classes.map((name, c) => [name, c]));
  return ecgPage({
    title: "What the ticket says",
    answer: answerOf(records, classes),
    networks: { ticket: "Ticket" },
    notes: [
      "Not a medical device.",
      ...aboutTicket(ticket, source),
      describeDecision(ticket),
    ],
    records: records.map(({ record, samples, label, steps, stepProbabilities, ...said }) => ({
      name: record,
      samples,
      perMillivolt: UNITS_PER_MILLIVOLT,
      rate,
      hop,
      classes,
      steps: { ticket: steps.map((step) => position.get(step)!) },
      votes: { ticket: position.get(label)! },
      probabilities: { ticket: stepProbabilities },
      overall: classes.map((name) => said.probabilities[name]!),
      beatsPerMinute: said.heartRate.perMinute,
    })),
  });
}

/** Length of the path that all names begin with. */
function commonFolder([first = "", ...others]: readonly string[]): number {
  let folder = first.lastIndexOf("/") + 1;
  while (!others.every((name) => name.startsWith(first.slice(0, folder)))) {
    folder = first.lastIndexOf("/", folder - 2) + 1;
  }
  return folder;
}

/** For one recording, its label; for several, the number in each class. */
function answerOf(records: readonly JudgedRecord[], classes: readonly string[]): string {
  const [first] = records;
  if (first && records.length === 1) {
    const share = first.probabilities[first.label]!;
    return `The ticket labels ${first.record} ${first.label} (probability ${
      (100 * share).toFixed(0)
    } %).`;
  }
  const counts = classes.flatMap((name) => {
    const count = records.filter(({ label }) => label === name).length;
    return count === 0 ? [] : [`${count} ${name}`];
  });
  return `${counted(records.length, "recording")}: ${counts.join(", ") || "none"}.`;
}

function aboutTicket({ provenance, metrics, licence }: Ticket, source: string): string[] {
  const { run, round } = provenance;
  const said = `Ticket ${source}: ${run}, round ${round}.`;
  const split = ["test", CROSS_VALIDATION].find((split) => split in metrics);
  if (split === undefined) return [said, licence];
  const { name, records, headline: { score, low, high } } = metrics[split]!;
  const interval = low === null || high === null
    ? ""
    : `, 95 % [${low.toFixed(3)}, ${high.toFixed(3)}]`;
  const where = split === "test"
    ? `on ${records} test recordings`
    : `of networks made in the same way, in cross-validation over ${records} recordings,`;
  return [`${said} ${name} ${where} ${score.toFixed(3)}${interval}.`, licence];
}
