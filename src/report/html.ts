/**
 * Builds HTML text; text from outside is escaped and cannot become markup.
 *
 * @module
 */

/** Markup that is already safe. Only {@linkcode html} and {@linkcode trusted} make it. */
export class Html {
  constructor(readonly text: string) {}
}

type Part = Html | string | number | null | undefined | readonly Part[];

/** Tagged template: every interpolated string is escaped, {@linkcode Html} is taken as it is. */
export function html(strings: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(strings.reduce((text, piece, i) => text + render(parts[i - 1]) + piece));
}

/** Marks text of this program (a style sheet, a script) as markup. */
export function trusted(text: string): Html {
  return new Html(text);
}

/** `text` with the five special characters of HTML escaped. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON that may stand inside a script element: no `<` is left in it. */
export function jsonForScript(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}

/** Script text that cannot end its own element. */
export function scriptText(code: string): string {
  return code.replace(/<(?=\/script|!--)/gi, "\\x3c");
}

function render(part: Part): string {
  if (part === null || part === undefined) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(render).join("");
  return escapeHtml(String(part));
}
