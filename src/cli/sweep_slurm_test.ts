import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { runFiles } from "../core/paths.ts";
import { withToyDataset } from "../run/testing.ts";
import { isComplete, sweep, sweepOutcome, toyPlan, writePlan } from "./testing_sweep.ts";
import { until, whyNoSlurm, withSlurm } from "./testing_slurm.ts";

/** Two base runs, then all that waits for them: two with their dense rounds and two controls. */
const STAGES = [
  ["weight-rewind-seed1", "weight-rewind-seed2"],
  [
    ...["weight-rewind-seed1-reinit", "weight-rewind-seed2-reinit"],
    ...["lr-rewind-seed1", "lr-rewind-seed2"],
  ],
];

function plan(data: string, name: string): Record<string, unknown> {
  return toyPlan(data, {
    name: path.join(path.dirname(data), name),
    controls: [{ kind: "reinit", rounds: "all", of: ["weight-rewind"] }],
  });
}

/** Masks, weights, predictions and scores of a run, by file. */
function resultsOf(run: string): Map<string, string> {
  const names = fs.readdirSync(run).filter((name) => name.startsWith("round-")).flatMap((round) =>
    fs.readdirSync(path.join(run, round))
      .filter((name) => /\.safetensors$|^(scores\.json|predictions\.csv)$/.test(name))
      .map((name) => path.join(round, name))
  );
  assert.ok(names.some((name) => name.endsWith("end.safetensors")), run);
  return new Map(
    names.sort().map((name) => [name, fs.readFileSync(path.join(run, name)).toString("base64")]),
  );
}

/** What a run's summary says, without the name of its sweep. */
function summaryOf(run: string, sweepName: string): string {
  return fs.readFileSync(runFiles.summary(run), "utf8").replaceAll(`${sweepName}-`, "");
}

/**
 * Writes programs in the place of Slurm's to a folder, and returns an environment that finds them.
 *
 * @param programs The shell commands of each; `$0.log` is theirs to write to.
 */
function fakePrograms(directory: string, programs: Record<string, string>): Record<string, string> {
  const folder = path.join(directory, "programs");
  fs.rmSync(folder, { recursive: true, force: true });
  fs.mkdirSync(folder);
  for (const [name, commands] of Object.entries(programs)) {
    fs.writeFileSync(path.join(folder, name), `#!/bin/sh\n${commands}\n`, { mode: 0o755 });
  }
  return { PATH: folder };
}

/** Answers as `sbatch` does, with the numbers 1, 2 and so on, and writes down its arguments. */
const ACCEPTS = 'echo "$*" >>$0.log; /usr/bin/wc -l <$0.log';

Deno.test("--slurm submits a check and one array for each stage; --status asks the queue", () =>
  withToyDataset(async ({ directory, data }) => {
    const file = writePlan(directory, plan(data, "toy"));
    const folder = path.join(directory, "toy-slurm");
    const env = fakePrograms(directory, {
      sbatch: ACCEPTS,
      squeue: "echo '2|1|RUNNING|None'; echo '2|2|PENDING|Resources'; echo '9|3|RUNNING|None'",
    });
    const run = (...args: string[]) => sweepOutcome(sweep([file, ...args], env));

    const options = ["--slurm", "--cpus", "2", "--array-limit", "3", "--sbatch", "--account=ecg"];
    const dry = await run(...options, "--dry-run");
    assert.equal(dry.code, 0, dry.err);
    assert.match(dry.out, /^#!\/bin\/bash\n/);
    assert.match(dry.out, /^#SBATCH --account=ecg$/m);
    assert.match(dry.out, /--array=3-6%3 --dependency=afterok:CHECK,afterany:STAGE1 /);
    assert.ok(!fs.existsSync(folder), "--dry-run wrote something");

    const { code, out, err } = await run(...options);
    assert.equal(code, 0, err);
    assert.match(out, /Submitted 6 of 6 runs/);
    const calls = fs.readFileSync(path.join(directory, "programs/sbatch.log"), "utf8");
    assert.deepEqual(
      calls.trimEnd().split("\n").map((call) => /--array=\S+ --dependency=\S+/.exec(call)?.[0]),
      [
        undefined,
        "--array=1-2%3 --dependency=afterok:1",
        "--array=3-6%3 --dependency=afterok:1,afterany:2",
      ],
    );
    const script = fs.readFileSync(path.join(folder, "sweep.sbatch"), "utf8");
    assert.ok(dry.out.startsWith(script), "--dry-run showed another script");
    assert.match(script, /toy-slurm\/plan\.json --threads 2 --cell "\$SLURM_ARRAY_TASK_ID"$/m);

    const status = await run("--status");
    assert.equal(status.code, 0, status.err);
    assert.match(status.out, /weight-rewind-seed1 +running .*job 2_1$/m);
    assert.match(status.out, /weight-rewind-seed2 +waiting .*job 2_2: pending, Resources$/m);
    assert.match(status.out, /^6 cells: 1 running, 5 waiting$/m);
    const again = await run("--slurm");
    assert.equal(again.code, 2);
    assert.match(again.err, /is in the queue already; .*`scancel 1 2 3`/);

    // A cell that has failed says why, and so does a check.
    fakePrograms(directory, { squeue: "exit 0" });
    const said = (error: string) => `--- then\nerror: ${error}\nsrun: error: n1: task 0: Exited\n`;
    fs.writeFileSync(path.join(folder, "cell-1.log"), said("Training diverged"));
    fs.writeFileSync(path.join(folder, "check.log"), said("Cannot load the addon"));
    const ended = await run("--status");
    assert.match(ended.out, /weight-rewind-seed1 +failed .*Training diverged$/m);
    assert.match(ended.out, /^The check failed: Cannot load the addon/m);
    fakePrograms(directory, {});
    assert.match((await run("--status")).out, /does not answer: there is no squeue on the PATH/);
  }));

Deno.test("what Slurm or the command cannot do is said in a sentence, and nothing is left submitted", () =>
  withToyDataset(async ({ directory, data }) => {
    const file = writePlan(directory, plan(data, "toy"));
    const cases: [Record<string, string>, string[], number, RegExp][] = [
      [{}, ["--slurm"], 1, /Cannot submit the sweep: there is no sbatch on the PATH/],
      [
        {
          sbatch: "echo 'sbatch: error: Batch job submission failed: Invalid account' >&2; exit 1",
        },
        ["--slurm"],
        1,
        /sbatch says: Batch job submission failed: Invalid account/,
      ],
      [{}, ["--partition", "p"], 2, /Cannot use --partition without --slurm/],
      [{}, ["--dry-run"], 2, /Cannot use --dry-run without --slurm/],
      [{}, ["--slurm", "--time", "soon"], 2, /Cannot use --time "soon"/],
      [{}, ["--slurm", "--cpus", "0"], 2, /whole number from 1/],
      [{}, ["--slurm", "--jobs", "2"], 2, /'--slurm' cannot be used with option '--jobs/],
      [{}, ["--slurm", "--status"], 2, /cannot be used with option/],
    ];
    for (const [programs, args, expected, message] of cases) {
      const { code, err } = await sweepOutcome(
        sweep([file, ...args], fakePrograms(directory, programs)),
      );
      assert.equal(code, expected, `${args}: ${err}`);
      assert.match(err, message);
      assert.equal(err.trimEnd().split("\n").length, 1, err);
    }
    const half = fakePrograms(directory, {
      sbatch: `case "$*" in *--array=3*) echo 'sbatch: error: no' >&2; exit 1;; esac; ${ACCEPTS}`,
      scancel: 'echo "$*" >$0.log',
    });
    assert.equal((await sweepOutcome(sweep([file, "--slurm"], half))).code, 1);
    const cancelled = fs.readFileSync(path.join(directory, "programs/scancel.log"), "utf8");
    assert.equal(cancelled, "1 2\n");
    assert.ok(!fs.existsSync(path.join(directory, "toy-slurm/jobs.json")));
  }));

const reason = whyNoSlurm();

Deno.test({
  name: "a sweep on Slurm whose tasks and node are stopped ends bit-equal to a local one" +
    (reason === null ? "" : ` (not run: ${reason})`),
  ignore: reason !== null,
  fn: () =>
    withToyDataset(async ({ directory, data }) => {
      const runs = (name: string) =>
        STAGES.flat().map((run) => path.join(directory, `${name}-${run}`));
      const file = writePlan(directory, plan(data, "cluster"));
      const folder = path.join(directory, "cluster-slurm");
      const log = (cell: number) => fs.readFileSync(path.join(folder, `cell-${cell}.log`), "utf8");
      const starts = (cell: number) => log(cell).match(/^--- /gm)?.length ?? 0;
      const cluster = path.join(directory, "slurm");
      fs.mkdirSync(cluster);

      await withSlurm(cluster, async ({ env, call, restartNode }) => {
        const done = async (...args: string[]) => {
          const { code, out, err } = await sweepOutcome(sweep([file, ...args], env));
          assert.equal(code, 0, out + err);
          return out;
        };
        const submitted = await done("--slurm", "--requeue", "--time", "30");
        assert.match(submitted, /Submitted 6 of 6 runs/);
        const { arrays } = JSON.parse(fs.readFileSync(path.join(folder, "jobs.json"), "utf8"));
        const stages = arrays.map(({ cells }: { cells: number[] }) => cells);
        assert.deepEqual(stages, [[1, 2], [3, 4, 5, 6]]);
        const again = await sweepOutcome(sweep([file, "--slurm"], env));
        assert.equal(again.code, 2);
        assert.match(again.err, /is in the queue already; .*scancel/);

        // One task is asked to save, the other is taken off its node, as a preemption does it.
        const tasks = [1, 2].map((cell) => `${arrays[0].job}_${cell}`);
        const [first, second] = runs("cluster") as [string, string];
        await until("the first task to save", () => fs.existsSync(runFiles.latest(first)));
        await call("scancel", ["--signal=TERM", tasks[0]!]);
        await until("the second task to save", () => fs.existsSync(runFiles.latest(second)));
        await call("scontrol", ["requeue", tasks[1]!]);
        const show = () => call("scontrol", ["show", "job", arrays[0].job]);
        const requeued = /JobState=PENDING Reason=BeginTime[^]*?Restarts=1 /g;
        await until(
          "both tasks to return to the queue",
          async () => (await show()).match(requeued)?.length === 2,
        );
        assert.match(log(1), /Saved\. Continue with/);
        assert.ok(!isComplete(first) && !isComplete(second), "there was nothing left to stop");
        const waiting = await done("--status");
        assert.match(waiting, new RegExp(`seed1 +stopped .*job ${tasks[0]}: pending, BeginTime`));
        assert.match(waiting, /seed1-reinit +waiting .*pending, Dependency/);

        // Slurm sets a task that was requeued to begin in two minutes, once its processes have ended. A few
        // seconds it needs: a node revokes the task's credential, and refuses one of the same second.
        for (const task of tasks) {
          await call("scontrol", ["update", `jobid=${task}`, "starttime=now+3"]);
        }
        await until("a task to begin again", () => starts(1) + starts(2) > 2);
        await restartNode();
        await until("the sweep", async () => {
          const queue = await call("squeue", ["--noheader"]);
          const done = runs("cluster").every(isComplete);
          if (!done && queue.trim() === "") throw new Error("A task ended without its run's end");
          return done;
        });
        assert.deepEqual([1, 2, 3, 4, 5, 6].map(starts), [2, 2, 1, 1, 1, 1]);
        for (const cell of [5, 6]) {
          assert.doesNotMatch(log(cell), /Round 0, /);
        }
        const status = await done("--status");
        assert.match(status, /^6 cells: 6 done$/m);
        assert.ok(status.includes(`deno task compare ${runs("cluster").join(" ")}\n`), status);
        assert.match(await done("--slurm"), /^All 6 runs of the plan are done\.$/m);
      });

      const local = await sweepOutcome(
        sweep([writePlan(directory, plan(data, "local")), "--jobs", "2"]),
      );
      assert.equal(local.code, 0, local.err);
      runs("local").forEach((run, i) => {
        const there = runs("cluster")[i]!;
        assert.deepEqual(resultsOf(there), resultsOf(run));
        assert.equal(summaryOf(there, "cluster"), summaryOf(run, "local"));
      });
    }),
});
