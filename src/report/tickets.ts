/**
 * Makes the tables of a report from an analysis.
 *
 * @module
 */
import type { RoundAnalysis } from "../analysis/analysis.ts";
import { finite } from "./finite.ts";
import type { FilterCounts, LayerData, ReportData, TicketData } from "./data.ts";

/** Whether filters that do nothing are known of any pruned round; a dense network has none. */
export function filtersAreCounted({ rounds }: ReportData): boolean {
  return rounds.some(({ round, filters }) => filters && (round > 0 || rounds.length === 1));
}

/** Filters of each layer that do nothing, in the order of `layers`; null if nothing is known. */
export function filterCounts(
  layers: readonly LayerData[],
  filters: RoundAnalysis["filters"] | undefined,
): FilterCounts | null {
  if (!filters) return null;
  const known = new Map(filters.map((layer) => [layer.name, layer]));
  const column = (key: "filters" | "empty" | "constant" | "unused") =>
    layers.map(({ name }) => known.get(name.replace(/\.weight$/, ""))?.[key] ?? null);
  return {
    filters: column("filters"),
    empty: column("empty"),
    constant: column("constant"),
    unused: column("unused"),
  };
}

/** The results of an analysis for one round; null if there are none. */
export function ticketData(analysis: Partial<RoundAnalysis> | undefined): TicketData | null {
  if (!analysis) return null;
  const { untrained, barrier, overlap, convergence } = analysis;
  if (!untrained && !barrier && !overlap && !convergence) return null;
  return {
    untrained: finite(untrained?.initial.score),
    signs: finite(untrained?.signs.score),
    instability: finite(barrier?.instability),
    line: barrier?.line.map(({ at, error }) => [at, finite(error)]) ?? null,
    overlap: finite(overlap?.total.jaccard),
    overlapByChance: finite(overlap?.total.expectedJaccard),
    epochsToThreshold: finite(convergence?.epochsToThreshold),
    lowestLossEpoch: finite(convergence?.lowestLossEpoch),
  };
}
