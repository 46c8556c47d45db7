/**
 * The same experiment over and over in one process: memory and file handles stay flat, and every time
 * the results are the same.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { openDevice } from "../../src/addon/select.ts";
import { loadDataset } from "../../src/data/dataset.ts";
import { ensureSampleDataset } from "../../src/data/sample.ts";
import type { Config } from "../../src/config/config.ts";
import { presetConfig } from "../../src/config/presets.ts";
import { doRun } from "../../src/run/run.ts";
import { assertSameResults, silent } from "../../src/run/testing.ts";
import { type Footprint, growth, megabytes, settledFootprint } from "./flat.ts";
import type { TortureContext, TortureRow } from "./part.ts";
import { RunningTime } from "./running_time.ts";

/** The quick network on the bundled recordings, of every round an epoch. */
function soakConfig(): Config {
  loadDataset(ensureSampleDataset());
  const quick = presetConfig("quick", "cpu");
  return {
    ...quick,
    preset: "soak",
    pruning: { ...quick.pruning, rounds: 2 },
    training: { ...quick.training, epochs: 1 },
  };
}

async function once(directory: string, config: Config): Promise<void> {
  const device = openDevice({ backend: "cpu" });
  try {
    await doRun({ directory, config, device, checkpointEvery: 1000 }, {
      ...silent,
      opened: () => {},
      summarised: () => {},
    });
  } finally {
    await device.close();
  }
}

/**
 * Runs for the given minutes, those in which the process is stopped not counted, but at least often
 * enough to tell growth from warming up. Between runs garbage is collected and the footprint taken.
 */
export async function soakPart(context: TortureContext): Promise<TortureRow[]> {
  const { directory, minutes, note } = context;
  const config = soakConfig();
  const [first, again] = [path.join(directory, "first"), path.join(directory, "again")];
  const findings: string[] = [];
  const series: Footprint[] = [];
  let peak = 0;
  // Within the runs too, twice a second, garbage and all.
  using clock = new RunningTime(() => peak = Math.max(peak, Deno.memoryUsage().rss));
  let runs = 0;
  for (; runs < 8 || clock.seconds < 60 * minutes; runs++) {
    const run = runs === 0 ? first : again;
    fs.rmSync(run, { recursive: true, force: true });
    await once(run, config);
    if (runs > 0) {
      try {
        assertSameResults(again, first);
      } catch (error) {
        findings.push(`run ${runs}: ${(error as Error).message}`);
      }
    }
    series.push(await settledFootprint());
    note(`run ${runs}, ${(clock.seconds / 60).toFixed(1)} minutes: ${shown(series.at(-1)!)}`);
  }
  // Heaps and caches grow to their size in the first runs.
  const finding = growth(series.slice(Math.ceil(series.length / 4)));
  if (finding !== null) findings.push(finding);
  const highest = series.reduce((most, each) => each.rss > most.rss ? each : most);
  const detail = `${(clock.seconds / 60).toFixed(1)} minutes; between runs first ` +
    `${shown(series[0]!)}, last ${shown(series.at(-1)!)}, most ${megabytes(highest.rss)} and ` +
    `${Math.max(...series.map(({ handles }) => handles))} handles; within runs at most ` +
    megabytes(peak);
  return [{ what: "runs in one process, flat and bit-equal", count: runs, findings, detail }];
}

function shown({ rss, handles }: Footprint): string {
  return `${megabytes(rss)} and ${handles} handles`;
}
