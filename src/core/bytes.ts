/**
 * Numbers of bytes as text.
 *
 * @module
 */

/** E.g. "1.50 GB". */
export function bytesText(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(2)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
