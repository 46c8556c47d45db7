/// <reference lib="dom" />
/**
 * Making and finding elements. Text is inserted as text: nothing here parses markup.
 *
 * @module
 */

/** Attributes of a new element; `on…` keys are listeners, false and null leave an attribute out. */
export type Attributes = Record<string, string | number | boolean | null | ((e: Event) => void)>;

/** A new element with attributes and children. */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  children: readonly (Node | string)[] = [],
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

/** A new SVG element. */
export function svg(
  tag: string,
  attributes: Attributes = {},
  children: readonly Node[] = [],
): SVGElement {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  setAttributes(made, attributes);
  made.append(...children);
  return made;
}

/** The element that `selector` names; it must exist. */
export function find(selector: string, within: ParentNode = document): HTMLElement {
  const found = within.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`The page has no ${selector}`);
  return found;
}

/** Offers `contents` as a file to save. */
export function download(name: string, contents: Blob): void {
  const url = URL.createObjectURL(contents);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function setAttributes(target: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") target.addEventListener(name.replace(/^on/, ""), value);
    else if (value !== null && value !== false) target.setAttribute(name, String(value));
  }
}
