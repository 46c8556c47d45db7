/**
 * Simulates studies to find how often 95 % intervals contain the true difference.
 *
 * Two methods are compared by the mean F1 of three of four classes, with the class proportions of the
 * PhysioNet/CinC Challenge 2017. A network is right about a record when a normal variable of variance 1,
 * shifted by the class, the method and the seed, is above 0. The variable is the sum of the record's difficulty,
 * which all networks share, and of its interactions with the method, the seed and the single network.
 *
 * @module
 */
import { createRng, type Rng } from "../core/rng.ts";
import { bootstrap, observed } from "./bootstrap.ts";
import { crossedEstimate, pairedUnits, type Unit } from "./crossed.ts";
import { type Estimate, percentileEstimate, studentEstimate } from "./estimate.ts";
import { macroF1 } from "./f1.ts";
import { foldEstimate } from "./folds.ts";
import { mean, meanOf } from "./interval.ts";
import { studentCdf } from "./student.ts";

const PROPORTIONS = [0.6, 0.09, 0.28, 0.03];
const QUALITY = [1.3, 0.9, 0.7, 0.4];
/** Share of each class among the wrong answers to a class. */
const CONFUSED = [[0, 0.1, 0.8, 0.1], [0.3, 0, 0.6, 0.1], [0.75, 0.2, 0, 0.05], [0.5, 0.1, 0.4, 0]];
/** Shares of the variance; their sum is 1. */
const VARIANCE = { record: 0.55, method: 0.1, seed: 0.15, network: 0.2 };
const CELLS = 16;
const statistic = macroF1(4, [0, 1, 2]);

/** One kind of study. */
export interface Scenario {
  /** Number of seeds per method, all scored on the same records; or of folds with own seeds and records. */
  seeds: number;
  design: "crossed" | "folds";
  /** Whether both methods have the same seeds. */
  paired: boolean;
  records: number;
  /** Standard deviation over seeds of the shift of a network: 0.06 moves F1 by about 0.015. */
  seedDeviation: number;
  /** Shift of the second method. */
  loss: number;
}

/** Shares of intervals that contain the true difference, and the mean half width of the first kind. */
export interface Coverage {
  /** The interval that a comparison gives. */
  given: number;
  /** The percentile bootstrap over records alone. */
  records: number;
  /** t(S - 1) for the whole variance; with folds, the corrected variance of Nadeau and Bengio. */
  other: number;
  halfWidth: number;
  /** Standard deviation over seeds of the F1 of a network on infinitely many records. */
  scoreDeviation: number;
}

/** Simulates this number of studies. */
export function coverage(
  scenario: Scenario,
  { studies, draws, seed }: { studies: number; draws: number; seed: number },
): Coverage {
  const rng = createRng(seed, "coverage", JSON.stringify(scenario));
  const [a, b] = [trueScores(scenario, 0), trueScores(scenario, -scenario.loss)];
  const truth = a.mean - b.mean;
  const hits = { given: 0, records: 0, other: 0 };
  let width = 0;
  for (let study = 0; study < studies; study++) {
    const found = scenario.design === "folds"
      ? foldStudy(scenario, rng)
      : crossedStudy(scenario, { rng, draws, seed: study });
    for (const key of ["given", "records", "other"] as const) {
      if (found[key].low <= truth && truth <= found[key].high) hits[key]++;
    }
    width += (found.given.high - found.given.low) / 2;
  }
  return {
    given: hits.given / studies,
    records: hits.records / studies,
    other: hits.other / studies,
    halfWidth: width / studies,
    scoreDeviation: a.deviation,
  };
}

interface Found {
  given: Estimate;
  records: { low: number; high: number };
  other: { low: number; high: number };
}

function crossedStudy(
  scenario: Scenario,
  { rng, draws, seed }: { rng: Rng; draws: number; seed: number },
): Found {
  const [a, b] = outcomes(scenario, rng) as [Uint16Array[], Uint16Array[]];
  const options = { cells: CELLS, statistic, draws, seed };
  const drawn = bootstrap([...a, ...b], options);
  const units = (own: Uint16Array[], first: number): Unit[] =>
    own.map((cells, s) => ({ value: observed(cells, options), draws: drawn[first + s]! }));
  const [left, right] = [units(a, 0), units(b, a.length)];
  const pairs = pairedUnits(left, right);
  const given = crossedEstimate(
    scenario.paired
      ? [pairs]
      : [left, right.map(({ value, draws }) => ({ value: -value, draws: draws.map((x) => -x) }))],
  );
  return {
    given,
    records: percentileEstimate(
      mean(pairs.map(({ value }) => value)),
      meanOf(pairs.map(({ draws }) => draws)),
    ),
    other: scenario.seeds < 2 ? given : studentEstimate(given.difference, {
      standardError: given.standardError,
      degreesOfFreedom: scenario.seeds - 1,
      source: "seeds and records",
    }),
  };
}

/** Simulates a study with folds, which do not use the bootstrap over records. */
function foldStudy(scenario: Scenario, rng: Rng): Found {
  const { seeds: folds, records } = scenario;
  const each = { ...scenario, seeds: 1, records: records / folds };
  const parts = Array.from({ length: folds }, () => {
    const [[a], [b]] = outcomes(each, rng) as [[Uint16Array], [Uint16Array]];
    return [a, b] as const;
  });
  const score = (cells: Uint16Array) => observed(cells, { cells: CELLS, statistic });
  const pooled = (side: 0 | 1) => score(Uint16Array.from(parts.flatMap((part) => [...part[side]])));
  const found = foldEstimate(pooled(0) - pooled(1), {
    perFold: parts.map(([a, b]) => score(a) - score(b)),
    testPerTrain: 1 / (folds - 1),
  });
  return { given: found, records: found, other: found.corrected };
}

/** Confusion cells by method, seed and record. */
function outcomes(scenario: Scenario, rng: Rng): Uint16Array[][] {
  const { seeds, records, seedDeviation, loss, paired } = scenario;
  const normal = () =>
    Math.sqrt(-2 * Math.log(1 - rng.next())) * Math.cos(2 * Math.PI * rng.next());
  const weight = (part: keyof typeof VARIANCE) => Math.sqrt(VARIANCE[part]);
  const cells = [0, 1].map(() => Array.from({ length: seeds }, () => new Uint16Array(records)));
  // Half of a seed's effect is common to the networks of both methods.
  const shared = Array.from({ length: seeds }, () => normal() * Math.SQRT1_2);
  const shifts = [0, 1].map(() =>
    shared.map((common) => seedDeviation * (paired ? common + normal() * Math.SQRT1_2 : normal()))
  );
  for (let i = 0; i < records; i++) {
    const truth = pick(PROPORTIONS, rng.next());
    const record = normal() * weight("record");
    const wrong = pick(CONFUSED[truth]!, rng.next());
    const bySeed = shared.map(() => normal() * weight("seed"));
    for (const method of [0, 1]) {
      const own = normal() * weight("method");
      for (let s = 0; s < seeds; s++) {
        const met = paired ? bySeed[s]! : normal() * weight("seed");
        const latent = QUALITY[truth]! - method * loss + shifts[method]![s]! + record + own + met +
          normal() * weight("network");
        cells[method]![s]![i] = truth * 4 + (latent > 0 ? truth : wrong);
      }
    }
  }
  return cells;
}

/** Mean and standard deviation over seeds of the F1 on infinitely many records. */
function trueScores(
  { seedDeviation }: Scenario,
  shift: number,
): { mean: number; deviation: number } {
  let [weights, sum, squares] = [0, 0, 0];
  // The normal density over ±6 standard deviations.
  for (let z = -6; z <= 6; z += 0.01) {
    const weight = Math.exp(-z * z / 2);
    const score = populationScore(shift + seedDeviation * z);
    weights += weight;
    sum += weight * score;
    squares += weight * score * score;
  }
  const centre = sum / weights;
  return { mean: centre, deviation: Math.sqrt(Math.max(0, squares / weights - centre ** 2)) };
}

function populationScore(shift: number): number {
  const cells = new Float64Array(CELLS);
  PROPORTIONS.forEach((share, truth) => {
    const right = studentCdf(QUALITY[truth]! + shift, Infinity);
    CONFUSED[truth]!.forEach((wrong, other) => {
      cells[truth * 4 + other] = share * (other === truth ? right : (1 - right) * wrong);
    });
  });
  return statistic(cells);
}

function pick(shares: readonly number[], at: number): number {
  let sum = 0;
  for (let i = 0; i < shares.length; i++) {
    sum += shares[i]!;
    if (at < sum) return i;
  }
  return shares.length - 1;
}
