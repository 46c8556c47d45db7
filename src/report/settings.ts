/**
 * Settings, environment and data set as plain tables.
 *
 * @module
 */
import { settingsTable } from "../config/table.ts";
import type { Summary } from "../results/summary.ts";
import { type Html, html } from "./html.ts";
import { tableHtml } from "./table_html.ts";

/** Nested settings as lines [dotted name, text], in their order. */
function flatten(value: unknown, name = ""): [name: string, text: string][] {
  if (Array.isArray(value) && value.every((item) => typeof item !== "object" || item === null)) {
    return [[name, value.map(String).join(", ")]];
  }
  if (typeof value === "object" && value !== null) {
    return Object.entries(value).flatMap(([key, inner]) =>
      flatten(inner, name === "" ? key : `${name}.${key}`)
    );
  }
  return [[name, value === null || value === undefined ? "–" : String(value)]];
}

/** The settings of a run under their headings; each has its path in config.json as its title. */
export function settingsList(config: Readonly<Record<string, unknown>>): Html {
  const groups = settingsTable(config).map(({ heading, lines }) =>
    html`
      <h4>${heading}</h4>
      <dl>${lines.map(({ label, text, path }) => lineHtml(label, text, path))}</dl>
    `
  );
  return html`
    <div class="card settings">
      <h3>Settings</h3>
      ${groups}
    </div>
  `;
}

/** The environment of a run, or a line that says it was not recorded. */
export function environmentList(environment: Readonly<Record<string, unknown>> | null): Html {
  const lines = environment === null ? [] : flatten(environment);
  return html`
    <div class="card settings">
      <h3>Environment</h3>
      ${lines.length === 0
        ? html`<p class="muted">Not recorded with this run.</p>`
        : html`<dl>${lines.map(([name, text]) => lineHtml(name, text, name))}</dl>`}
    </div>
  `;
}

function lineHtml(label: string, text: string, title: string): Html {
  return html`
    <div title="${title}">
      <dt>${label}</dt>
      <dd>${text}</dd>
    </div>
  `;
}

/** Records per split and class, and the data set's fingerprint. */
export function datasetTable({ classes, dataset }: Summary): Html {
  const splits = ["train", "dev", "test"] as const;
  const total = (counts: readonly number[]) => counts.reduce((sum, count) => sum + count, 0);
  const counts = (split: typeof splits[number]) => dataset.counts[split] ?? [];
  const table = tableHtml({
    columns: [
      { label: "Class", kind: "text" },
      ...splits.map((split) => ({ label: split, kind: "integer" as const })),
      { label: "all", kind: "integer" },
    ],
    rows: [
      ...classes.map((name, c) => {
        const row = splits.map((split) => counts(split)[c] ?? 0);
        return [name, ...row, total(row)];
      }),
      ["all", ...splits.map((split) => total(counts(split))), total(splits.flatMap(counts))],
    ],
  }, { caption: "Records per class and split" });
  return html`
    <div class="card">
      <h3>Records</h3>
      ${table}
      <p class="muted small">Data set sha256 <code class="hash">${dataset.sha256}</code></p>
    </div>
  `;
}
