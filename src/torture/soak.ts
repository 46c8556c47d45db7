/**
 * The same experiment over and over in one process: memory and file handles stay flat, and every time
 * the results are the same.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { openDevice } from "../backend/select.ts";
import { loadDataset } from "../data/dataset.ts";
import { ensureSampleDataset } from "../data/sample.ts";
import type { Config } from "../experiment/config.ts";
import { presetConfig } from "../experiment/resolve.ts";
import { doRun } from "../lottery/run.ts";
import { assertSameResults, silent } from "../lottery/testing.ts";
import { type Footprint, footprint, growth, megabytes } from "./flat.ts";
import type { TortureContext, TortureRow } from "./part.ts";

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

/** Runs for the given minutes, but at least often enough to tell growth from warming up. */
export async function soakPart(context: TortureContext): Promise<TortureRow[]> {
  const { directory, minutes, note } = context;
  const config = soakConfig();
  const [first, again] = [path.join(directory, "first"), path.join(directory, "again")];
  const findings: string[] = [];
  const series: Footprint[] = [];
  const until = performance.now() + minutes * 60_000;
  let runs = 0;
  for (; runs < 6 || performance.now() < until; runs++) {
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
    if (runs > 1) series.push(footprint());
    note(`run ${runs}: memory ${megabytes(footprint().rss)}, ${footprint().handles} handles`);
  }
  const finding = growth(series);
  if (finding !== null) findings.push(finding);
  const rss = series.map((each) => each.rss);
  const detail = `memory ${megabytes(Math.min(...rss))} to ${megabytes(Math.max(...rss))}, ` +
    `${series.at(-1)!.handles} handles`;
  return [{ what: "runs in one process, flat and bit-equal", count: runs, findings, detail }];
}
