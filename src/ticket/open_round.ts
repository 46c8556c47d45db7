/**
 * Opens a finished round of a run, to export it as a ticket.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { ROOT, runDirectory } from "../core/paths.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { readDescription } from "../data/description.ts";
import { hasSummary, readSummary } from "../results/read.ts";
import { openDataset } from "../run/dataset.ts";
import { RunStore } from "../run/run_store.ts";
import { CINC2017_LICENCE, type Ticket } from "./ticket.ts";
import { ticketOfRound } from "./ticket_of_run.ts";

/**
 * Opens a finished round with its training data.
 *
 * @param run Name of a run below checkpoints/, or path of its directory.
 * @param options.round The last one by default.
 * @param options.data Folder of the run's data set, if it is no longer where the run had it.
 * @param options.licence Licence of the data, if the program does not know it.
 * @throws {UsageError} If there is no such run or round, or its data have changed.
 */
export function openRound(
  run: string,
  { round, data, licence }: {
    round?: number | undefined;
    data?: string | undefined;
    licence?: string | undefined;
  },
): { ticket: Ticket; dataset: LoadedDataset } {
  const directory = runDirectory(run);
  const store = new RunStore(directory);
  if (!store.exists()) {
    throw new UsageError(`Cannot export ${run}: there is no run in ${directory}`);
  }
  const config = store.config();
  refuseMissingData(run, data ?? config.data);
  const dataset = openDataset(data === undefined ? config : { ...config, data });
  refuseOtherData(directory, dataset.sha256);
  const { revision } = readDescription(dataset.directory).labels;
  const known = revision === "own" ? "Not stated: the data are the user's own." : CINC2017_LICENCE;
  const request = { store, name: path.basename(directory), config, dataset, round };
  return { ticket: ticketOfRound({ ...request, licence: licence ?? known }), dataset };
}

function refuseMissingData(run: string, data: string): void {
  if (data === "sample" || fs.existsSync(path.resolve(ROOT, data))) return;
  throw new UsageError(
    `Cannot export ${run}: there is no data set in ${data}; name the folder of its data set with --data`,
  );
}

/** Refuses other data: normalisation and priors are computed from them. */
function refuseOtherData(directory: string, sha256: string): void {
  if (!hasSummary(directory)) return;
  const { dataset } = readSummary(directory);
  if (dataset.sha256 === sha256) return;
  throw new UsageError(
    `Cannot export ${directory}: it was trained on data with sha256 ${dataset.sha256}, the data given ` +
      `have ${sha256}; name the folder of the first with --data`,
  );
}
