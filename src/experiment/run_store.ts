/**
 * The directory of one run: what is written where, and in which order. A round's DONE marker is written
 * last, so that everything before it is complete when it is there.
 *
 * @module
 */
import { stringify } from "csv-stringify/sync";
import * as fs from "node:fs";
import { UsageError } from "../core/errors.ts";
import { writeFileAtomic, writeJson } from "../core/files.ts";
import { roundFiles, roundOfDirectory, runFiles } from "../core/paths.ts";
import type { Snapshot } from "../training/snapshot.ts";
import type { Progress } from "../training/progress.ts";
import { type Checkpoint, readCheckpoint, writeCheckpoint } from "../training/checkpoint.ts";
import type { Config } from "./config.ts";
import type { RoundSummary, Scores, Summary, Timing } from "./summary.ts";

/** State of a round under way. */
export interface RoundState {
  round: number;
  progress: Progress;
  /** Scores on dev right after pruning; null in round 0. */
  afterPruning: Scores | null;
  /** The same with running statistics estimated again. */
  afterPruningRecalibrated: Scores | null;
}

/** One record's outcome in `predictions.csv`. */
export interface PredictionRow {
  split: string;
  record: string;
  label: string;
  predicted: string;
}

/** A fixed share of a run's files; see DESIGN of the run directory in the README. */
export class RunStore {
  constructor(readonly directory: string) {}

  /** Creates the directory with its configuration, for a new run. */
  create(config: Config): void {
    fs.mkdirSync(this.directory, { recursive: true });
    writeJson(runFiles.config(this.directory), config);
  }

  exists(): boolean {
    return fs.existsSync(runFiles.config(this.directory));
  }

  /** The saved configuration, unvalidated. @throws {UsageError} If it is not JSON. */
  savedConfig(): unknown {
    const file = runFiles.config(this.directory);
    try {
      return JSON.parse(fs.readFileSync(file, "utf8"));
    } catch {
      throw new UsageError(`Cannot read the configuration ${file}: it is not JSON`);
    }
  }

  saveEnvironment(environment: Record<string, unknown>): void {
    writeJson(runFiles.environment(this.directory), environment);
  }

  saveRewindPoint(checkpoint: Checkpoint<Progress>): void {
    writeCheckpoint(runFiles.rewind(this.directory), checkpoint);
  }

  loadRewindPoint(): Checkpoint<Progress> {
    return readCheckpoint(runFiles.rewind(this.directory));
  }

  /** The state within a round: replaces the one before. */
  saveLatest(checkpoint: Checkpoint<RoundState>): void {
    writeCheckpoint(runFiles.latest(this.directory), checkpoint);
  }

  /** The saved state of `round`, or null if there is none (or only of another round). */
  loadLatest(round: number): Checkpoint<RoundState> | null {
    if (!fs.existsSync(runFiles.latest(this.directory))) return null;
    const latest = readCheckpoint<RoundState>(runFiles.latest(this.directory));
    return latest.state.round === round ? latest : null;
  }

  private round(round: number): string {
    return runFiles.round(this.directory, round);
  }

  saveMasks(round: number, masks: Snapshot): void {
    writeCheckpoint(roundFiles.mask(this.round(round)), { snapshot: masks, state: { round } });
  }

  loadMasks(round: number): Snapshot {
    return readCheckpoint(roundFiles.mask(this.round(round))).snapshot;
  }

  /** The trained network of a finished round. */
  loadEnd(round: number): Snapshot {
    return readCheckpoint(roundFiles.end(this.round(round))).snapshot;
  }

  isDone(round: number): boolean {
    return fs.existsSync(roundFiles.done(this.round(round)));
  }

  /** Writes everything a finished round leaves, the marker last. */
  finishRound(
    summary: RoundSummary,
    results: { end: Snapshot; predictions: PredictionRow[] },
  ): void {
    const directory = this.round(summary.round);
    writeCheckpoint(roundFiles.end(directory), {
      snapshot: results.end,
      state: { round: summary.round },
    });
    writeFileAtomic(roundFiles.metrics(directory), stringify(summary.epochs, { header: true }));
    writeFileAtomic(
      roundFiles.predictions(directory),
      stringify(results.predictions, { header: true }),
    );
    writeJson(roundFiles.scores(directory), summary);
    writeFileAtomic(roundFiles.done(directory), "");
  }

  /** Summaries of the finished rounds, in order; a control has some of its base's rounds. */
  finishedRounds(): RoundSummary[] {
    return fs.readdirSync(this.directory)
      .flatMap((name) => roundOfDirectory(name) ?? [])
      .filter((round) => this.isDone(round))
      .sort((a, b) => a - b)
      .map((round) => JSON.parse(fs.readFileSync(roundFiles.scores(this.round(round)), "utf8")));
  }

  saveSummary(summary: Summary): void {
    writeJson(runFiles.summary(this.directory), summary);
  }

  /** Whether all rounds of the run are done. */
  isComplete(): boolean {
    const file = runFiles.summary(this.directory);
    return fs.existsSync(file) && (JSON.parse(fs.readFileSync(file, "utf8")) as Summary).complete;
  }

  loadTiming(): Timing {
    const file = runFiles.timing(this.directory);
    return fs.existsSync(file) ? JSON.parse(fs.readFileSync(file, "utf8")) : { rounds: [] };
  }

  saveTiming(timing: Timing): void {
    writeJson(runFiles.timing(this.directory), timing);
  }

  /** The state within a round is of no use once all rounds are done. */
  removeLatest(): void {
    fs.rmSync(runFiles.latest(this.directory), { force: true });
  }
}
