/**
 * Problems of recordings and labels. A reader throws a {@linkcode BadRecord}, the scan collects all of them,
 * and one error lists them.
 *
 * @module
 */
import { type Adviser, explainAll, type Finding } from "./advice.ts";

/** Every reason to refuse a record, and its name in a summary. */
export const REASONS = {
  missing: "label without file",
  "no-label": "file without label",
  "duplicate-id": "duplicate id",
  "ambiguous-id": "ambiguous id",
  "no-group": "no group",
  "unknown-label": "unknown label",
  unreadable: "unreadable file",
  empty: "empty file",
  truncated: "truncated or longer than its header says",
  "not-v4": "not a MATLAB file",
  unsupported: "unsupported format",
  "not-one-column": "not the expected columns",
  "no-signal": "no signal",
  "no-lead": "no such lead",
  "several-leads": "several leads",
  "missing-samples": "missing samples",
  "not-a-number": "not a number",
  "out-of-range": "beyond int16",
  implausible: "implausible",
  "other-unit": "not a unit of voltage",
  "other-rate": "another sample rate",
  "no-rate": "no sample rate",
  "too-short": "too short",
  constant: "constant",
} as const;

/** Why a record is refused. */
export type Reason = keyof typeof REASONS;

/** A refused record, as dataset.json lists it. */
export interface Problem {
  id: string;
  reason: Reason;
  /** The finding, with its value. */
  detail: string;
}

/** Thrown by a reader if a recording cannot be used. Its message holds the facts alone, without advice. */
export class BadRecord extends Error {
  override readonly name = "BadRecord";
  /** The reason, as a value. */
  readonly reason: Reason;
  /** What was found; at least one fact. */
  readonly findings: readonly Finding[];

  /** @param findings A text is a fact that no setting helps with. */
  constructor(reason: Reason, ...findings: readonly (string | Finding)[]) {
    const all = findings.map((each) => typeof each === "string" ? { fact: each } : each);
    super(all.map(({ fact }) => fact).join("; "));
    this.reason = reason;
    this.findings = all;
  }

  /** The facts with the advice of an audience. */
  explain(advise: Adviser): string {
    return explainAll(this.findings, advise).join("; ");
  }
}

/** A problem in a sentence. */
export function told({ id, reason, detail }: Problem): string {
  return `${id}: ${REASONS[reason]} (${detail})`;
}

const SHOWN = 20;

/**
 * The problems as indented lines. Of more than twenty problems, the first twenty and the count per reason are
 * listed, so that a wrong folder does not flood the terminal.
 */
export function listProblems(problems: readonly Problem[]): string {
  const lines = problems.slice(0, SHOWN).map((problem) => `  ${told(problem)}`);
  if (problems.length > SHOWN) {
    lines.push(`  ... and ${problems.length - SHOWN} more. In all:`);
    for (const [reason, count] of countReasons(problems)) {
      lines.push(`  ${String(count).padStart(6)}  ${REASONS[reason]}`);
    }
  }
  return lines.join("\n");
}

/** How many problems have each reason, most frequent first. */
export function countReasons(problems: readonly Problem[]): [Reason, number][] {
  const counts = new Map<Reason, number>();
  for (const { reason } of problems) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1]);
}
