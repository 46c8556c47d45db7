import assert from "node:assert/strict";
import type { RunProgress } from "../sweep/cell_state.ts";
import type { CellStatus, Status } from "../sweep/pool.ts";
import { SweepDisplay, tableLines } from "./sweep_display.ts";

const NOTHING: RunProgress = {
  ...{ roundsDone: 0, rounds: null, epoch: 0, epochs: null },
  ...{ score: null, theta: null },
};
const HALFWAY: RunProgress = {
  ...{ roundsDone: 2, rounds: 5, epoch: 3, epochs: 10 },
  ...{ score: 0.6125, theta: 2.5 },
};

function cell(number: number, status: Status, note = ""): CellStatus {
  return {
    cell: { number, name: `run${number}`, args: [], base: null, denseFrom: null },
    status,
    note,
  };
}

Deno.test("the table shows running, waiting and failed cells", () => {
  const lines = tableLines([
    { status: cell(1, "done"), progress: HALFWAY },
    { status: cell(2, "running"), progress: HALFWAY },
    { status: cell(3, "failed", "exit code 2: no"), progress: NOTHING },
    { status: cell(4, "waiting"), progress: NOTHING },
  ], { columns: 200, rows: 24 });
  assert.deepEqual(lines.map((line) => line.trim().split(/ {2,}/)), [
    ["run", "status", "rounds", "epoch", "dev F1"],
    ["1", "run1", "done", "0.613 at theta 2.5"],
    ["2", "run2", "running", "2/5", "3/10", "0.613 at theta 2.5"],
    ["3", "run3", "failed", "exit code 2: no"],
    ["4", "run4", "waiting"],
    ["4 cells: 1 running, 1 failed, 1 waiting, 1 done"],
  ]);
});

Deno.test("a table that is too long leaves out done cells first, then waiting ones; no line wraps", () => {
  const statuses = ["done", "waiting", "running", "failed", "done"] as const;
  const cells = statuses.map((status, i) => ({ status: cell(i + 1, status), progress: NOTHING }));
  const lines = tableLines(cells, { columns: 30, rows: 6 });
  assert.deepEqual(lines.slice(1, -1).map((line) => line.trim().split(/\s+/)[2]), [
    "waiting",
    "running",
    "failed",
  ]);
  assert.equal(lines.length, 5);
  for (const line of lines) assert.ok(line.length < 30, line);
  const [last] = tableLines(cells, { columns: 100, rows: 6 }).slice(-1);
  assert.match(last!, /5 cells: .*\(2 not shown\)/);
});

Deno.test("without a terminal each change is one line, and an unchanged state prints nothing", () => {
  const cells = [cell(1, "waiting"), cell(2, "waiting")];
  let progress = NOTHING;
  let text = "";
  const screen = { write: (more: string) => void (text += more), size: () => null };
  const display = new SweepDisplay(cells, screen, () => progress);
  display.update();
  assert.equal(text, "");
  cells[0]!.status = "running";
  display.update();
  display.update();
  progress = HALFWAY;
  display.update();
  progress = { ...HALFWAY, epoch: 4 };
  display.update();
  progress = { ...HALFWAY, roundsDone: 5 };
  cells[0]!.status = "done";
  display.update();
  cells[1]!.status = "failed";
  cells[1]!.note = "exit code 1: disk full";
  display.close();
  assert.deepEqual(text.trimEnd().split("\n"), [
    "[1/2] run1: running",
    "[1/2] run1: running, 2 of 5 rounds done; dev F1 0.613 at theta 2.5",
    "[1/2] run1: done, dev F1 0.613 at theta 2.5",
    "[2/2] run2: failed (exit code 1: disk full)",
  ]);
});

Deno.test("on a terminal the table is redrawn in place, and notes stay above it", () => {
  const cells = [cell(1, "running")];
  let text = "";
  const screen = {
    write: (more: string) => void (text += more),
    size: () => ({ columns: 80, rows: 24 }),
  };
  const display = new SweepDisplay(cells, screen, () => NOTHING);
  display.update();
  const first = text;
  assert.equal(first.split("\n").length, 4);
  display.update();
  assert.equal(text.slice(first.length), `\x1b[3A${first}`);
  text = "";
  display.note("stopping");
  assert.equal(text, `\x1b[3A\r\x1b[Jstopping\n${first}`);
});
