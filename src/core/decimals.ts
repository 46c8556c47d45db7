/**
 * Numbers with a fixed number of decimals, for text that people read. CSV and JSON files hold plain numbers.
 *
 * @module
 */

/** E.g. "0.812", "−0.004", "0.000": with the minus sign (U+2212), which zero has not, even if it is rounded. */
export function decimals(x: number, digits = 3): string {
  const text = Math.abs(x).toFixed(digits);
  return x < 0 && Number(text) !== 0 ? `−${text}` : text;
}
