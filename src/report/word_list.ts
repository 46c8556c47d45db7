/**
 * A list of terms with their meanings, at the end of the pages.
 *
 * @module
 */
import { type Html, html } from "./html.ts";

/** The terms in the given order. */
export function wordList(words: readonly (readonly [string, string])[]): Html {
  return html`<dl class="glossary">${
    words.map(([word, meaning]) =>
      html`
        <div>
          <dt>${word}</dt>
          <dd>${meaning}</dd>
        </div>
      `
    )
  }</dl>`;
}
