/**
 * The list of all runs.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { writeFileAtomic } from "../core/files.ts";
import { CHECKPOINTS, REPORTS, runFiles } from "../core/paths.ts";
import type { Summary } from "../experiment/summary.ts";
import { collect } from "./collect.ts";
import { resultSplit, type RoundData, type Value } from "./data.ts";
import { format, type Kind } from "./format.ts";
import { matchingRound, sparsest } from "./headline.ts";
import { type Html, html } from "./html.ts";
import { heartbeats, shell } from "./page.ts";
import { readSummary } from "./read_run.ts";
import { evenly, sparkLine } from "./spark.ts";

/** One line of the list. */
export interface IndexedRun {
  summary: Summary;
  /** The report's file name relative to the list; null when there is none yet. */
  report: string | null;
}

/** What the list says besides its lines. */
export interface IndexOptions {
  /** The HTML file to write. */
  file: string;
  /** Names of runs whose summary cannot be read. */
  unreadable?: readonly string[];
}

/** Writes the list of `runs`, newest names last; it sorts by a click on a heading. */
export function writeIndex(runs: readonly IndexedRun[], options: IndexOptions): void {
  writeFileAtomic(options.file, indexPage(runs, options.unreadable ?? []));
}

/** Rewrites `index.html` in `reports` from all runs in `checkpoints` that have a summary. */
export function rebuildIndex(
  { checkpoints = CHECKPOINTS, reports = REPORTS }: { checkpoints?: string; reports?: string } = {},
): void {
  const runs: IndexedRun[] = [];
  const unreadable: string[] = [];
  const names = fs.existsSync(checkpoints) ? fs.readdirSync(checkpoints).sort() : [];
  for (const name of names) {
    const directory = path.join(checkpoints, name);
    if (!fs.existsSync(runFiles.summary(directory))) continue;
    try {
      const summary = readSummary(directory);
      const report = `${name}.html`;
      runs.push({ summary, report: fs.existsSync(path.join(reports, report)) ? report : null });
    } catch {
      unreadable.push(name);
    }
  }
  writeIndex(runs, { file: path.join(reports, "index.html"), unreadable });
}

const COLUMNS: [label: string, kind: Kind][] = [
  ["Run", "text"],
  ["Mode", "text"],
  ["State", "text"],
  ["Rounds", "integer"],
  ["Split", "text"],
  ["Dense", "score"],
  ["Sparsest", "score"],
  ["Change", "signed"],
  ["Weights kept", "percent"],
  ["Matching θ", "factor"],
];

function indexPage(runs: readonly IndexedRun[], unreadable: readonly string[]): string {
  const heads = COLUMNS.map(([label, kind]) =>
    html`
      <th scope="col" ${kind === "text"
        ? html`
          class="text"
        `
        : null}><button type="button">${label}</button></th>
    `
  );
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
          <h2>${runs.length === 1 ? "1 run" : `${runs.length} runs`}</h2>
          <div class="card">
        ${runs.length === 0 ? html`<p class="muted">No run has finished a round yet.</p>` : html`
          <div class="scroll plain" tabindex="0" role="region" aria-label="Runs">
            <table class="runs">
              <thead>
                <tr>${heads}<th scope="col" class="text">Score by round</th></tr>
              </thead>
              <tbody>${runs.map(row)}</tbody>
            </table>
          </div>
        `}
        ${unreadable.length === 0
          ? null
          : html`<p class="remark">Summaries that cannot be read: ${unreadable.join(", ")}.</p>`}
        </div>
          <p
            class="note">Matching θ is the compression of the sparsest round whose dev score is within one standard
        error of the dense network’s. Data sets and budgets differ between runs: compare like with like.</p>
        </section>
      </main>
    `,
  });
}

function row({ summary, report }: IndexedRun): Html {
  const data = collect(summary, null);
  const dense = data.rounds.find((round) => round.round === 0);
  const ticket = sparsest(data.rounds);
  const split = resultSplit(data.rounds);
  const score = (round: RoundData | null | undefined): Value => round?.[split]?.score ?? null;
  const [before, now] = [score(dense), score(ticket)];
  const cells: (string | Value)[] = [
    summary.name,
    data.mode,
    summary.complete ? "complete" : "not complete",
    data.rounds.length,
    split,
    before,
    now,
    before === null || now === null ? null : now - before,
    ticket?.density ?? null,
    matchingRound(data.rounds)?.theta ?? null,
  ];
  const name = report === null
    ? html`${summary.name}`
    : html`<a href="${encodeURIComponent(report)}">${summary.name}</a>`;
  return html`
    <tr><th scope="row" title="${summary.name}" data-value="${summary.name}">${name}</th>${cells
      .slice(1).map(
        (value, i) => {
          const kind = COLUMNS[i + 1]?.[1] ?? "text";
          return html`<td${
            kind === "text"
              ? html`
                class="text"
              `
              : null
          } data-value="${value}">${format(value, kind)}</td>`;
        },
      )}<td class="text">${sparkLine(evenly(data.rounds, 40).map(score))}</td></tr>
  `;
}
