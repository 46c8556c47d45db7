/**
 * The list of all runs.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { counted } from "../core/counted.ts";
import { writeFileAtomic } from "../core/files.ts";
import { CHECKPOINTS, REPORTS } from "../core/paths.ts";
import type { Summary } from "../results/summary.ts";
import { collect } from "./collect.ts";
import { denseOf, resultSplit, type RoundData, type Value } from "./data.ts";
import { ecgFile, ecgLink } from "./ecg/place.ts";
import { format, type Kind } from "./format.ts";
import { sparsest } from "./headline.ts";
import { type Html, html } from "./html.ts";
import { type ListedComparison, listedComparisons } from "./listed_comparisons.ts";
import { heartbeats, shell } from "./shell.ts";
import { hasSummary, readSummary } from "../results/read.ts";
import { evenly, sparkLine } from "./spark.ts";

/** One line of the list. */
export interface IndexedRun {
  summary: Summary;
  /** The report's file name relative to the list; null if there is none yet. */
  report: string | null;
  /** The page of its recordings relative to the list; null when there is none. */
  ecg?: string | null;
}

/** Where the list is written, and its content in addition to runs. */
export interface IndexOptions {
  /** The HTML file to write. */
  file: string;
  comparisons?: readonly ListedComparison[];
  /** Names of runs and comparisons whose numbers cannot be read. */
  unreadable?: readonly string[];
}

/** Writes the list of `runs` and of comparisons. A click on a heading sorts it. */
export function writeIndex(runs: readonly IndexedRun[], options: IndexOptions): void {
  writeFileAtomic(options.file, indexPage(runs, options));
}

/** Rewrites `index.html` in `reports` from all runs in `checkpoints` that have a summary. */
export function rebuildIndex(
  { checkpoints = CHECKPOINTS, reports = REPORTS }: { checkpoints?: string; reports?: string } = {},
): void {
  const runs: IndexedRun[] = [];
  const { comparisons, unreadable } = listedComparisons(reports);
  const names = fs.existsSync(checkpoints) ? fs.readdirSync(checkpoints).sort() : [];
  for (const name of names) {
    const directory = path.join(checkpoints, name);
    if (!hasSummary(directory)) continue;
    try {
      const summary = readSummary(directory);
      const report = path.join(reports, `${name}.html`);
      runs.push({
        summary,
        report: fs.existsSync(report) ? path.basename(report) : null,
        ecg: fs.existsSync(ecgFile(report)) ? ecgLink(report) : null,
      });
    } catch {
      unreadable.push(name);
    }
  }
  writeIndex(runs, { file: path.join(reports, "index.html"), comparisons, unreadable });
}

const RUN_COLUMNS: [label: string, kind: Kind][] = [
  ["Run", "text"],
  ["Score by round", "text"],
  ["Mode", "text"],
  ["State", "text"],
  ["Rounds", "integer"],
  ["Split", "text"],
  ["Dense", "score"],
  ["Sparsest", "score"],
  ["Change", "signed"],
  ["Weights kept", "percent"],
  ["Recordings", "text"],
];

const COMPARISON_COLUMNS: [label: string, kind: Kind][] = [
  ["Comparison", "text"],
  ["Methods", "integer"],
  ["Runs", "integer"],
  ["Split", "text"],
  ["Records", "integer"],
  ["Matching θ", "factor"],
  ["Scores by density", "text"],
  ["Answer", "text"],
];

function indexPage(
  runs: readonly IndexedRun[],
  { comparisons = [], unreadable = [] }: IndexOptions,
): string {
  return shell({
    title: "Runs · lth-ecg",
    data: null,
    script: "index.ts",
    charts: false,
    body: html`
      <header class="top">
        <p class="brand">lth-ecg <span>runs</span></p>
        ${heartbeats()}
        <button type="button" id="theme" class="tool">Theme: system</button>
      </header>
      <main>
        <section>
          <h2>${counted(runs.length, "run")}</h2>
          <div class="card">
            ${runs.length === 0
              ? html`<p class="muted">No run has finished a round yet.</p>`
              : list("Runs", RUN_COLUMNS, runs.map(runCells))}
          </div>
          <p class="note">Change is the sparsest round minus dense; the run’s report has its interval. Data sets and
            training budgets may differ between runs.</p>
        </section>
        ${comparisons.length === 0 ? null : html`
          <section id="comparisons">
            <h2>${counted(comparisons.length, "comparison")}</h2>
            <div class="card">${list(
              "Comparisons",
              COMPARISON_COLUMNS,
              comparisons.map(comparisonCells),
            )}</div>
            <p
              class="note">Matching θ is the largest compression that the 95 % interval shows to match dense.</p>
          </section>
        `}
        ${unreadable.length === 0
          ? null
          : html`<p class="remark">Results that cannot be read: ${unreadable.join(", ")}.</p>`}
      </main>
    `,
  });
}

/** A cell: its value, used for sorting, and the text that is shown. */
interface Cell {
  value: string | Value;
  shown?: Html;
  title?: string;
}

function list(name: string, columns: typeof RUN_COLUMNS, rows: readonly Cell[][]): Html {
  const left = (kind: Kind | undefined) => kind === "text" ? "text" : "";
  return html`
    <div class="scroll plain" tabindex="0" role="region" aria-label="${name}">
      <table class="runs">
        <thead>
          <tr>${columns.map(([label, kind]) =>
            html`<th scope="col" class="${left(kind)}"><button type="button">${label}</button></th>`
          )}</tr>
        </thead>
        <tbody>${rows.map((cells) =>
          html`<tr>${
            cells.map(({ value, shown, title }, i) => {
              const kind = columns[i]?.[1] ?? "text";
              const text = shown ?? html`${format(value, kind)}`;
              return i === 0
                ? html`<th scope="row" title="${title ?? value}" data-value="${value}">${text}</th>`
                : html`<td class="${left(kind)}" title="${
                  title ?? ""
                }" data-value="${value}">${text}</td>`;
            })
          }</tr>`
        )}</tbody>
      </table>
    </div>
  `;
}

function runCells({ summary, report, ecg = null }: IndexedRun): Cell[] {
  const data = collect(summary, null);
  const dense = denseOf(data.rounds);
  const ticket = sparsest(data.rounds);
  const split = resultSplit(data.rounds);
  const score = (round: RoundData | null | undefined): Value => round?.[split]?.score ?? null;
  const [before, now] = [score(dense), score(ticket)];
  return [
    {
      value: summary.name,
      shown: report === null
        ? html`${summary.name}`
        : html`<a href="${encodeURIComponent(report)}">${summary.name}</a>`,
    },
    { value: now, shown: sparkLine(evenly(data.rounds, 40).map(score)) },
    { value: data.mode },
    { value: summary.complete ? "complete" : "not complete" },
    { value: data.rounds.length },
    { value: split },
    { value: before },
    { value: now },
    { value: before === null || now === null ? null : now - before },
    { value: ticket?.density ?? null },
    ecg === null ? { value: null } : {
      value: "yes",
      shown: html`<a href="${ecg}" aria-label="Recordings of ${summary.name}">recordings</a>`,
    },
  ];
}

function comparisonCells(comparison: ListedComparison): Cell[] {
  const { name, page, methods, runs, split, records, matching, curves, answer } = comparison;
  return [
    { value: name, shown: html`<a href="${encodeURIComponent(page)}">${name}</a>` },
    { value: methods },
    { value: runs },
    { value: split },
    { value: records },
    { value: matching },
    {
      value: matching,
      shown: html`${curves.slice(0, 6).map((curve) => sparkLine(evenly(curve, 40)))}`,
    },
    { value: answer, shown: html`<span class="sentence">${answer}</span>`, title: answer },
  ];
}
