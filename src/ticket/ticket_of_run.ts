/**
 * Makes a ticket from a finished round.
 *
 * @module
 */
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import type { Config } from "../config/config.ts";
import { networkGraph } from "../config/network_config.ts";
import type { RunStore } from "../run/run_store.ts";
import type { Scores } from "../results/summary.ts";
import { analyse } from "../model/analyse.ts";
import { NORMAL_95, scoreStandardError } from "../statistics/standard_error.ts";
import { priorsOf } from "../training/decision.ts";
import { metricFor } from "../training/metrics.ts";
import { networkOfSnapshot } from "./network.ts";
import type { Ticket } from "./ticket.ts";

/** A run's round and its training data. */
export interface RoundRequest {
  readonly store: RunStore;
  readonly name: string;
  readonly config: Config;
  /** The run's data set, divided as the run divided it. */
  readonly dataset: LoadedDataset;
  /** A finished round; by default the last one. */
  readonly round?: number | undefined;
  /** Licence and origin of the data. */
  readonly licence: string;
}

/**
 * Makes a ticket from a run directory.
 *
 * @throws {UsageError} If the round is not finished.
 */
export function ticketOfRound(request: RoundRequest): Ticket {
  const { store, name, config, dataset, licence } = request;
  const finished = store.finishedRounds();
  const summary = request.round === undefined
    ? finished.at(-1)
    : finished.find(({ round }) => round === request.round);
  if (summary === undefined) {
    throw new UsageError(
      `Cannot export round ${request.round ?? "(last)"} of ${name}: finished rounds are ${
        finished.map(({ round }) => round).join(", ") || "none"
      }`,
    );
  }
  const { classes } = dataset;
  const graph = networkGraph(config.network, classes.length);
  const network = networkOfSnapshot(store.loadEnd(summary.round), {
    graph,
    epsilon: config.network.normEpsilon,
  });
  const { train, dev, test } = dataset.splits;
  const priors = priorsOf(train, {
    classes: classes.length,
    hop: analyse(graph).hop,
    unit: config.score.priorUnit,
  });
  return {
    network,
    classes: [...classes],
    normalisation: { mean: dataset.mean, std: dataset.std, rate: dataset.sampleRate },
    priors: [...priors],
    decision: config.score,
    ...(config.flipAverage ? { flipAverage: true } : {}),
    ...(summary.temperature === undefined ? {} : { temperature: summary.temperature }),
    provenance: {
      run: name,
      round: summary.round,
      // Folders of the maker's machine are nobody else's business; the data are known by their hash.
      config: { ...config, data: path.basename(config.data) },
      datasetSha256: dataset.sha256,
      records: { train: train.ids.length, dev: dev.ids.length, test: test.ids.length },
    },
    licence,
    metrics: {
      dev: metricsOf(summary.dev, classes),
      ...(summary.test === null ? {} : { test: metricsOf(summary.test, classes) }),
    },
  };
}

/** Scores with a 95 % interval by the delta method; see statistics/standard_error.ts. */
export function metricsOf(
  scores: Pick<Scores, "records" | "score" | "f1" | "confusion">,
  classes: readonly string[],
): Ticket["metrics"][string] {
  const metric = metricFor(classes);
  const scored = metric.classes.map((name) => classes.indexOf(name));
  const error = scoreStandardError(scores.confusion, scored);
  const { score } = scores;
  const limit = (side: number) =>
    error === null ? null : Math.min(1, Math.max(0, score + side * NORMAL_95 * error));
  return {
    records: scores.records,
    name: metric.name,
    headline: { score, low: limit(-1), high: limit(1) },
    f1: { ...scores.f1 },
  };
}
