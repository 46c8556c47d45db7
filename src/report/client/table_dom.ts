/// <reference lib="dom" />
/**
 * Makes the rows of a table in the browser.
 *
 * @module
 */
import { format } from "../format.ts";
import type { Table } from "../tables.ts";
import { element } from "./dom.ts";

/**
 * Head and body of `table`, the same as in static tables. With `pick`, the first column holds buttons
 * that show the row's round.
 */
export function tableParts({ columns, rows }: Table, { pick = false } = {}): HTMLElement[] {
  const text = (i: number) => columns[i]?.kind === "text" ? { class: "text" } : {};
  const head = element(
    "tr",
    {},
    columns.map(({ label }, i) => element("th", { scope: "col", ...text(i) }, [label])),
  );
  const body = rows.map((row, index) => {
    const cells = row.map((value, i) => {
      const shown = format(value, columns[i]?.kind ?? "text");
      if (i > 0) return element("td", { "data-value": value, ...text(i) }, [shown]);
      const button = { type: "button", class: "pick", "data-index": index };
      return element("th", { scope: "row", "data-value": value }, [
        pick ? element("button", button, [shown]) : shown,
      ]);
    });
    return element("tr", pick ? { "data-index": index } : {}, cells);
  });
  return [element("thead", {}, [head]), element("tbody", {}, body)];
}
