/**
 * Tables as HTML.
 *
 * @module
 */
import { format } from "./format.ts";
import { type Html, html } from "./html.ts";
import type { Table } from "./tables.ts";

/**
 * A table in a box with its own scroll bar. Each cell with a number has the unrounded value in
 * `data-value`. With `pick`, the first column holds buttons that show the row's round.
 */
export function tableHtml(
  table: Table,
  { caption, pick = false }: { caption: string; pick?: boolean },
): Html {
  const heads = table.columns.map(({ label, kind }) =>
    html`
      <th scope="col" ${kind === "text"
        ? html`
          class="text"
        `
        : null}>${label}</th>
    `
  );
  const rows = table.rows.map((row, index) =>
    html`
      <tr${pick
        ? html`
          data-index="${index}"
        `
        : null}>${row.map((value, i) => {
          const kind = table.columns[i]?.kind ?? "text";
          const text = format(value, kind);
          if (i === 0) {
            return html`<th scope="row" data-value="${value}">${
              pick
                ? html`<button type="button" class="pick" data-index="${index}">${text}</button>`
                : text
            }</th>`;
          }
          return kind === "text"
            ? html`<td class="text">${text}</td>`
            : html`<td data-value="${value}">${text}</td>`;
        })}</tr>
    `
  );
  return html`
    <div class="scroll" tabindex="0" role="region" aria-label="${caption}">
      <table>
        <thead>
          <tr>${heads}</tr>
        </thead>
        <tbody>${rows}</tbody>
      </table>
    </div>
  `;
}
