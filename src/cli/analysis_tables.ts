/**
 * An analysis as tables in the terminal.
 *
 * @module
 */
import type { Analysis, RoundAnalysis } from "../analysis/analysis.ts";
import { STABLE_BELOW } from "../analysis/barrier.ts";
import { decimals, percent, table } from "./format.ts";

/** Prints the figures of each round, then those of its layers. */
export function printAnalysis(analysis: Analysis): void {
  const { rounds } = analysis;
  console.log(`\n${table(trainingRows(rounds))}\n\n${table(maskRows(rounds))}\n`);
  console.log(explanation(analysis));
  for (const rows of [overlapRows(rounds), filterRows(rounds)]) {
    if (rows) console.log(`\n${table(rows)}`);
  }
}

function trainingRows(rounds: readonly RoundAnalysis[]): string[][] {
  const head = ["round", "left", "untrained F1", "signs F1", "instability", "epochs to reach"];
  return [
    [...head, "lowest loss at"],
    ...rounds.map(({ round, density, untrained, barrier, convergence }) => [
      String(round),
      percent(density),
      decimals(untrained.initial.score),
      decimals(untrained.signs.score),
      barrier ? decimals(barrier.instability) : "-",
      convergence.epochsToThreshold === null ? "never" : String(convergence.epochsToThreshold),
      String(convergence.lowestLossEpoch),
    ]),
  ];
}

function maskRows(rounds: readonly RoundAnalysis[]): string[][] {
  return [
    ["round", "left", "overlap", "by chance", "constant filters", "unused filters"],
    ...rounds.map(({ round, density, overlap, filters }) => {
      const count = (of: "filters" | "constant" | "unused") =>
        filters.reduce((total, layer) => total + layer[of], 0);
      return [
        String(round),
        percent(density),
        overlap ? decimals(overlap.total.jaccard) : "-",
        overlap ? decimals(overlap.total.expectedJaccard) : "-",
        `${count("constant")} of ${count("filters")}`,
        `${count("unused")} of ${count("filters")}`,
      ];
    }),
  ];
}

function explanation({ threshold, other, rounds }: Analysis): string {
  const lines = [
    "F1 and errors are of dev. Untrained: the initial weights under the mask, with new norm statistics;",
    "signs: their signs times one constant per layer.",
    `Epochs to reach: until the dev F1 is ${decimals(threshold)}.`,
  ];
  if (rounds.some(({ barrier }) => barrier)) {
    lines.push(
      "Instability: highest error between two data orders minus the mean of both; below " +
        `${decimals(STABLE_BELOW)} counts as stable.`,
    );
  }
  if (other !== null) {
    lines.push(
      `Overlap (Jaccard): weights that both runs keep (other: ${other}) / weights that either keeps.`,
    );
  }
  lines.push("Constant filters: no path from the signal; unused: no path to a logit.");
  return lines.join("\n");
}

/** The overlap of every layer in the last round, and the overlap expected by chance. */
function overlapRows(rounds: readonly RoundAnalysis[]): string[][] | null {
  const last = rounds.findLast(({ overlap }) => overlap !== null);
  if (!last?.overlap) return null;
  return [
    [`layer, round ${last.round}`, "kept", "other", "both", "overlap", "by chance"],
    ...last.overlap.layers.map(({ name, a, b, both, jaccard, expectedJaccard }) => [
      name.replace(/\.weight$/, ""),
      ...[a, b, both].map((count) => count.toLocaleString("en")),
      decimals(jaccard),
      decimals(expectedJaccard),
    ]),
  ];
}

/** Layers with filters that do nothing in the last round; null if no layer has any. */
function filterRows(rounds: readonly RoundAnalysis[]): string[][] | null {
  const last = rounds.at(-1)!;
  const dead = last.filters.filter(({ constant, unused }) => constant + unused > 0);
  if (dead.length === 0) return null;
  return [
    [`layer, round ${last.round}`, "filters", "empty", "constant", "unused"],
    ...dead.map(({ name, filters, empty, constant, unused }) => [
      name,
      ...[filters, empty, constant, unused].map(String),
    ]),
  ];
}
