/**
 * Writing the report of a run from its directory and the runs beside it.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import type { Analysis } from "../analysis/analysis.ts";
import { convergenceOf, THRESHOLD_SHARE } from "../analysis/convergence.ts";
import { deadFilters } from "../analysis/dead_filters.ts";
import { runDifferences } from "../compare/run_differences.ts";
import { replicatesOf } from "../compare/siblings.ts";
import { Failure, messageOf } from "../core/errors.ts";
import { reportFile, roundFiles, runDirectory, runFiles, runWord } from "../core/paths.ts";
import { shellWords } from "../core/shell.ts";
import type { Config } from "../config/config.ts";
import { hasSmallNetworks } from "../config/controls.ts";
import { RunStore } from "../run/run_store.ts";
import { shownSummary } from "../report/shown.ts";
import type { RoundSummary, Summary } from "../results/summary.ts";
import { networkGraph } from "../config/network_config.ts";
import { prunableTensors } from "../model/graph.ts";
import type { Extras } from "../report/extras.ts";
import { type Headline, headline } from "../report/headline.ts";
import { collect } from "../report/collect.ts";
import { readRun } from "../results/read.ts";
import { writeReport } from "../report/report.ts";
import { decisionOf } from "../training/decision.ts";
import { maskOf } from "../training/snapshot.ts";

/**
 * Writes the report of a run again, from its directory alone.
 *
 * @param run Name of a run below checkpoints/, or path to its directory.
 * @param options.file The HTML file; by default the run's own.
 * @param options.showTest Whether test scores are shown before the run is complete.
 * @returns The result in one sentence.
 * @throws {UsageError} If there is no run with results. {Failure} If a file of it is damaged.
 */
export function renewReport(
  run: string,
  options: { file?: string; showTest?: boolean } = {},
): string {
  const { file = reportFile(run), showTest = false } = options;
  const directory = runDirectory(run);
  const { summary, environment } = readRun(directory);
  return new RunReport(directory, { file, showTest }).write(summary, environment);
}

type Filters = Analysis["rounds"][number]["filters"];

/** The report of one run, rewritten whenever there are new results. */
export class RunReport {
  private readonly filters = new Map<number, Filters>();

  /**
   * @param options.file The HTML file.
   * @param options.showTest Whether test scores are shown before the run is complete.
   */
  constructor(
    private readonly directory: string,
    private readonly options: { file: string; showTest: boolean },
  ) {}

  /**
   * @returns The result in one sentence.
   * @throws {Failure} If a file of the run is damaged.
   */
  write(whole: Summary, environment: Record<string, unknown> | null): string {
    const summary = shownSummary(whole, this.options);
    const store = new RunStore(this.directory);
    return writeReport({
      summary,
      environment,
      timing: store.loadTiming(),
      file: this.options.file,
      extras: this.extras(summary, store),
    });
  }

  /** The result in words, as the report begins with them. @throws {Failure} As `write`. */
  headline(whole: Summary): Headline {
    const summary = shownSummary(whole, this.options);
    const extras = {
      differences: runDifferences(this.directory, summary),
      run: runWord(this.directory),
    };
    return headline(summary, collect(summary, null), extras);
  }

  private extras(summary: Summary, store: RunStore): Extras {
    const analysis = readAnalysis(this.directory);
    const analysed = new Map(analysis?.rounds.map((round) => [round.round, round]));
    const dense = summary.rounds.find(({ round }) => round === 0);
    const reached = dense?.epochs.at(-1)?.devScore;
    const threshold = analysis?.threshold ??
      (typeof reached === "number" ? THRESHOLD_SHARE * reached : null);
    const config = store.exists() ? store.config() : null;
    const known = (round: RoundSummary) => {
      const filters = analysed.get(round.round)?.filters ?? this.filtersOf(round, {
        store,
        config,
        classes: summary.classes.length,
      });
      return {
        ...(threshold !== null && round.epochs.length > 0
          ? { convergence: convergenceOf(round.epochs, threshold) }
          : {}),
        ...(filters ? { filters } : {}),
        ...analysed.get(round.round),
      };
    };
    return {
      rounds: new Map(summary.rounds.map((round) => [round.round, known(round)])),
      threshold,
      other: analysis?.other ?? null,
      decision: decisionOf(summary.config),
      replicates: replicatesOf(this.directory, summary),
      differences: runDifferences(this.directory, summary),
    };
  }

  /** Filter counts from the round's masks; null if it has none. They are kept: finished masks never change. */
  private filtersOf(
    { round }: RoundSummary,
    { store, config, classes }: { store: RunStore; config: Config | null; classes: number },
  ): Filters | null {
    if (config === null || hasSmallNetworks(config)) return null;
    const before = this.filters.get(round);
    if (before) return before;
    const file = roundFiles.mask(runFiles.round(this.directory, round));
    if (round > 0 && !fs.existsSync(file)) return null;
    const graph = networkGraph(config.network, classes);
    const masks = round > 0 ? store.loadMasks(round) : null;
    const found = deadFilters(
      graph,
      new Map(
        prunableTensors(graph).map(({ name, shape: [out, inner, kernel] }) => {
          const size = out * inner * kernel;
          return [name, masks ? maskOf(masks, { name, size }) : new Uint8Array(size).fill(1)];
        }),
      ),
    );
    this.filters.set(round, found);
    return found;
  }
}

/** null if absent. @throws {Failure} If the file is not a valid analysis. */
function readAnalysis(directory: string): Analysis | null {
  const file = runFiles.analysis(directory);
  if (!fs.existsSync(file)) return null;
  const help = `delete it, and deno task lth analyze ${
    shellWords(["--run", runWord(directory)])
  } makes it again`;
  let value: Partial<Analysis>;
  try {
    value = JSON.parse(fs.readFileSync(file, "utf8"));
  } catch (error) {
    throw new Failure(`Cannot read ${file}: ${messageOf(error)}; ${help}`);
  }
  if (value?.format === "lth-ecg-analysis/1" && Array.isArray(value.rounds)) {
    return value as Analysis;
  }
  throw new Failure(
    `Cannot use ${path.relative(".", file)}: expected an analysis of the format ` +
      `"lth-ecg-analysis/1", found ${JSON.stringify(value?.format)}; ${help}`,
  );
}
