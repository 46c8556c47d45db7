/**
 * Which scores of a run may be shown, and what its dev scores decided.
 *
 * @module
 */
import type { Summary } from "../results/summary.ts";

/** A summary without the scores that must stay hidden. */
export interface ShownSummary extends Summary {
  /** Whether test scores are left out until the run is complete. */
  testHidden?: boolean;
}

/**
 * Leaves out the test scores of an unfinished run, because a user who watches them round by round starts to
 * choose by them.
 *
 * @param options.showTest Whether the user asked for them explicitly.
 */
export function shownSummary(summary: Summary, { showTest }: { showTest: boolean }): ShownSummary {
  if (summary.complete || showTest || summary.rounds.every(({ test }) => test === null)) {
    return summary;
  }
  const rounds = summary.rounds.map((round) => ({ ...round, test: null }));
  return { ...summary, rounds, testHidden: true };
}

/**
 * What the dev scores decided in a run with these settings, as the end of a sentence; null if nothing.
 *
 * @param config A resolved configuration, or that of an older run.
 */
export function decidedByDev(config: Record<string, unknown>): string | null {
  const training = (config["training"] ?? {}) as {
    schedule?: { kind?: string };
    earlyStopping?: unknown;
  };
  const decided = [
    ...(training.schedule?.kind === "plateau" ? ["the learning rate"] : []),
    ...(training.earlyStopping ? ["when a round's training ended"] : []),
  ];
  return decided.length === 0 ? null : decided.join(" and ");
}
