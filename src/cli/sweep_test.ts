import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { roundFiles, runFiles } from "../core/paths.ts";
import { withToyDataset } from "../run/testing.ts";
import { PERMISSIONS } from "../sweep/child.ts";
import {
  isComplete,
  summaryOf,
  sweep,
  sweepOutcome,
  taskWords,
  toyPlan,
  writePlan,
} from "./testing_sweep.ts";

const RUNS = ["weight-rewind-seed1", "weight-rewind-seed2", "lr-rewind-seed1", "lr-rewind-seed2"];

/** Waits until `condition` holds or `child` ends, and sends the signal. */
async function killWhen(
  condition: () => boolean,
  { child, signal }: { child: Deno.ChildProcess; signal: Deno.Signal },
): Promise<void> {
  let ended = false;
  child.status.then(() => ended = true);
  while (!condition() && !ended) await new Promise((resolve) => setTimeout(resolve, 20));
  if (!ended) child.kill(signal);
}

Deno.test("a cell has the permissions of deno task lth", () => {
  assert.deepEqual([...PERMISSIONS].sort(), taskWords("lth").slice(0, -1).sort());
});

Deno.test("runs of a sweep that are done at the same time share the free memory", () =>
  withToyDataset(async ({ directory, data }) => {
    const file = writePlan(directory, toyPlan(data, { modes: ["weight-rewind"] }));
    // Enough for one run, which needs about 140 MB, and not for two.
    const { code, err } = await sweepOutcome(
      sweep([file, "--jobs", "2"], { LTH_FREE_MEMORY: "2.2e8" }),
    );
    assert.equal(code, 1);
    for (const seed of [1, 2]) {
      assert.match(err, new RegExp(`weight-rewind-seed${seed} failed with exit code 1: Cannot do`));
    }
    assert.match(
      err,
      /110\.0 MB are free for each of the 2 runs that sweep --jobs 2 does at a time\./,
    );
    const one = await sweepOutcome(sweep([file], { LTH_FREE_MEMORY: "2.2e8" }));
    assert.equal(one.code, 0, one.err);
  }));

Deno.test("a sweep that is stopped, killed and started again ends with the results of single runs", () =>
  withToyDataset(async ({ directory, data }) => {
    const file = writePlan(directory, toyPlan(data));
    const runs = RUNS.map((name) => path.join(directory, `toy-${name}`));

    const first = sweep([file, "--jobs", "2"]);
    const saved = () => runs.filter((run) => fs.existsSync(runFiles.latest(run)));
    await killWhen(() => saved().length === 2, { child: first, signal: "SIGTERM" });
    const stopped = await sweepOutcome(first);
    assert.equal(stopped.code, 130, stopped.out + stopped.err);
    assert.match(stopped.out, /toy-weight-rewind-seed1: stopped/);
    assert.match(stopped.out, new RegExp(`Continue with: deno task sweep ${file} --jobs 2\n`));
    assert.ok(!isComplete(runs[3]!), "there was nothing left to stop");
    for (const run of runs) assert.ok(!fs.existsSync(runFiles.lock(run)), `${run} is locked`);

    // A killed sweep cannot end its child processes; the next sweep waits for them.
    const second = sweep([file]);
    await killWhen(() => runs.some(isComplete), { child: second, signal: "SIGKILL" });
    await second.output();
    const third = await sweepOutcome(sweep([file, "--jobs", "2"]));
    assert.equal(third.code, 0, third.err);
    for (const run of runs) assert.ok(third.out.includes(`${run}: done, dev F1`), third.out);
    assert.ok(third.out.includes(`deno task compare ${runs.join(" ")}\n`), third.out);

    const written = runs.map((run) => fs.statSync(roundFiles.done(runFiles.round(run, 0))).mtimeMs);
    const again = await sweepOutcome(sweep([file]));
    assert.equal(again.code, 0, again.err);
    assert.doesNotMatch(again.out, /running/);
    runs.forEach((run, i) => {
      assert.equal(fs.statSync(roundFiles.done(runFiles.round(run, 0))).mtimeMs, written[i]);
    });

    // The dense round of a seed is trained by its first run; the log says what each run trained.
    const log = (run: string) => fs.readFileSync(runFiles.log(run), "utf8");
    for (const seed of [0, 1]) {
      assert.match(log(runs[seed]!), /Round 0, /);
      assert.doesNotMatch(log(runs[2 + seed]!), /Round 0, /);
      assert.match(log(runs[2 + seed]!), /Round 1, /);
    }

    const single = writePlan(
      directory,
      toyPlan(data, { name: path.join(directory, "single") }),
    );
    for (const [i, name] of RUNS.entries()) {
      const one = await sweepOutcome(sweep([single, "--cell", String(i + 1)]));
      assert.equal(one.code, 0, one.err);
      assert.match(one.out, new RegExp(`Run .*single-${name}: `));
      assert.deepEqual(summaryOf(runs[i]!), summaryOf(path.join(directory, `single-${name}`)));
    }
  }));

Deno.test("a failed cell blocks only its controls, and is named with its log", () =>
  withToyDataset(async ({ directory, data }) => {
    const plan = toyPlan(data, {
      modes: [
        { mode: "weight-rewind", label: "impossible", set: { target: 1e6 } },
        "lr-rewind",
      ],
      seeds: [1],
      controls: [{ kind: "reinit", rounds: "all" }],
    });
    const file = writePlan(directory, plan);
    const { code, out, err } = await sweepOutcome(sweep([file]));
    assert.equal(code, 1);
    assert.match(err, /toy-impossible-seed1 failed with exit code 2: Cannot reach 1000000x/);
    assert.match(err, /toy-impossible-seed1-reinit was not started/);
    const done = ["toy-lr-rewind-seed1", "toy-lr-rewind-seed1-reinit"];
    for (const name of done) assert.match(out, new RegExp(`${name}: done`));
    const run = path.join(directory, "toy-impossible-seed1");
    const log = runFiles.log(run);
    assert.ok(err.includes(log), err);
    assert.match(fs.readFileSync(log, "utf8"), /error: Cannot reach 1000000x/);
    assert.deepEqual(fs.readdirSync(run), [path.basename(log)], "a refused run was begun");
    const paths = done.map((name) => path.join(directory, name));
    assert.ok(out.includes(`compare ${paths.join(" ")}\n`), out);

    const needs = await sweepOutcome(sweep([file, "--cell", "2"]));
    assert.equal(needs.code, 2);
    assert.match(needs.err, /toy-impossible-seed1-reinit: first finish .* which is cell 1/);
    const failing = await sweepOutcome(sweep([file, "--cell", "1"]));
    assert.equal(failing.code, 2);

    const changed = writePlan(directory, {
      ...plan,
      modes: ["lr-rewind"],
      controls: [],
      seeds: [1],
    });
    fs.writeFileSync(
      changed,
      fs.readFileSync(changed, "utf8").replace('"epochs":12', '"epochs":5'),
    );
    const other = await sweepOutcome(sweep([changed]));
    assert.equal(other.code, 2);
    assert.match(
      other.err,
      /toy-lr-rewind-seed1 with other settings \(training\.epochs: 12, not 5 \(--epochs\)\)/,
    );
  }));

Deno.test("--list shows each cell's command and does nothing", () =>
  withToyDataset(async ({ directory, data }) => {
    const { code, out } = await sweepOutcome(
      sweep([writePlan(directory, toyPlan(data)), "--list"]),
    );
    assert.equal(code, 0);
    const lines = out.trimEnd().split("\n");
    assert.equal(lines.length, 4);
    lines.forEach((line, i) => {
      assert.ok(line.startsWith(`${i + 1}  left  deno task lth --mode `), line);
      assert.ok(line.endsWith(`--name ${path.join(directory, `toy-${RUNS[i]}`)}`), line);
    });
    assert.deepEqual(fs.readdirSync(directory).filter((name) => name.startsWith("toy-")), []);
  }));

Deno.test("a plan that cannot be carried out is refused before anything starts", () =>
  withToyDataset(async ({ directory, data }) => {
    const plan = toyPlan(data);
    const set = plan["set"] as Record<string, unknown>;
    const cases: [Record<string, unknown>, string[], RegExp][] = [
      [{ set: { ...set, epoch: 3 } }, [], /unknown option '--epoch' \(Did you mean --epochs\?\)/],
      [{ set: { ...set, epochs: "ten" } }, [], /--epochs <n>' argument 'ten' is invalid/],
      [{ set: { ...set, prune: 1 } }, [], /pruning\.schedule\.fraction/],
      [{ modes: ["lth-ecg"] }, [], /toy-lth-ecg-seed1: .*--mode lth-ecg and --prune/],
      [{ modes: ["finetuning"] }, [], /modes\.0\.mode/],
      [{}, ["--cell", "5"], /Cannot do cell 5: the plan has 1 to 4/],
      [{}, ["--cell", "1", "--jobs", "2"], /'--cell <i>' cannot be used with option '--jobs/],
      [{}, ["--jobs", "0"], /whole number from 1/],
    ];
    for (const [changes, args, message] of cases) {
      const file = writePlan(directory, { ...plan, ...changes });
      const { code, err } = await sweepOutcome(sweep([file, ...args]));
      assert.equal(code, 2, `${JSON.stringify(changes)} ${args}: ${err}`);
      assert.match(err, message);
      assert.doesNotMatch(err, /\n\s+at /);
    }
    const missing = await sweepOutcome(sweep([path.join(directory, "no.json")]));
    assert.equal(missing.code, 2);
    assert.match(missing.err, /no\.json: no such file/);
  }));

Deno.test("a sweep says which run another machine holds, and takes it over if that is asked for", () =>
  withToyDataset(async ({ directory, data }) => {
    const file = writePlan(directory, toyPlan(data, { modes: ["weight-rewind"], seeds: [1] }));
    const run = path.join(directory, "toy-weight-rewind-seed1");
    fs.mkdirSync(run);
    const lock = { pid: 7, host: "node3", since: "2026-05-01T12:00:00.000Z" };
    fs.writeFileSync(runFiles.lock(run), JSON.stringify(lock));
    const waiting = sweep([file]);
    const reader = waiting.stdout.pipeThrough(new TextDecoderStream()).getReader();
    let out = "";
    while (!out.includes("--take-over node3")) {
      const { value, done } = await reader.read();
      assert.ok(!done, out);
      out += value;
    }
    assert.match(
      out,
      /toy-weight-rewind-seed1 waits for process 7 on node3 since .*; if that process/,
    );
    waiting.kill("SIGTERM");
    for (let part = await reader.read(); !part.done; part = await reader.read()) out += part.value;
    assert.equal(out.match(/--take-over node3$/gm)!.length, 1, out);
    assert.equal((await waiting.status).code, 130);
    await waiting.stderr.cancel();
    const taken = await sweepOutcome(sweep([file, "--take-over", "node3"]));
    assert.equal(taken.code, 0, taken.err);
    assert.ok(isComplete(run));
  }));
