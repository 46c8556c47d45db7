/**
 * Shows a run in the terminal: a progress bar per round, or one line per epoch if the output is not a
 * terminal. Also keeps the report up to date.
 *
 * @module
 */
import { Presets, SingleBar } from "cli-progress";
import process from "node:process";
import { counted } from "../core/counted.ts";
import { reportFile, runDirectory } from "../core/paths.ts";
import type { Config } from "../config/config.ts";
import { isSingleTraining } from "../config/modes.ts";
import { keepCounts } from "../pruning/plan.ts";
import type { Environment } from "../run/environment.ts";
import type { EpochRow, RoundSummary, Summary } from "../results/summary.ts";
import type { RunObserver } from "../run/observer.ts";
import { RunStore } from "../run/run_store.ts";
import { type Progress, stepsDone } from "../training/progress.ts";
import type { Workbench } from "../training/workbench.ts";
import { diskOfRun } from "../run/disk_need.ts";
import { diskText } from "./disk_use.ts";
import { decimals, percent } from "./format.ts";
import { RunReport } from "./run_report.ts";

/**
 * What a round trains. A run whose mask changes has a single training, which may begin with more weights than
 * it ends with.
 *
 * @param options.density Share of the prunable weights that are left now.
 * @param options.prunable Number of the network's prunable weights.
 */
export function roundTitle(
  round: number,
  { density, prunable, config: { mode, control, pruning } }: {
    density: number;
    prunable: number;
    config: Pick<Config, "mode" | "control" | "pruning">;
  },
): string {
  if (control === null && isSingleTraining(mode)) {
    const end = keepCounts(prunable, pruning)[0]! / prunable;
    return density === end
      ? `One training at ${percent(end)} of the weights`
      : `One training, from ${percent(density)} to ${percent(end)} of the weights`;
  }
  return round === 0 ? "Round 0, dense" : `Round ${round}, ${percent(density)} of the weights`;
}

export class TerminalObserver implements RunObserver {
  private stop = false;
  private bar: SingleBar | null = null;
  private stepsPerEpoch = 1;
  private prunable = 0;
  private metric = "";
  private title = "";

  private readonly report: RunReport;

  /** @param run.showTest Whether test scores are shown before the run is complete. */
  constructor(private readonly run: { name: string; config: Config; showTest: boolean }) {
    const { name, showTest } = run;
    this.report = new RunReport(runDirectory(name), { file: reportFile(name), showTest });
  }

  /** Asks the run to end after the current chunk of steps. */
  requestStop(): void {
    this.stop = true;
    this.note("stopping after this step; press Ctrl-C again to quit at once");
  }

  stopRequested(): boolean {
    return this.stop;
  }

  opened(bench: Workbench): void {
    this.stepsPerEpoch = bench.stepsPerEpoch;
    const { dataset, device, network } = bench;
    const sizes = ["train", "dev", "test"] as const;
    const records = sizes.map((s) => `${dataset.splits[s].lengths.length} ${s}`).join(", ");
    const weights = network.prunable.reduce((sum, p) => sum + p.parameter.size, 0);
    this.prunable = weights;
    const title = `Run ${this.run.name}: ${weights.toLocaleString("en")} prunable weights in ` +
      `${network.prunable.length} convolutions; ${records} records; ${device.name}, ` +
      `${device.description}`;
    this.close();
    if (title === this.title) return; // the same network is opened again to copy a round in between
    this.title = title;
    console.log(title);
    const directory = runDirectory(this.run.name);
    if (new RunStore(directory).isComplete()) return; // its results are shown, nothing is written
    const disk = diskOfRun(bench, this.run.config);
    if (disk) console.log(diskText(disk, { directory }));
  }

  note(message: string): void {
    if (this.bar) process.stdout.write("\n");
    console.log(`Note: ${message}.`);
  }

  roundStarted(round: number, density: number): void {
    const title = roundTitle(round, { density, prunable: this.prunable, config: this.run.config });
    if (!process.stdout.isTTY) {
      console.log(title);
      return;
    }
    this.bar = new SingleBar({
      format: `${title.padEnd(32)} {bar} {percentage} % | {eta_formatted} left | {status}`,
      hideCursor: true,
      etaBuffer: 100,
    }, Presets.shades_classic);
    this.bar.start(this.run.config.training.epochs * this.stepsPerEpoch, 0, { status: "" });
  }

  advanced(_round: number, progress: Progress): void {
    const loss = progress.lossSum / Math.max(1, progress.stepsInEpoch);
    this.bar?.update(stepsDone(progress, this.stepsPerEpoch), {
      status: `epoch ${progress.rows.length + 1}, loss ${decimals(loss)}${this.metric}`,
    });
  }

  epochDone(_round: number, row: EpochRow): void {
    this.metric = `, dev F1 ${decimals(row.devScore)}`;
    if (!this.bar) {
      console.log(
        `  epoch ${row.epoch}/${this.run.config.training.epochs}  loss ${
          decimals(row.trainLoss)
        }  ` +
          `dev loss ${decimals(row.devLoss)}  dev F1 ${decimals(row.devScore)}`,
      );
    }
    if (row.skipped) {
      this.note(
        `epoch ${row.epoch}: ${
          counted(row.skipped, "step", ["was", "were"])
        } skipped, with numbers that are not finite`,
      );
    }
  }

  roundDone(summary: RoundSummary): void {
    this.close();
    const { dev } = summary;
    const test = this.run.showTest ? summary.test : null;
    console.log(
      `  dev F1 ${decimals(dev.score)}${test ? `, test F1 ${decimals(test.score)}` : ""} at ` +
        `${percent(summary.density)} of the weights`,
    );
  }

  summarised(summary: Summary, environment: Environment): void {
    this.report.write(summary, environment);
  }

  /** Ends the current progress bar. */
  close(): void {
    this.bar?.stop();
    this.bar = null;
    this.metric = "";
  }
}
