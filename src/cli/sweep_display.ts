/**
 * A sweep in the terminal: a table that is redrawn in place, or one line per change if the output is not
 * a terminal.
 *
 * @module
 */
import process from "node:process";
import { counted } from "../core/counted.ts";
import { readProgress, type RunProgress } from "../sweep/cell_state.ts";
import type { CellStatus, Status } from "../sweep/pool.ts";
import { decimals } from "./format.ts";

/** One cell of the display. */
export interface CellLine {
  readonly status: CellStatus;
  readonly progress: RunProgress;
}

/** The output of a display. */
export interface Screen {
  write(text: string): void;
  /** Characters per line and number of lines; null if the output is not a terminal. */
  size(): { columns: number; rows: number } | null;
}

/** The process's standard output. */
export const TERMINAL: Screen = {
  write: (text) => void process.stdout.write(text),
  size: () =>
    process.stdout.isTTY ? { columns: process.stdout.columns, rows: process.stdout.rows } : null,
};

const INTERVAL_MS = 1000;

export class SweepDisplay {
  private timer: ReturnType<typeof setInterval> | undefined;
  private drawn = 0;
  private readonly said = new Map<CellStatus, string>();
  private readonly known = new Map<CellStatus, { at: Status; progress: RunProgress }>();

  constructor(
    private readonly cells: readonly CellStatus[],
    private readonly screen: Screen = TERMINAL,
    private readonly progressOf: (name: string) => RunProgress = readProgress,
  ) {}

  /** Shows everything from now on until {@linkcode close}. */
  open(): void {
    this.update();
    this.timer = setInterval(() => this.update(), INTERVAL_MS);
  }

  /** Prints a note above the table. */
  note(text: string): void {
    if (this.drawn > 0) this.screen.write(`\x1b[${this.drawn}A\r\x1b[J`);
    this.drawn = 0;
    this.screen.write(`${text}\n`);
    this.update();
  }

  /** Shows what has changed. */
  update(): void {
    if (this.screen.size()) this.redraw();
    else this.sayChanges();
  }

  /** The last state stays on the screen. */
  close(): void {
    clearInterval(this.timer);
    this.update();
  }

  private redraw(): void {
    const lines = tableLines(this.cells.map((status) => this.lineOf(status)), this.screen.size()!);
    const up = this.drawn > 0 ? `\x1b[${this.drawn}A` : "";
    this.screen.write(`${up}\r\x1b[J${lines.join("\n")}\n`);
    this.drawn = lines.length;
  }

  private sayChanges(): void {
    for (const status of this.cells) {
      const before = this.said.get(status);
      if (status.status === "waiting" && before === undefined) continue;
      const { cell } = status;
      const text = `[${cell.number}/${this.cells.length}] ${cell.name}: ${
        sentence(this.lineOf(status))
      }`;
      if (text === before) continue;
      this.said.set(status, text);
      this.screen.write(`${text}\n`);
    }
  }

  private lineOf(status: CellStatus): CellLine {
    const known = this.known.get(status);
    const moves = status.status === "running" || status.status === "elsewhere";
    if (known && !moves && known.at === status.status) return { status, progress: known.progress };
    const progress = this.progressOf(status.cell.name);
    this.known.set(status, { at: status.status, progress });
    return { status, progress };
  }
}

/** A cell's state, without values that change within a round. */
function sentence({ status: { status, note }, progress }: CellLine): string {
  const score = scoreOf(progress);
  if (status === "running") {
    const { roundsDone, rounds } = progress;
    return rounds === null || roundsDone === 0
      ? "running"
      : `running, ${roundsDone} of ${rounds} rounds done; dev F1 ${score}`;
  }
  if (status === "done") return `done, dev F1 ${score}`;
  return note === "" ? status : `${status} (${note})`;
}

function scoreOf({ score, theta }: RunProgress): string {
  return score === null ? "" : `${decimals(score)} at theta ${theta!.toFixed(1)}`;
}

/** Most urgent first. The least urgent cells are left out first when the table does not fit. */
const URGENCY: readonly Status[] = [
  ...["running", "failed", "elsewhere", "skipped"] as const,
  ...["stopped", "waiting", "done"] as const,
];

/**
 * The table: one line per cell and one with the totals. If there are more cells than lines, those that are
 * done or waiting are left out first.
 */
export function tableLines(
  cells: readonly CellLine[],
  { columns, rows }: { columns: number; rows: number },
): string[] {
  // Three lines are taken by the head, the totals and the cursor.
  const room = Math.max(1, rows - 3);
  const shown = new Set(
    [...cells].sort((a, b) => urgency(a) - urgency(b)).slice(0, room),
  );
  const table = [
    ["", "run", "status", "rounds", "epoch", "dev F1", ""],
    ...cells.filter((cell) => shown.has(cell)).map(cellsOfLine),
  ];
  const widths = table[0]!.map((_, c) => Math.max(...table.map((row) => row[c]!.length)));
  const lines = table.map((row) =>
    row.map((text, c) => c === 0 ? text.padStart(widths[c]!) : text.padEnd(widths[c]!)).join("  ")
      .trimEnd().slice(0, columns - 1)
  );
  return [...lines, totals(cells, cells.length - shown.size).slice(0, columns - 1)];
}

function urgency({ status }: CellLine): number {
  return URGENCY.indexOf(status.status);
}

function cellsOfLine({ status: { cell, status, note }, progress }: CellLine): string[] {
  const { roundsDone, rounds, epoch, epochs } = progress;
  const active = status === "running" || status === "stopped" || status === "elsewhere";
  return [
    ...[String(cell.number), cell.name, status, active ? `${roundsDone}/${rounds ?? "?"}` : ""],
    active ? `${epoch}/${epochs ?? "?"}` : "",
    ...[scoreOf(progress), note],
  ];
}

function totals(cells: readonly CellLine[], hidden: number): string {
  const counts = URGENCY.map((status) => {
    const count = cells.filter((cell) => cell.status.status === status).length;
    return count === 0 ? "" : `${count} ${status}`;
  }).filter((text) => text !== "");
  return `${counted(cells.length, "cell")}: ${counts.join(", ")}${
    hidden > 0 ? ` (${hidden} not shown)` : ""
  }`;
}
