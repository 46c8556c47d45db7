/// <reference lib="dom" />
/**
 * The script of the list of runs: sorting.
 *
 * @module
 */
import { find } from "./dom.ts";
import { setUpTheme } from "./theme.ts";

setUpTheme(() => {});
document.querySelectorAll<HTMLTableElement>(".runs").forEach((table) =>
  table.querySelectorAll<HTMLElement>("thead button").forEach((button, column) =>
    button.addEventListener("click", () => sort(table, column))
  )
);
document.documentElement.dataset["ready"] = "true";

/** Sorts by a column, or reverses the order if it is sorted already. Missing values stay at the end. */
function sort(table: HTMLTableElement, column: number): void {
  const heads = [...table.querySelectorAll("thead th")];
  const down = heads[column]?.getAttribute("aria-sort") === "ascending";
  heads.forEach((other) => other.removeAttribute("aria-sort"));
  heads[column]?.setAttribute("aria-sort", down ? "descending" : "ascending");
  const body = find("tbody", table);
  const rows = [...body.querySelectorAll<HTMLElement>("tr")];
  const value = (row: HTMLElement) => (row.children[column] as HTMLElement).dataset["value"] ?? "";
  rows.sort((a, b) => {
    const [x, y] = [value(a), value(b)];
    if (x === "" || y === "") return (x === "" ? 1 : 0) - (y === "" ? 1 : 0);
    const numbers = Number(x) - Number(y);
    const order = Number.isNaN(numbers) ? x.localeCompare(y) : numbers;
    return down ? -order : order;
  });
  body.replaceChildren(...rows);
}
