import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import process from "node:process";
import * as path from "node:path";
import { Failure, UsageError } from "../core/errors.ts";
import { runFiles } from "../core/paths.ts";
import { lockHolder, lockRun } from "./lock.ts";
import { assertSameResults, doToyRun, resultsOf, toyConfig, withToyDataset } from "./testing.ts";

function withDirectory(test: (directory: string) => void): void {
  const directory = fs.mkdtempSync(`${os.tmpdir()}/lth-lock-`);
  try {
    test(directory);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

Deno.test("a second process is refused and told who holds the lock; releasing frees it", () =>
  withDirectory((directory) => {
    {
      using _lock = lockRun(directory);
      assert.throws(() => lockRun(directory), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, new RegExp(`process ${process.pid} on`));
        return true;
      });
    }
    assert.deepEqual(fs.readdirSync(directory), []);
    lockRun(directory)[Symbol.dispose]();
  }));

Deno.test("the lock of a dead process or a cut-off file is taken over, another machine's lock is not", () =>
  withDirectory((directory) => {
    const file = runFiles.lock(directory);
    const dead = { pid: 2 ** 22 + 12345, host: os.hostname(), since: "then" };
    for (const contents of [JSON.stringify(dead), "{"]) {
      fs.writeFileSync(file, contents);
      lockRun(directory)[Symbol.dispose]();
      assert.ok(!fs.existsSync(file));
    }
    fs.writeFileSync(file, JSON.stringify({ ...dead, host: "elsewhere" }));
    assert.throws(
      () => lockRun(directory),
      /on elsewhere .*lth --name \S+ --resume --take-over elsewhere$/,
    );
  }));

Deno.test("a place that cannot be written to is refused in words", () => {
  assert.throws(
    () => lockRun("/proc/none/run"),
    /Cannot lock the run with .*lock: (its folder|permission|the file system).* \(E[A-Z]+\)$/,
  );
});

Deno.test("another machine's lock is taken over if the user says that its process there is gone", () =>
  withDirectory((directory) => {
    const file = runFiles.lock(directory);
    const left = JSON.stringify({ pid: 7, host: "elsewhere", since: "long ago" });
    fs.writeFileSync(file, left);
    assert.throws(() => lockRun(directory, { takeOver: "another" }), /on elsewhere/);
    assert.equal(lockHolder(directory)!.otherHost, "elsewhere");
    assert.deepEqual(lockHolder(directory, { takeOver: "another" }), lockHolder(directory));
    assert.equal(lockHolder(directory, { takeOver: "elsewhere" }), null);
    assert.equal(fs.readFileSync(file, "utf8"), left);
    {
      using _lock = lockRun(directory, { takeOver: "elsewhere" });
      assert.match(lockHolder(directory)!.words, new RegExp(`process ${process.pid} on`));
      // A process that runs is never taken over, whatever the user says.
      const said = { takeOver: os.hostname() };
      assert.throws(() => lockRun(directory, said), /has been running it/);
    }
    assert.ok(!fs.existsSync(file));
  }));

Deno.test("a process whose lock was taken over or removed finds out, and leaves the other's lock", () =>
  withDirectory((directory) => {
    const file = runFiles.lock(directory);
    const other = JSON.stringify({ pid: 7, host: "elsewhere", since: "now" });
    {
      using lock = lockRun(directory);
      lock.check();
      fs.writeFileSync(file, other);
      assert.throws(() => lock.check(), (error) => {
        assert.ok(error instanceof Failure);
        assert.match(error.message, /process 7 on elsewhere \(since now\) has taken it over/);
        return true;
      });
    }
    assert.equal(fs.readFileSync(file, "utf8"), other);
    fs.rmSync(file);
    using lock = lockRun(directory);
    fs.rmSync(file);
    assert.throws(() => lock.check(), /its lock .* was removed/);
  }));

Deno.test("a run that was taken over writes nothing more, and ends bit-equal where it was taken", () =>
  withToyDataset(async ({ directory, data }) => {
    const config = toyConfig(data);
    const whole = path.join(directory, "whole"), run = path.join(directory, "run");
    await doToyRun({ directory: whole, config });
    const saved = () => fs.existsSync(runFiles.latest(run));
    const states: Map<string, string>[] = [];
    await assert.rejects(
      doToyRun({
        directory: run,
        config,
        stop: () => {
          if (saved() && states.length === 0) {
            const holder = { pid: 7, host: "elsewhere", since: "now" };
            fs.writeFileSync(runFiles.lock(run), JSON.stringify(holder));
            states.push(resultsOf(run));
          }
          return false;
        },
      }),
      /process 7 on elsewhere .* has taken it over; this process stops and writes nothing more$/,
    );
    assert.deepEqual(resultsOf(run), states[0]);
    await assert.rejects(doToyRun({ directory: run, config }), /--take-over elsewhere$/);
    await doToyRun({ directory: run, config, takeOver: "elsewhere" });
    assertSameResults(run, whole);
  }));

Deno.test("a batch job that was requeued takes over what it left on another machine", () =>
  withDirectory((directory) => {
    const file = runFiles.lock(directory);
    const before = { id: process.env["SLURM_JOB_ID"], count: process.env["SLURM_RESTART_COUNT"] };
    const left = { pid: 7, host: "elsewhere", since: "then", job: { id: "12", restarts: 0 } };
    try {
      process.env["SLURM_JOB_ID"] = "12";
      process.env["SLURM_RESTART_COUNT"] = "1";
      fs.writeFileSync(file, JSON.stringify(left));
      {
        using _lock = lockRun(directory);
        const { job } = JSON.parse(fs.readFileSync(file, "utf8"));
        assert.deepEqual(job, { id: "12", restarts: 1 });
      }
      // Another job, another process of the same start, or no job at all may still be running.
      for (const job of [{ id: "13", restarts: 0 }, { id: "12", restarts: 1 }, undefined]) {
        fs.writeFileSync(file, JSON.stringify({ ...left, job }));
        assert.throws(() => lockRun(directory), /on elsewhere/);
      }
      delete process.env["SLURM_JOB_ID"];
      fs.writeFileSync(file, JSON.stringify(left));
      assert.throws(() => lockRun(directory), /on elsewhere/);
    } finally {
      for (
        const [name, value] of [["SLURM_JOB_ID", before.id], ["SLURM_RESTART_COUNT", before.count]]
      ) {
        if (value === undefined) delete process.env[name!];
        else process.env[name!] = value;
      }
    }
  }));

Deno.test("the lock of a process whose number now belongs to another process is taken over", () =>
  withDirectory((directory) => {
    // This process is alive, but it is not the one that wrote this.
    const reused = { pid: process.pid, host: os.hostname(), since: "before the last boot" };
    fs.writeFileSync(runFiles.lock(directory), JSON.stringify(reused));
    assert.equal(lockHolder(directory), null);
    using _lock = lockRun(directory);
    assert.match(lockHolder(directory)!.words, new RegExp(`process ${process.pid} on`));
  }));

/** A script that takes the lock of a directory, prints the outcome, and holds it until a file appears. */
const TAKER = `
import { lockRun } from ${JSON.stringify(import.meta.resolve("./lock.ts"))};
const [directory, release] = Deno.args;
try {
  using lock = lockRun(directory);
  console.log("won");
  while (true) {
    try { Deno.statSync(release); break; } catch { await new Promise((r) => setTimeout(r, 10)); }
  }
} catch (error) {
  console.log(error.message);
}
`;

/** Starts a process that takes the lock, with the permissions of deno task lth. */
function startTaker(directory: string, release: string) {
  const script = `${directory}.ts`;
  // Written once: writing empties the file first, and an earlier process may be reading it.
  if (!fs.existsSync(script)) fs.writeFileSync(script, TAKER);
  const permissions = ["read", "write", "env", "ffi", "sys"].map((name) => `--allow-${name}`);
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--no-prompt", ...permissions, script, directory, release],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
}

/** The first line that a process prints; everything it prints if it ends. */
async function firstLine(child: Deno.ChildProcess): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  const reader = child.stdout.getReader();
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) break;
    text += decoder.decode(value, { stream: true });
  }
  await reader.cancel();
  return text.trim();
}

Deno.test("exactly one of several processes that start together gets the lock", async () => {
  const directory = fs.mkdtempSync(`${os.tmpdir()}/lth-lock-`);
  try {
    for (const leftBehind of [false, true]) {
      const run = `${directory}/${leftBehind}`;
      const release = `${run}.release`;
      if (leftBehind) {
        // All try to take over the lock of a dead process.
        fs.mkdirSync(run);
        const dead = { pid: 2 ** 22 + 12345, host: os.hostname(), since: "then" };
        fs.writeFileSync(runFiles.lock(run), JSON.stringify(dead));
      }
      const children = Array.from({ length: 4 }, () => startTaker(run, release));
      // Each winner holds the lock until all processes have printed their line.
      const said = await Promise.all(children.map(firstLine));
      fs.writeFileSync(release, "");
      for (const child of children) await child.status;
      assert.equal(said.filter((text) => text === "won").length, 1, said.join("\n"));
      const winner = children[said.indexOf("won")]!;
      for (const text of said.filter((text) => text !== "won")) {
        assert.match(text, new RegExp(`process ${winner.pid} on .* has been running it since`));
      }
      assert.ok(!fs.existsSync(runFiles.lock(run)));
    }
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

Deno.test("a killed process's lock is free at once", async () => {
  const directory = fs.mkdtempSync(`${os.tmpdir()}/lth-lock-`);
  try {
    const run = `${directory}/run`;
    const child = startTaker(run, `${run}.never`);
    while (lockHolder(run) === null) await new Promise((done) => setTimeout(done, 20));
    assert.throws(() => lockRun(run), new RegExp(`process ${child.pid} on`));
    child.kill("SIGKILL");
    await child.output();
    assert.equal(lockHolder(run), null);
    lockRun(run)[Symbol.dispose]();
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});
