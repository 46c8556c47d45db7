/**
 * Opens a finished round of a run, to export it as a ticket.
 *
 * @module
 */
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { hasSmallNetworks } from "../config/controls.ts";
import { runDirectory } from "../core/paths.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import { readDescription } from "../data/description.ts";
import { hasSummary, readSummary } from "../results/read.ts";
import type { Summary } from "../results/summary.ts";
import { MISSING, openDataset } from "../run/dataset.ts";
import { RunStore } from "../run/run_store.ts";
import { CINC2017_LICENCE, type Ticket } from "./ticket.ts";
import { ticketOfRound } from "./ticket_of_run.ts";

/**
 * Opens a finished round with its training data, and the run's summary if it has written one.
 *
 * @param run Name of a run below checkpoints/, or path of its directory.
 * @param options.round The last one by default.
 * @param options.data Folder of the run's data set, if it is no longer where the run had it.
 * @param options.licence Licence of the data, if the program does not know it.
 * @throws {UsageError} If there is no such run or round, its rounds have networks of several sizes, or its
 * data have changed.
 */
export function openRound(
  run: string,
  { round, data, licence }: {
    round?: number | undefined;
    data?: string | undefined;
    licence?: string | undefined;
  },
): { ticket: Ticket; dataset: LoadedDataset; summary: Summary | null } {
  const directory = runDirectory(run);
  const store = new RunStore(directory);
  if (!store.exists()) {
    throw new UsageError(`Cannot export ${run}: there is no run in ${directory}`);
  }
  const config = store.config();
  if (hasSmallNetworks(config)) {
    throw new UsageError(
      `Cannot export ${run}: it is a control of ${
        config.control!.kind
      }, whose rounds have networks of ` +
        `their own sizes; export a round of its base ${config.control!.base}`,
    );
  }
  const dataset = openDataset(data === undefined ? config : { ...config, data }, MISSING.name);
  const summary = hasSummary(directory) ? readSummary(directory) : null;
  if (summary !== null) refuseOtherData(directory, dataset.sha256, summary.dataset.sha256);
  const { revision } = readDescription(dataset.directory).labels;
  const known = revision === "own" ? "Not stated: the data are the user's own." : CINC2017_LICENCE;
  const request = { store, name: path.basename(directory), config, dataset, round };
  return { ticket: ticketOfRound({ ...request, licence: licence ?? known }), dataset, summary };
}

/** Refuses other data: normalisation and priors are computed from them. */
function refuseOtherData(directory: string, given: string, trained: string): void {
  if (trained === given) return;
  throw new UsageError(
    `Cannot export ${directory}: it was trained on data with sha256 ${trained}, the data given ` +
      `have ${given}; name the folder of the first with --data`,
  );
}
