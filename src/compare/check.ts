/**
 * Checks whether runs can be compared at all.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { configDifferences } from "../config/config.ts";
import { controlPolicy, hasSmallNetworks, trainsOn } from "../config/controls.ts";
import { isRecord } from "../core/records.ts";
import { foldOf } from "./fold.ts";
import { setting } from "./method.ts";
import type { Run } from "./run.ts";

/**
 * @throws {UsageError} If data, classes, score or network differ between runs. Only a small dense network
 * (a control of the same size as a ticket) may have another network.
 */
export function refuseIncomparable(runs: readonly Run[]): void {
  const [first, ...others] = runs;
  if (!first) throw new UsageError("Cannot compare: no runs were named; name at least one");
  if (first.summary.classes.length > 255) {
    throw new UsageError(
      `Cannot compare runs of ${first.summary.classes.length} classes: expected at most 255`,
    );
  }
  for (const run of others) {
    // Each fold is a data set of its own. Whether folds belong together is checked by their records.
    const twin = runs.find((other) => foldOf(other) === foldOf(run))!;
    refuse(twin, run, ["the data set (sha256)", ({ summary }) => summary.dataset.sha256]);
    refuse(first, run, ["the classes", ({ summary }) => summary.classes]);
    refuse(first, run, ["the score", ({ summary }) => summary.metric]);
  }
  const [full, ...same] = runs.filter((run) => !isSmallDense(run));
  for (const run of full ? same : []) {
    refuseOtherNetwork(full!, run);
    refuse(full!, run, [
      "the number of prunable weights",
      ({ summary }) => summary.rounds[0]!.prunable,
    ]);
  }
}

/** Whether a run is a dense network as small as a ticket, which therefore has its own architecture. */
export function isSmallDense(run: Run): boolean {
  return hasSmallNetworks(run);
}

/** Whether a run trains its base's dense network further, without pruning. */
export function isContinued({ control }: Run): boolean {
  return !!control && trainsOn(controlPolicy(control.kind));
}

/** Dropout is a way of training, so networks may differ in it. */
function refuseOtherNetwork(a: Run, b: Run): void {
  const [x, y] = [a, b].map(({ summary }) => {
    const network = setting(summary.config, "network");
    return { network: isRecord(network) ? { ...network, dropout: 0 } : network };
  });
  const differences = configDifferences(x, y);
  if (differences.length === 0) return;
  throw new UsageError(
    `Cannot compare ${a.directory} with ${b.directory}: they differ in the network: ` +
      differences.join("; "),
  );
}

function refuse(a: Run, b: Run, [what, value]: [string, (run: Run) => unknown]): void {
  const [x, y] = [JSON.stringify(value(a)), JSON.stringify(value(b))];
  if (x === y) return;
  throw new UsageError(
    `Cannot compare ${a.directory} with ${b.directory}: they differ in ${what}: ${x} and ${y}`,
  );
}
