/**
 * Numbers with their nouns.
 *
 * @module
 */

/** A noun as it follows a number, e.g. in digits with separators: `epoch` for 1, `epochs` otherwise. */
export function nounOf(count: number, noun: string): string {
  return count === 1 ? noun : `${noun}s`;
}

/**
 * A number with its noun: `1 gap`, `2 gaps`, `1 record was`, `0 records were`.
 *
 * @param noun In the singular, with an s in the plural.
 * @param verb What follows, in the singular and in the plural.
 */
export function counted(count: number, noun: string, verb?: readonly [string, string]): string {
  const said = `${count} ${nounOf(count, noun)}`;
  return verb === undefined ? said : `${said} ${verb[count === 1 ? 0 : 1]}`;
}
