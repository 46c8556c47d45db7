/**
 * The uncertainty of a difference between two methods whose networks, one per seed, were all scored on
 * the same records. Both the seeds and the records are samples: other seeds would give other networks, and
 * other records would give other scores of the same networks. The two are crossed: every network is scored
 * on every record.
 *
 * **Model.** D_s is the difference of seed s, D their mean over S seeds. Every D_s has a part that all
 * seeds share because the records are the same (variance R), a part from its own seed (U), and a part from
 * the interaction of its seed with the records (I). So
 *
 *     Var(D) = R + (U + I) / S.
 *
 * **Why not resample both at once.** Drawing seeds and records together and taking percentiles is wrong
 * for 3 to 5 seeds, for two reasons. Seeds drawn with replacement have (S - 1) / S of their variance, and the
 * 27 possible draws of 3 seeds have no tails. The interaction is counted three times (Owen 2007, "The pigeonhole
 * bootstrap", theorem 2; no bootstrap of a crossed array is exact, McCullagh 2000).
 *
 * **Estimator.** Each part is estimated without bias:
 *
 *     (U + I) / S   the sample variance of the D_s over S: the records are the same for all D_s, so that R
 *                   cancels in their spread. S - 1 degrees of freedom.
 *     R             the bootstrap over records, draw by draw the same for all networks: the mean
 *                   covariance of D_s and D_s' over s != s'. The interaction is independent between
 *                   seeds, so that it drops out. Equal to Var*(D) - mean_s Var*(D_s - D) / (S - 1).
 *
 * A negative estimate of R counts as 0.
 *
 * **Interval.** Only the first part has S - 1 degrees of freedom; R comes from hundreds of records. t(S - 1)
 * times the whole standard error covers over 99 % where records dominate. Two known half widths respect
 * the parts: t with the degrees of freedom of Welch and Satterthwaite, which covers 93 to 95 % for S = 3, and
 * sqrt(t(S - 1)² * (U + I) / S + z² * R) (Howe 1974), which covers 95 to 98 %. Their geometric mean covers
 * 94 to 97 % from 3 seeds on, for any mixture, and is used: D ± h. Both are t(S - 1) where only seeds
 * matter and z where only records do. docs/statistics.md has the simulated coverage.
 *
 * **Different seeds on the two sides** make two independent groups of units; each contributes its own
 * (U + I) / S.
 *
 * **One seed** on a side gives no information about seeds. The interval is then the percentile bootstrap over
 * records alone, and `source` says so.
 *
 * @module
 */
import { ALPHA, type Estimate, percentileEstimate, studentEstimate, variance } from "./estimate.ts";
import { mean, meanOf, minus, standardDeviation } from "./interval.ts";
import { studentFreedom, studentQuantile } from "./student.ts";

/** The contribution of one seed: its value, and its value on each draw of the records. */
export interface Unit {
  value: number;
  draws: Float64Array;
}

/** a - b, seed by seed: one group of units. */
export function pairedUnits(a: readonly Unit[], b: readonly Unit[]): Unit[] {
  return a.map(({ value, draws }, s) => ({
    value: value - b[s]!.value,
    draws: minus(draws, b[s]!.draws),
  }));
}

/** The same units with the opposite sign. */
export function negated(units: readonly Unit[]): Unit[] {
  return units.map(({ value, draws }) => ({ value: -value, draws: draws.map((x) => -x) }));
}

/**
 * The sum over groups of the mean over their units, with its 95 % interval.
 *
 * @param difference The sum, if the caller has an exact value.
 * @param groups Given the records, units of a group are independent, and so are groups. Paired seeds give one
 * group of differences; unpaired seeds give one group of the first method and a negated one of the second.
 */
export function crossedEstimate(
  groups: readonly (readonly Unit[])[],
  difference = groups.reduce((sum, units) => sum + mean(units.map((u) => u.value)), 0),
): Estimate {
  const draws = summed(groups.map((units) => meanOf(units.map((unit) => unit.draws))));
  if (groups.some((units) => units.length < 2)) return percentileEstimate(difference, draws);

  const seeds = groups.map((units) => ({
    variance: standardDeviation(units.map(({ value }) => value))! ** 2 / units.length,
    degreesOfFreedom: units.length - 1,
  }));
  const interaction = groups.reduce((sum, units) => sum + interactionOf(units), 0);
  const records = Math.max(0, variance(draws) - interaction);
  const standardError = Math.sqrt(
    seeds.reduce((sum, part) => sum + part.variance, records),
  );
  return studentEstimate(difference, {
    standardError,
    degreesOfFreedom: standardError === 0 ? Infinity : effective(records, seeds, standardError),
    source: "seeds and records",
  });
}

/** The degrees of freedom whose t is the half width of the interval over the standard error. */
function effective(
  records: number,
  seeds: readonly { variance: number; degreesOfFreedom: number }[],
  standardError: number,
): number {
  const t = (degreesOfFreedom: number) => studentQuantile(1 - ALPHA / 2, degreesOfFreedom);
  const spread = seeds.reduce((sum, part) => sum + part.variance ** 2 / part.degreesOfFreedom, 0);
  if (spread === 0) return Infinity;
  const welch = t(standardError ** 4 / spread);
  const howe = Math.sqrt(
    seeds.reduce(
      (sum, part) => sum + part.variance * t(part.degreesOfFreedom) ** 2,
      records * t(Infinity) ** 2,
    ),
  ) / standardError;
  return studentFreedom(1 - ALPHA / 2, Math.sqrt(welch * howe));
}

/** I / S of a group, from the draws: mean_s Var*(D_s - D) / (S - 1). */
function interactionOf(units: readonly Unit[]): number {
  const centre = meanOf(units.map(({ draws }) => draws));
  const own = units.map(({ draws }) => variance(minus(draws, centre)));
  return mean(own) / (units.length - 1);
}

function summed(columns: readonly Float64Array[]): Float64Array {
  const sum = new Float64Array(columns[0]!.length);
  for (const column of columns) {
    for (let i = 0; i < sum.length; i++) sum[i]! += column[i]!;
  }
  return sum;
}
