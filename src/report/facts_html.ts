/**
 * The numbers of a single network as a list.
 *
 * @module
 */
import { format } from "./format.ts";
import { type Html, html } from "./html.ts";
import { withoutRounds } from "./network_tables.ts";
import type { Table } from "./tables.ts";

/** A card with a table's first row, one line per column; values that do not exist are left out. */
export function factsCard(table: Table, { title, note }: { title: string; note: string }): Html {
  const { columns, rows: [row = []] } = withoutRounds(table);
  const lines = columns.flatMap(({ label, kind }, i) => {
    const value = row[i] ?? null;
    if (value === null) return [];
    return html`
      <div>
        <dt>${label}</dt>
        <dd data-value="${value}">${format(value, kind)}</dd>
      </div>
    `;
  });
  return html`
    <div class="card settings">
      <h3>${title}</h3>
      <p class="note">${note}</p>
      <dl>${lines}</dl>
    </div>
  `;
}
