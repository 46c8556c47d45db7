/**
 * Scores finished rounds again by other decision rules. The saved networks are run over dev and test once,
 * and each rule decides from the same logits. The run is not changed.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { type Contents, jsonText, writeFolderAtomic } from "../core/files.ts";
import { roundFiles, runDirectory, runFiles } from "../core/paths.ts";
import type { Config } from "../config/config.ts";
import { predictionsCsv } from "../run/predictions_csv.ts";
import { RunStore } from "../run/run_store.ts";
import type { RoundSummary, Summary } from "../results/summary.ts";
import { hasSmallNetworks } from "../config/controls.ts";
import {
  type FinalScores,
  scoresOfLogits,
  type SplitLogits,
  splitLogits,
  temperatureOf,
} from "../run/final_scores.ts";
import { useKernels } from "../run/round_kernels.ts";
import { deciderOf, type DecisionRule, priorsOf } from "../training/decision.ts";
import { resetMasks, restoreMasks, restoreSnapshot } from "../training/snapshot.ts";
import type { Workbench } from "../training/workbench.ts";

/** The rules from which the default was chosen (docs/decision.md). Votes with step priors are the old rule. */
export const RULES: readonly DecisionRule[] = [
  ...[0, 0.25, 0.5, 0.75, 1].map((e) => rule("vote", e, "records")),
  rule("vote", 1, "steps"),
  ...[0, 0.25, 0.5, 0.75, 1].map((e) => rule("mean", e, "records")),
];

function rule(
  decision: DecisionRule["decision"],
  priorExponent: number,
  priorUnit: DecisionRule["priorUnit"],
): DecisionRule {
  return { decision, priorExponent, priorUnit };
}

/** A run whose finished rounds can be scored again. */
export interface RescorableRun {
  readonly name: string;
  readonly store: RunStore;
  /** The saved configuration, with another folder of the data set if one was given. */
  readonly config: Config;
  readonly summary: Summary;
}

/**
 * @param run A name or a path.
 * @param data Folder of the run's data set; undefined for the folder in the run's configuration.
 * @throws {UsageError} If there is no such run, no round of it is finished, or its rounds have networks of
 *   several sizes.
 */
export function openRescorable(run: string, data: string | undefined): RescorableRun {
  const directory = runDirectory(run);
  const store = new RunStore(directory);
  const refuse = (why: string): never => {
    throw new UsageError(`Cannot score ${run} again: ${why}`);
  };
  if (!store.exists()) {
    refuse(`there is no run in ${directory}; name a run below checkpoints/ or give its path`);
  }
  const config = store.config();
  if (hasSmallNetworks(config)) {
    refuse(
      `it is a control of ${config.control!.kind}, whose rounds have networks of their own sizes`,
    );
  }
  const summary = store.loadSummary();
  if (summary === null || summary.rounds.length === 0) refuse("no round of it is finished");
  return {
    name: path.basename(directory),
    store,
    config: data === undefined ? config : { ...config, data },
    summary: summary!,
  };
}

/** @throws {UsageError} If the data set is not the one that the run was trained on. */
export function refuseOtherRecords({ name, summary }: RescorableRun, sha256: string): void {
  if (summary.dataset.sha256 === sha256) return;
  throw new UsageError(
    `Cannot score ${name} again: its data set had sha256 ${summary.dataset.sha256}, the one given has ` +
      `${sha256}; name the folder of the first with --data`,
  );
}

/** A finished round, scored by every requested rule. */
export interface RescoredRound {
  readonly round: RoundSummary;
  /** In the order of the rules. */
  readonly scores: readonly FinalScores[];
}

/** Loads the network at the end of a round into the workbench. */
function restoreRound(bench: Workbench, { store }: RescorableRun, round: number): void {
  const { network } = bench;
  const directory = runFiles.round(store.directory, round);
  resetMasks(network);
  if (fs.existsSync(roundFiles.mask(directory))) restoreMasks(network, store.loadMasks(round));
  restoreSnapshot(network, store.loadEnd(round));
  useKernels(bench, { directory, note: console.error });
}

/** @param bench Made for the run's configuration and data set. */
export async function rescore(
  bench: Workbench,
  run: RescorableRun,
  rules: readonly DecisionRule[],
): Promise<RescoredRound[]> {
  const found: RescoredRound[] = [];
  for (const round of run.summary.rounds) {
    restoreRound(bench, run, round.round);
    const logits = await splitLogits(bench);
    found.push({ round, scores: scoresByRule(bench, logits, rules) });
  }
  return found;
}

function scoresByRule(
  bench: Workbench,
  logits: SplitLogits,
  rules: readonly DecisionRule[],
): FinalScores[] {
  const { dataset: { classes }, network: { hop } } = bench;
  const temperature = temperatureOf(bench, logits);
  return rules.map((rule) => {
    const unit = rule.priorUnit;
    const priors = priorsOf(bench.split("train"), { classes: classes.length, hop, unit });
    return scoresOfLogits(bench, logits, { decider: deciderOf(rule, priors), temperature });
  });
}

/**
 * Writes the files of a run that compare and report read, scored by another rule, into a separate folder.
 * Scores by epoch stay those of the run's own rule. Scores right after pruning are left out, because those
 * networks are not saved.
 *
 * @param folder A new folder, or an empty one; a failure leaves no part of it.
 * @throws {UsageError} If something is there.
 * @throws {Failure} If it cannot be written.
 */
export function writeRescored(
  folder: string,
  { summary, store }: RescorableRun,
  { rule, rounds }: {
    rule: DecisionRule;
    rounds: readonly (readonly [RoundSummary, FinalScores])[];
  },
): void {
  const copied = [runFiles.timing, runFiles.environment]
    .filter((file) => fs.existsSync(file(store.directory)))
    .map((file): [string, Contents] => [file(""), fs.readFileSync(file(store.directory))]);
  const predicted = rounds.map(([{ round }, { predictions }]): [string, Contents] => [
    roundFiles.predictions(runFiles.round("", round)),
    predictionsCsv(predictions),
  ]);
  const rescored = {
    ...summary,
    config: { ...summary.config, score: rule },
    rounds: rounds.map(([round, { dev, test, temperature }]) => ({
      ...round,
      ...{ dev, test, temperature, afterPruning: null, afterPruningRecalibrated: null },
    })),
  };
  writeFolderAtomic(folder, [
    ...predicted,
    ...copied,
    [runFiles.summary(""), jsonText(rescored)],
  ]);
}
