/**
 * Opens the finished run that a control branches off.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { UsageError } from "../core/errors.ts";
import { runDirectory } from "../core/paths.ts";
import { resumeCommand } from "../core/resume_command.ts";
import type { Config } from "../config/config.ts";
import { RunStore } from "./run_store.ts";
import type { RoundSummary, Summary } from "../results/summary.ts";

/** A run whose masks can be used. */
export interface ControlBase {
  readonly name: string;
  readonly store: RunStore;
  readonly config: Config;
  readonly summary: Summary;
  /** All rounds by number. */
  readonly rounds: ReadonlyMap<number, RoundSummary>;
}

/**
 * Opens the run `name`, a name or a path.
 *
 * @param purpose Words for an error, such as "take masks from".
 * @throws {UsageError} If the run does not exist, is not finished, or is a control itself.
 */
export function openBase(name: string, purpose: string): ControlBase {
  const directory = runDirectory(name);
  const store = new RunStore(directory);
  const refuse = (why: string): never => {
    throw new UsageError(`Cannot ${purpose} ${name}: ${why}`);
  };
  if (!store.exists()) {
    refuse(`there is no run in ${directory}; name a run below checkpoints/ or give its path`);
  }
  const config = store.config();
  if (config.control !== null) {
    refuse(`it is a control itself, of ${config.control.base}; name a run with rounds of its own`);
  }
  if (!store.isComplete()) {
    refuse(`it is not finished; continue it with ${resumeCommand(name)}`);
  }
  const summary = store.loadSummary()!; // there is one, or it would not be complete
  const rounds = new Map(summary.rounds.map((round) => [round.round, round]));
  return { name, store, config, summary, rounds };
}

/** Whether a run has a pruned round. */
export function isPruned({ rounds }: ControlBase): boolean {
  return rounds.keys().some((round) => round > 0);
}

/**
 * The requested rounds, in order and without repetition.
 *
 * @param options.asked Round numbers, or null for all.
 * @param options.dense Whether round 0 is included.
 * @throws {UsageError} If the base has no such round, or was never pruned.
 */
export function roundsOf(
  base: ControlBase,
  options: { asked: readonly number[] | null; dense: boolean },
): number[] {
  const { asked, dense } = options;
  if (!isPruned(base)) {
    throw new UsageError(`Cannot use the rounds of ${base.name}: it has no pruned round`);
  }
  const known = [...base.rounds.keys()].filter((round) => dense || round > 0);
  const missing = (asked ?? []).filter((round) => !known.includes(round));
  if (missing.length > 0) {
    throw new UsageError(
      `Cannot use round ${missing.join(", ")} of ${base.name}: there are ` +
        `${dense ? "" : "pruned "}rounds ${known[0]} to ${known.at(-1)}`,
    );
  }
  return [...new Set(asked ?? known)].sort((a, b) => a - b);
}

/** @throws {UsageError} If the present data set is not the one that the base was trained on. */
export function refuseOtherData({ name, summary }: ControlBase, sha256: string): void {
  if (summary.dataset.sha256 === sha256) return;
  throw new UsageError(
    `Cannot use ${name}: its data set had sha256 ${summary.dataset.sha256}, the present one has ` +
      sha256,
  );
}

/**
 * SHA-256 over the mask files of those rounds that the base has; the dense round has no mask file.
 *
 * @throws {Failure} If one is damaged or missing.
 */
export function masksSha256(base: ControlBase, rounds: readonly number[]): string {
  const hash = createHash("sha256");
  for (const round of rounds.filter((round) => round > 0 && base.rounds.has(round))) {
    hash.update(base.store.maskFile(round));
  }
  return hash.digest("hex");
}
