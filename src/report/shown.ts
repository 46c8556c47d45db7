/**
 * What of a run's scores may be seen when, and what dev had a say in.
 *
 * @module
 */
import type { Summary } from "../results/summary.ts";

/** A summary as people see it. */
export interface ShownSummary extends Summary {
  /** Whether there are test scores that are left out until the run is complete. */
  testHidden?: boolean;
}

/**
 * Leaves the test scores of an unfinished run out: whoever watches them round by round begins to choose
 * by them.
 *
 * @param options.showTest Whether somebody has asked for them all the same.
 */
export function shownSummary(summary: Summary, { showTest }: { showTest: boolean }): ShownSummary {
  if (summary.complete || showTest || summary.rounds.every(({ test }) => test === null)) {
    return summary;
  }
  const rounds = summary.rounds.map((round) => ({ ...round, test: null }));
  return { ...summary, rounds, testHidden: true };
}

/**
 * What the dev scores decided in a run with these settings, as the end of a sentence; null for nothing.
 *
 * @param config A resolved configuration, or that of a run of before.
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
