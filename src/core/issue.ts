/**
 * Says what a schema found wrong with a file that a person wrote.
 *
 * @module
 */
const TYPE_WORDS: Readonly<Record<string, string>> = {
  object: "an object in braces",
  array: "a list in brackets",
  string: "a text in quotes",
};

/** A problem that a schema of zod reports. */
export interface Issue {
  readonly code: string;
  readonly message: string;
  readonly path: readonly PropertyKey[];
  /** The type that was expected, if the value is of another one. */
  readonly expected?: string;
}

/**
 * The sentence of a problem. A schema has none of its own for a value of another type.
 *
 * @param value What the schema was given.
 */
export function issueSentence(issue: Issue, value: unknown): string {
  if (issue.code !== "invalid_type" || !issue.message.startsWith("Invalid input")) {
    return issue.message;
  }
  const found = issue.path.reduce<unknown>(
    (at, key) => (at as Record<PropertyKey, unknown> | null | undefined)?.[key],
    value,
  );
  const type = issue.expected ?? "another type";
  const expected = `expected ${TYPE_WORDS[type] ?? type}`;
  if (found === undefined) return `${expected}, but it is missing`;
  const text = JSON.stringify(found);
  return `${expected}, not ${text.length > 60 ? `${text.slice(0, 57)}...` : text}`;
}
