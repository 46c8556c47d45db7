/**
 * Student's t distribution, with the normal one as its limit.
 *
 * @module
 */

/** From this many degrees of freedom on, the normal distribution is used; quantiles differ by less than 1e-6. */
const MANY = 1e7;

/**
 * P(T <= t) for Student's T with `df` degrees of freedom, any number above 0; Infinity means the normal
 * distribution. Absolute error below 1e-10.
 */
export function studentCdf(t: number, df: number): number {
  if (!(df > 0)) throw new RangeError(`Expected degrees of freedom above 0, found ${df}`);
  if (df >= MANY) return normalCdf(t);
  const tail = 0.5 * incompleteBeta(df / (df + t * t), { a: df / 2, b: 0.5 });
  return t > 0 ? 1 - tail : tail;
}

/** The quantile of Student's distribution: the t with P(T <= t) = p, for 0 < p < 1. */
export function studentQuantile(p: number, df: number): number {
  if (!(p > 0 && p < 1)) throw new RangeError(`Expected a share between 0 and 1, found ${p}`);
  if (p === 0.5) return 0;
  if (p < 0.5) return -studentQuantile(1 - p, df);
  let [low, high] = [0, 1];
  while (studentCdf(high, df) < p) [low, high] = [high, 2 * high];
  while (high - low > 1e-12 * high) {
    const middle = (low + high) / 2;
    if (middle === low || middle === high) break;
    if (studentCdf(middle, df) < p) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The degrees of freedom for which `t` is the quantile `p`; Infinity if `t` is the normal quantile. */
export function studentFreedom(p: number, t: number): number {
  if (normalCdf(t) <= p + 1e-9) return Infinity;
  // The search is over 1 / df, which is 0 for the normal distribution.
  let [few, many] = [1, 0];
  while (studentCdf(t, 1 / few) > p) few *= 2;
  for (let i = 0; i < 60; i++) {
    const middle = (few + many) / 2;
    if (studentCdf(t, 1 / middle) > p) many = middle;
    else few = middle;
  }
  return 2 / (few + many);
}

/** P(|T| >= |t|): the two-sided p value. */
export function studentTwoSided(t: number, df: number): number {
  return Math.min(1, 2 * studentCdf(-Math.abs(t), df));
}

/** P(Z <= z) by the series of Marsaglia (2004), "Evaluating the normal distribution". */
function normalCdf(z: number): number {
  if (z < -8) return 0;
  if (z > 8) return 1;
  let [sum, term] = [z, z];
  for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) {
    term *= z * z / k;
    sum += term;
  }
  return 0.5 + sum * Math.exp(-z * z / 2) / Math.sqrt(2 * Math.PI);
}

/**
 * The regularised incomplete beta function I_x(a, b), by its continued fraction (DLMF 8.17.22),
 * evaluated from the front with the method of Lentz.
 */
function incompleteBeta(x: number, { a, b }: { a: number; b: number }): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean; above it, the mirrored function is used.
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, { a: b, b: a });
  const logFront = logGamma(a + b) - logGamma(a) - logGamma(b) + a * Math.log(x) +
    b * Math.log1p(-x);
  const tiny = 1e-300;
  let c = 1;
  let d = 1 / (1 - (a + b) * x / (a + 1) || tiny);
  let fraction = d;
  for (let m = 1; m < 100_000; m++) {
    const even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    let change = 1;
    for (const coefficient of [even, odd]) {
      d = 1 / (1 + coefficient * d || tiny);
      c = 1 + coefficient / c || tiny;
      change = c * d;
      fraction *= change;
    }
    if (Math.abs(change - 1) < 1e-15) break;
  }
  return Math.exp(logFront) * fraction / a;
}

/** log Gamma(x) for x > 0: Stirling's series (DLMF 5.11.1) after shifting the argument above 10. */
function logGamma(x: number): number {
  let shift = 0;
  while (x < 10) shift -= Math.log(x++);
  const y = 1 / (x * x);
  const series = (1 / 12 - y * (1 / 360 - y * (1 / 1260 - y * (1 / 1680 - y / 1188)))) / x;
  return shift + (x - 0.5) * Math.log(x) - x + 0.5 * Math.log(2 * Math.PI) + series;
}
