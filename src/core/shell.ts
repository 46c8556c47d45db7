/**
 * @module
 */

/** Joins `words` into a command line, quoted so that a shell splits it into the same words. */
export function shellWords(words: readonly string[]): string {
  return words
    .map((word) => /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)
    .join(" ");
}
