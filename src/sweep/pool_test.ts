import assert from "node:assert/strict";
import type { Cell } from "./cells.ts";
import type { CellExit } from "./child.ts";
import { Pool, type Status } from "./pool.ts";

function cell(name: string, base: string | null = null): Cell {
  return { number: 0, name, args: [], base, denseFrom: null };
}

const DONE: CellExit = { code: 0, message: "" };

/** A pool of made-up processes that end when the test says so, and a record of what happened. */
function fakePool(cells: Cell[], options: {
  jobs?: number;
  complete?: string[];
  held?: Map<string, string>;
  dense?: Set<string>;
} = {}) {
  const { jobs = 1, complete = [], held = new Map(), dense = new Set() } = options;
  const ends = new Map<string, (exit: CellExit) => void>();
  const log: string[] = [];
  let most = 0;
  const pool = new Pool(cells, {
    jobs,
    start: ({ name }) => {
      log.push(`start ${name}`);
      if (name === "unstartable") throw new Error("disk full");
      const ended = new Promise<CellExit>((resolve) => {
        ends.set(name, (exit) => {
          ends.delete(name);
          resolve(exit);
        });
      });
      most = Math.max(most, ends.size);
      return { ended, stop: () => log.push(`stop ${name}`) };
    },
    isComplete: ({ name }) => complete.includes(name),
    hasDense: (name) => dense.has(name),
    holder: ({ name }) => held.get(name) ?? null,
    changed: () => {},
    patience: 1,
  });
  const end = async (name: string, exit = DONE) => {
    assert.ok(ends.has(name), `${name} is not running: ${log}`);
    ends.get(name)!(exit);
    await turn();
  };
  const statuses = (): Status[] => pool.cells.map(({ status }) => status);
  return { pool, log, end, statuses, most: () => most };
}

/** Waits until all pending callbacks have run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 10));
}

Deno.test("cells run in order, a given number at a time, and a failure does not stop the others", async () => {
  const { pool, log, end, statuses, most } = fakePool(["a", "b", "c", "d"].map((n) => cell(n)), {
    jobs: 2,
  });
  const running = pool.run();
  await turn();
  assert.deepEqual(statuses(), ["running", "running", "waiting", "waiting"]);
  await end("b", { code: 2, message: "no such file" });
  await end("a");
  assert.deepEqual(statuses(), ["done", "failed", "running", "running"]);
  await end("d");
  await end("c");
  await running;
  assert.deepEqual(log, ["start a", "start b", "start c", "start d"]);
  assert.deepEqual(statuses(), ["done", "failed", "done", "done"]);
  assert.equal(pool.cells[1]!.note, "exit code 2: no such file");
  assert.equal(most(), 2);
});

Deno.test("a complete cell is not started", async () => {
  const { pool, log, end, statuses } = fakePool([cell("a"), cell("b")], { complete: ["a"] });
  const running = pool.run();
  await turn();
  assert.deepEqual([log, statuses()], [["start b"], ["done", "running"]]);
  await end("b");
  await running;
});

Deno.test("a control waits for its base; without one it is skipped", async () => {
  const cells = [cell("a"), cell("b"), cell("a-reinit", "a"), cell("b-reinit", "b")];
  const { pool, log, end, statuses } = fakePool(cells, { jobs: 4 });
  const running = pool.run();
  await turn();
  assert.deepEqual(log, ["start a", "start b"]);
  await end("b", { code: 1, message: "diverged" });
  assert.deepEqual(statuses(), ["running", "failed", "waiting", "skipped"]);
  await end("a");
  await end("a-reinit");
  await running;
  assert.deepEqual(statuses(), ["done", "failed", "done", "skipped"]);
});

Deno.test("a stop reaches running cells and starts no more; a cell that ends meanwhile is done", async () => {
  const { pool, log, end, statuses } = fakePool(["a", "b", "c"].map((n) => cell(n)), { jobs: 2 });
  const running = pool.run();
  await turn();
  pool.stop();
  await turn();
  assert.deepEqual(log.slice(2), ["stop a", "stop b"]);
  await end("a");
  await end("b", { code: 130, message: "" });
  await running;
  assert.deepEqual(statuses(), ["done", "stopped", "waiting"]);
  assert.equal(log.length, 4);
});

Deno.test("a cell that another process is running comes last, or is done when that process has finished it", async () => {
  const held = new Map([["a", "process 7"], ["b", "process 8"]]);
  const complete: string[] = [];
  const { pool, log, end, statuses } = fakePool(["a", "b", "c"].map((n) => cell(n)), {
    jobs: 2,
    held,
    complete,
  });
  const running = pool.run();
  await turn();
  assert.deepEqual(statuses(), ["elsewhere", "elsewhere", "running"]);
  assert.equal(pool.cells[0]!.note, "process 7");
  await end("c");
  held.delete("a");
  complete.push("b");
  held.delete("b");
  await turn();
  assert.deepEqual(statuses(), ["running", "done", "done"]);
  // Another process takes the lock before the new process does.
  held.set("a", "process 9");
  await end("a", { code: 2, message: "locked" });
  assert.deepEqual(statuses()[0], "elsewhere");
  held.delete("a");
  await turn();
  await end("a");
  await running;
  assert.deepEqual(log, ["start c", "start a", "start a"]);
});

Deno.test("a stop does not wait for other processes", async () => {
  const { pool, statuses } = fakePool([cell("a")], { held: new Map([["a", "process 7"]]) });
  const running = pool.run();
  await turn();
  pool.stop();
  await running;
  assert.deepEqual(statuses(), ["waiting"]);
});

Deno.test("a cell that cannot be started is a failed one", async () => {
  const { pool, end, statuses } = fakePool([cell("unstartable"), cell("b")]);
  const running = pool.run();
  await turn();
  await end("b");
  await running;
  assert.deepEqual(statuses(), ["failed", "done"]);
  assert.match(pool.cells[0]!.note, /disk full/);
});

Deno.test("a cell that copies a dense round waits for that round, not for the whole run, and not if it fails", async () => {
  const dense = new Set<string>();
  const after = (name: string, denseFrom: string) => ({ ...cell(name), denseFrom });
  const cells = [cell("a"), after("b", "a"), cell("c"), after("d", "c")];
  const { pool, log, end, statuses } = fakePool(cells, { jobs: 3, dense });
  const running = pool.run();
  await turn();
  assert.deepEqual(statuses(), ["running", "waiting", "running", "waiting"]);
  dense.add("a");
  await turn();
  assert.deepEqual(statuses(), ["running", "running", "running", "waiting"]);
  await end("c", { code: 1, message: "diverged" });
  assert.deepEqual(log, ["start a", "start c", "start b", "start d"]);
  for (const name of ["a", "b", "d"]) await end(name);
  await running;
});
