/**
 * Makes `summary.json` from a run's finished rounds.
 *
 * @module
 */
import * as path from "node:path";
import type { Config } from "../config/config.ts";
import type { LoadedDataset, Split } from "../data/dataset.ts";
import type { Summary } from "../results/summary.ts";
import { metricFor } from "../training/metrics.ts";
import { SPLITS } from "../training/workbench.ts";
import type { RunStore } from "./run_store.ts";
import type { Stages } from "./stages.ts";

/** The summary of the finished rounds. */
export function summaryOf(
  run: { config: Config; store: RunStore; dataset: LoadedDataset; plan: Stages },
): Summary {
  const { config, store, dataset, plan: { plannedRounds, hasDense } } = run;
  const rounds = store.finishedRounds();
  const { name: metric, classes } = metricFor(dataset.classes);
  const counts = SPLITS.map((split) => {
    const { labels } = dataset.splits[split];
    return [split, dataset.classes.map((_, c) => labels.filter((label) => label === c).length)];
  });
  return {
    format: "lth-ecg-summary/1",
    name: path.basename(store.directory),
    complete: rounds.length === plannedRounds + (hasDense ? 1 : 0),
    plannedRounds,
    mode: config.mode,
    control: config.control && { kind: config.control.kind, base: config.control.base },
    classes: [...dataset.classes],
    metric: { name: metric, classes: [...classes] },
    dataset: {
      sha256: dataset.sha256,
      counts: Object.fromEntries(counts),
      ...groupsOf(dataset),
    },
    rounds,
    config,
  };
}

/** The group of each scored record, if the data set has groups. */
function groupsOf({ splits }: LoadedDataset): Pick<Summary["dataset"], "groups"> {
  const of = ({ ids, groups }: Split) =>
    Object.fromEntries((groups ?? []).map((group, i) => [ids[i]!, group]));
  const { train, dev, test } = splits;
  return train.groups ? { groups: { dev: of(dev), test: of(test) } } : {};
}
