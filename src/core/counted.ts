/**
 * @module
 */

/**
 * A number with its noun: `1 gap`, `2 gaps`, `1 record was`, `0 records were`.
 *
 * @param noun In the singular, with an s in the plural.
 * @param verb What follows, in the singular and in the plural.
 */
export function counted(count: number, noun: string, verb?: readonly [string, string]): string {
  const said = `${count} ${noun}${count === 1 ? "" : "s"}`;
  return verb === undefined ? said : `${said} ${verb[count === 1 ? 0 : 1]}`;
}
