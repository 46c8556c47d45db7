/**
 * Repeats the same experiment in one process. Memory and file handles must not grow, and the results must be
 * the same every time.
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

/** The quick network on the bundled recordings, with one epoch per round. */
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
 * Repeats runs for the given minutes (time while the process is stopped does not count), but at least often
 * enough to distinguish growth from warm-up. Between runs, garbage is collected and the footprint taken.
 */
export async function soakPart(context: TortureContext): Promise<TortureRow[]> {
  const { directory, minutes, note } = context;
  const config = soakConfig();
  const [first, again] = [path.join(directory, "first"), path.join(directory, "again")];
  const findings: string[] = [];
  const series: Footprint[] = [];
  let peak = 0;
  // Footprints are also taken within the runs, twice a second, without collecting garbage.
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
  // Heaps and caches reach their size in the first runs.
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
