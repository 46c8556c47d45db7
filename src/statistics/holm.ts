/**
 * Adjusts the p values of several tests that were planned before the results were seen.
 *
 * @module
 */

/**
 * p values adjusted by Holm (1979). With the decision "adjusted p < 0.05", at most 5 % of such families have a
 * false claim, however the tests depend on each other. The k-th smallest of m is multiplied by m - k + 1;
 * an adjusted value is never smaller than the one before it, or larger than 1.
 *
 * @param family Number of planned tests, at least that of `pValues`: a test that has no value yet counts as
 *   if its p were 1. So an adjusted value never grows when later tests come in.
 * @returns Adjusted values in the order of `pValues`.
 */
export function holm(pValues: readonly number[], family: number = pValues.length): number[] {
  const order = [...pValues.keys()].sort((a, b) => pValues[a]! - pValues[b]!);
  const adjusted = new Array<number>(pValues.length);
  let largest = 0;
  order.forEach((test, k) => {
    largest = Math.max(largest, Math.min(1, (family - k) * pValues[test]!));
    adjusted[test] = largest;
  });
  return adjusted;
}
