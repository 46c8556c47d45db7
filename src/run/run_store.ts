/**
 * The directory of one run: its files and the order in which they are written.
 *
 * Every finished round keeps its masks, kernels (round_kernels.ts), trained weights, scores, predictions
 * and epochs, because controls, analyses, tickets and forks start from them. The rewind point is kept,
 * too. While a round is trained, the last two saved states are kept; they are removed when the run ends.
 * If a state is damaged, the previous one is used, and if that is damaged as well, the round is trained
 * from its beginning. Both lead to the same bits.
 *
 * @module
 */
import { stringify } from "csv-stringify/sync";
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { Failure } from "../core/errors.ts";
import { roundFiles, roundOfDirectory, runFiles } from "../core/paths.ts";
import type { Snapshot } from "../training/snapshot.ts";
import type { Progress } from "../training/progress.ts";
import { type Checkpoint, DamagedCheckpoint, readCheckpoint } from "../training/checkpoint.ts";
import type { Config } from "../config/config.ts";
import { readRunConfig } from "../config/config_file.ts";
import { findSummary, readTiming } from "../results/read.ts";
import { predictionsCsv, type SplitPredictions } from "./predictions_csv.ts";
import { checkSeal, damagedRound, isSealed, markerOf } from "./round_seal.ts";
import { RunWriter } from "./run_writer.ts";
import type { RoundSummary, Scores, Summary, Timing } from "../results/summary.ts";

/** State of the current round. */
export interface RoundState {
  round: number;
  progress: Progress;
  /** Scores on dev right after pruning; null in round 0. */
  afterPruning: Scores | null;
  /** The same with running statistics estimated again. */
  afterPruningRecalibrated: Scores | null;
  /** Only if masks change during the round: the steps so far. */
  masks?: MaskTally;
}

/** Sums over the steps of a round whose masks change; all are whole numbers. */
export interface MaskTally {
  readonly steps: number;
  readonly changes: number;
  /** Steps at which gradients of all weights were computed in addition. */
  readonly denseGradients: number;
  /** Surviving weights, summed over the steps. */
  readonly kept: number;
  /** Multiply-adds of a forward pass of the reference record, summed over the steps. */
  readonly macs: number;
}

/** Receives messages about damaged files that the run does not need. */
export type Note = (message: string) => void;

export class RunStore {
  /** Whether the latest state on disk is damaged: it must then not become the previous state. */
  private latestIsDamaged = false;

  /** Every change of the directory's files goes through it. */
  constructor(readonly directory: string, readonly writer: RunWriter = new RunWriter()) {}

  /** Creates the directory with its configuration, for a new run. */
  create(config: Config): void {
    this.writer.json(runFiles.config(this.directory), config);
  }

  exists(): boolean {
    return fs.existsSync(runFiles.config(this.directory));
  }

  /** The saved configuration. @throws {UsageError} If it is not valid; see {@linkcode readRunConfig}. */
  config(): Config {
    return readRunConfig(this.directory);
  }

  /** SHA-256 of the configuration's file. */
  configSha256(): string {
    return createHash("sha256").update(fs.readFileSync(runFiles.config(this.directory))).digest(
      "hex",
    );
  }

  saveEnvironment(environment: Record<string, unknown>): void {
    this.writer.json(runFiles.environment(this.directory), environment);
  }

  saveRewindPoint(checkpoint: Checkpoint<Progress>): void {
    this.writer.checkpoint(runFiles.rewind(this.directory), checkpoint);
  }

  /** Whether there is an undamaged rewind point. */
  hasRewindPoint(): boolean {
    const file = runFiles.rewind(this.directory);
    if (!fs.existsSync(file)) return false;
    try {
      readCheckpoint(file);
      return true;
    } catch (error) {
      if (!(error instanceof DamagedCheckpoint)) throw error;
      return false;
    }
  }

  /** The state that the dense round saved for rewinding. @throws {Failure} If it is damaged or missing. */
  loadRewindPoint(): Checkpoint<Progress> {
    return this.readOf<Progress>(0, runFiles.rewind(this.directory));
  }

  /** Saves a state within a round; the last saved state becomes the previous one. */
  saveLatest(checkpoint: Checkpoint<RoundState>): void {
    const options = this.latestIsDamaged ? {} : { previous: runFiles.previous(this.directory) };
    this.writer.checkpoint(runFiles.latest(this.directory), checkpoint, options);
    this.latestIsDamaged = false;
  }

  /**
   * The last undamaged state of `round`, or null if there is none.
   *
   * @param note Gets a message about a damaged state.
   */
  loadLatest(round: number, note: Note): Checkpoint<RoundState> | null {
    const files = [runFiles.latest(this.directory), runFiles.previous(this.directory)];
    for (const [i, file] of files.entries()) {
      if (!fs.existsSync(file)) continue;
      try {
        const saved = readCheckpoint<RoundState>(file);
        if (!Array.isArray(saved.state.progress?.rows)) {
          throw new DamagedCheckpoint(file, "it holds something else than the state of a round");
        }
        if (saved.state.round !== round) continue;
        if (this.latestIsDamaged) note("the state saved before it is used");
        return saved;
      } catch (error) {
        if (!(error instanceof DamagedCheckpoint)) throw error;
        note(error.message);
        this.latestIsDamaged ||= i === 0;
      }
    }
    if (this.latestIsDamaged) {
      note(`there is no other state of round ${round}: it is trained from its beginning`);
    }
    return null;
  }

  private round(round: number): string {
    return runFiles.round(this.directory, round);
  }

  /** Reads a checkpoint that `round` wrote. @throws {Failure} Naming the file and the remedy. */
  private readOf<State>(round: number, file: string): Checkpoint<State> {
    try {
      return readCheckpoint<State>(file);
    } catch (error) {
      if (!(error instanceof DamagedCheckpoint)) throw error;
      throw damagedRound(this.round(round), { file, why: `is damaged: ${error.why}` });
    }
  }

  saveMasks(round: number, masks: Snapshot): void {
    this.writer.checkpoint(roundFiles.mask(this.round(round)), {
      snapshot: masks,
      state: { round },
    });
  }

  /** @throws {Failure} If they are damaged or missing. */
  loadMasks(round: number): Snapshot {
    return this.readOf(round, roundFiles.mask(this.round(round))).snapshot;
  }

  /** The file of the masks of a finished round, to identify them by. @throws {Failure} If it is damaged or missing. */
  maskFile(round: number): Uint8Array {
    this.loadMasks(round);
    return fs.readFileSync(roundFiles.mask(this.round(round)));
  }

  /** The masks of the current round; null if they are damaged or missing and must be made again. */
  loadMasksUnderWay(round: number, note: Note): Snapshot | null {
    try {
      return readCheckpoint(roundFiles.mask(this.round(round))).snapshot;
    } catch (error) {
      if (!(error instanceof DamagedCheckpoint)) throw error;
      note(`${error.message}; round ${round} begins again with its pruning`);
      return null;
    }
  }

  /** The trained network of a finished round. @throws {Failure} If it is damaged or missing. */
  loadEnd(round: number): Snapshot {
    return this.readOf(round, roundFiles.end(this.round(round))).snapshot;
  }

  isDone(round: number): boolean {
    return fs.existsSync(roundFiles.done(this.round(round)));
  }

  /** Writes all files of a finished round, the marker last. */
  finishRound(
    summary: RoundSummary,
    results: { end: Snapshot; predictions: readonly SplitPredictions[] },
  ): void {
    const directory = this.round(summary.round);
    this.writer.checkpoint(roundFiles.end(directory), {
      snapshot: results.end,
      state: { round: summary.round },
    });
    this.writer.file(roundFiles.metrics(directory), stringify(summary.epochs, { header: true }));
    this.writer.file(roundFiles.predictions(directory), predictionsCsv(results.predictions));
    this.writer.json(roundFiles.scores(directory), summary);
    this.seal(summary.round);
  }

  /** Writes the marker of a round whose other files are all written. */
  seal(round: number): void {
    const directory = this.round(round);
    this.writer.file(roundFiles.done(directory), markerOf(directory));
  }

  /** Rounds that have a directory, in order. */
  private begunRounds(): number[] {
    return fs.readdirSync(this.directory)
      .flatMap((name) => roundOfDirectory(name) ?? [])
      .sort((a, b) => a - b);
  }

  /** Numbers of the finished rounds, in order. */
  doneRounds(): number[] {
    return this.begunRounds().filter((round) => this.isDone(round));
  }

  /** Summaries of the finished rounds, in order; a control has some of its base's rounds. */
  finishedRounds(): RoundSummary[] {
    return this.doneRounds().map((round) => {
      const directory = this.round(round);
      const file = roundFiles.scores(directory);
      const summary = parseJson(file) as RoundSummary | null;
      if (summary?.round === round && Array.isArray(summary.epochs)) return summary;
      throw damagedRound(directory, { file, why: "is damaged" });
    });
  }

  /** Checks the markers. @throws {Failure} If a file of a finished round has changed. */
  checkFinished(rounds: readonly number[] = this.doneRounds()): void {
    for (const round of rounds) checkSeal(this.round(round));
  }

  /** Fills the empty markers of rounds that older versions finished. */
  sealOlderRounds(): void {
    for (const round of this.doneRounds()) {
      if (!isSealed(this.round(round))) this.seal(round);
    }
  }

  /** Removes the files of killed writes. Only the holder of the run's lock may call it. */
  removeLeftovers(): void {
    for (const directory of [this.directory, ...this.begunRounds().map((r) => this.round(r))]) {
      this.writer.removeTemporary(directory);
    }
  }

  saveSummary(summary: Summary): void {
    this.writer.json(runFiles.summary(this.directory), summary);
  }

  /** The summary that was last written; null if it is missing or unreadable. */
  loadSummary(): Summary | null {
    return findSummary(this.directory);
  }

  /** Whether all rounds of the run have been done. */
  isComplete(): boolean {
    return this.loadSummary()?.complete === true;
  }

  /**
   * Whether the run is complete and has nothing left to train. If a marker was deleted to repair a round, that round
   * is left. A copy for a study has no markers.
   */
  hasAllRounds(): boolean {
    const summary = this.loadSummary();
    return summary?.complete === true && summary.rounds.every(({ round }) => this.isDone(round));
  }

  /** @throws {Failure} If the file is damaged. */
  loadTiming(): Timing {
    try {
      return readTiming(this.directory) ?? { rounds: [] };
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      throw new Failure(
        `${
          runFiles.timing(this.directory)
        } is damaged: delete it; only the times in a report are lost`,
      );
    }
  }

  saveTiming(timing: Timing): void {
    this.writer.json(runFiles.timing(this.directory), timing);
  }

  /** Removes the states within a round; they are of no use when all rounds are done. */
  removeLatest(): void {
    this.writer.remove(runFiles.latest(this.directory));
    this.writer.remove(runFiles.previous(this.directory));
  }
}

/** The value in a JSON file; null if the file is unreadable or not JSON. */
function parseJson(file: string): unknown {
  try {
    return JSON.parse(fs.readFileSync(file, "utf8"));
  } catch {
    return null;
  }
}
