/**
 * Made-up optional parts of a report, for tests.
 *
 * @module
 */
import type { RoundAnalysis } from "../analysis/analysis.ts";
import { createRng } from "../core/rng.ts";
import type { Summary } from "../results/summary.ts";
import type { Extras, RunDifferences } from "./extras.ts";
import { fixtureSummary } from "./fixture.ts";

/** A made-up analysis of every round, and replicates with consecutive seeds after the run's own. */
export function fixtureExtras(summary: Summary, { replicates = 0 } = {}): Extras {
  const { classes } = summary;
  const seed = Number(summary.config["seed"]);
  return {
    rounds: new Map(summary.rounds.map((round) => [round.round, analysis(summary, round.round)])),
    threshold: 0.55,
    other: "another-run",
    differences: fixtureDifferences(summary),
    replicates: Array.from({ length: replicates }, (_, i) => ({
      ...fixtureSummary({
        rounds: summary.rounds.length,
        planned: summary.plannedRounds,
        classes,
        seed: seed + 1 + i,
        epochs: 1,
        prune: pruned(summary),
      }),
      name: `${summary.name}-seed${seed + 1 + i}`,
    })),
  };
}

/** Made-up differences of every pruned round; the last but one is the sparsest that matches. */
export function fixtureDifferences(summary: Summary): RunDifferences | null {
  const pruned = summary.rounds.filter(({ round }) => round > 0);
  if (pruned.length === 0 || summary.control) return null;
  const limits = {
    ...{ difference: -0.02, low: -0.061, high: 0.012, score: 0.8 },
    sentence: "not resolved (a loss of 0.015 or more is not excluded): difference -0.020",
  };
  return {
    rounds: new Map(pruned.map(({ round }) => [round, {
      toDense: { ...limits, epochs: 12 },
      toEqual: null,
      epochs: 12 * (round + 1),
    }])),
    ...{ margin: 0.015, secondMargin: 0.01 },
    matching: pruned.at(-2)?.round ?? null,
    secondMatching: null,
    stoppedAt: pruned.at(-1)!.round,
    draws: 10_000,
    continued: null,
    beside: null,
    run: summary.name,
  };
}

function pruned({ config }: Summary): number {
  return Number((config["pruning"] as { fraction: number }).fraction);
}

function analysis(summary: Summary, round: number): RoundAnalysis {
  const rng = createRng(round, "analysis-fixture");
  const { kept, density, dev, epochs, layers } = summary.rounds[round]!;
  const depth = 1 - Math.min(1, density * 2);
  const scores = (score: number) => ({ ...dev, score });
  const bump = 0.002 + 0.08 * depth ** 2;
  return {
    round,
    kept,
    density,
    untrained: {
      initial: scores(0.12 + 0.1 * rng.next()),
      signs: scores(0.14 + 0.15 * rng.next()),
    },
    barrier: {
      instability: bump,
      line: Array.from({ length: 11 }, (_, i) => ({
        at: i / 10,
        error: 0.25 + bump * 4 * (i / 10) * (1 - i / 10),
        loss: 1,
        score: 0.7,
      })),
    },
    overlap: round === 0 ? null : {
      total: {
        ...{ a: kept, b: kept, both: Math.round(kept * 0.4) },
        ...{ jaccard: 0.25 + 0.3 * density, expectedBoth: kept * density },
        expectedJaccard: density / (2 - density),
      },
      layers: [],
    },
    convergence: {
      epochsToThreshold: depth > 0.9 ? null : Math.min(epochs.length, 3 + Math.round(5 * depth)),
      lowestLossEpoch: epochs.length,
    },
    filters: layers.map(({ name, shape, kept, size }) => {
      const filters = shape[0] ?? 1;
      const empty = Math.floor(filters * Math.max(0, 0.3 - kept / size));
      return { name, filters, empty, constant: empty, unused: Math.floor(1.5 * empty) };
    }),
  };
}
