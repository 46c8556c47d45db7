import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { spawnSync } from "node:child_process";
import { UsageError } from "../core/errors.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import type { Cell } from "./cells.ts";
import {
  arrayList,
  batchScript,
  checkResources,
  type SlurmFiles,
  type SlurmResources,
  stagesOf,
  submissions,
} from "./slurm.ts";

/** Cells by name, each with the names of its base and of the run whose dense round it takes. */
function cells(...list: [name: string, base?: string | null, denseFrom?: string][]): Cell[] {
  return list.map(([name, base = null, denseFrom = null], i) => ({
    ...{ number: i + 1, name, args: [], base, denseFrom },
  }));
}

function stageNames(list: Cell[], state: { done?: string[]; dense?: string[] } = {}): string[][] {
  const { done = [], dense = [] } = state;
  return stagesOf(list, {
    isDone: ({ name }) => done.includes(name),
    hasDense: (name) => dense.includes(name),
  }).map((stage) => stage.map(({ name }) => name));
}

const LIST = cells(
  ["late"],
  ["late-reinit", "late"],
  ["rewind", null, "late"],
  ["rewind-reinit", "rewind"],
);

Deno.test("a cell comes one stage after what it needs", () => {
  assert.deepEqual(stageNames(LIST), [["late"], ["late-reinit", "rewind"], ["rewind-reinit"]]);
});

Deno.test("what is done holds nothing up, nor does a run whose dense round is done", () => {
  assert.deepEqual(stageNames(LIST, { done: ["late"], dense: ["late"] }), [
    ["late-reinit", "rewind"],
    ["rewind-reinit"],
  ]);
  assert.deepEqual(stageNames(LIST, { dense: ["late"] }), [["late", "rewind"], [
    ...["late-reinit", "rewind-reinit"],
  ]]);
  assert.deepEqual(stageNames(LIST, { done: LIST.map(({ name }) => name) }), []);
});

Deno.test("numbers are listed as ranges", () => {
  const cases: [number[], string][] = [
    [[4], "4"],
    [[1, 2, 3], "1-3"],
    [[9, 1, 2, 5, 11, 10], "1-2,5,9-11"],
  ];
  for (const [numbers, text] of cases) assert.equal(arrayList(numbers), text);
});

Deno.test("the check comes first, and each stage after the end of the one before", () => {
  const files: SlurmFiles = {
    script: "/s/sweep.sbatch",
    checkLog: "/s/check.log",
    cellLog: (number) => `/s/cell-${number}.log`,
  };
  const stages = stagesOf(LIST, { isDone: () => false, hasDense: () => false });
  const jobs = submissions(stages, { name: "toy", files, arrayLimit: 8 });
  const numbers = ["70", "71", "72", "73"];
  const words = (output: string) => ["--parsable", "--job-name=toy", `--output=/s/${output}.log`];
  const array = (list: string, after: string) => [
    ...[...words("cell-%a"), `--array=${list}%8`, `--dependency=${after}`],
    ...["--kill-on-invalid-dep=yes", files.script],
  ];
  assert.deepEqual(jobs.map(({ args }, i) => args(numbers.slice(0, i))), [
    [...words("check"), files.script],
    array("1", "afterok:70"),
    array("2-3", "afterok:70,afterany:71"),
    array("4", "afterok:70,afterany:72"),
  ]);
  assert.deepEqual(jobs.map(({ cells }) => cells), [null, [1], [2, 3], [4]]);
});

Deno.test("values that sbatch cannot read are refused by name", () => {
  const cases: [Partial<SlurmResources>, RegExp][] = [
    [{ partition: "two words" }, /--partition "two words": expected a name/],
    [{ mem: "4 GB" }, /--mem "4 GB": expected a size/],
    [{ gres: "gpu 1" }, /--gres "gpu 1"/],
    [{ sbatch: "account=x" }, /--sbatch "account=x": expected options/],
    [{ sbatch: "--a=b\nrm -r x" }, /--sbatch/],
    [{ time: "soon" }, /--time "soon": expected minutes/],
    [{ time: "4" }, /--time 4: give a cell at least 5 minutes/],
    [{ time: "4:59" }, /at least 5 minutes/],
    [{ time: "0:04:00" }, /at least 5 minutes/],
  ];
  for (const [change, message] of cases) {
    assert.throws(() => checkResources({ cpus: 1, requeue: false, ...change }), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(error.message, message);
      return true;
    });
  }
  for (const time of ["0", "5", "90", "5:00", "1:30:00", "2-12", "1-2:30", "1-00:00:30"]) {
    checkResources({ cpus: 1, requeue: false, time });
  }
  checkResources({
    ...{ cpus: 4, requeue: true, partition: "short,long-2", mem: "4G", gres: "gpu:a100:1" },
    sbatch: "--account=ecg --qos=low",
  });
});

/** Runs a batch script in bash, with programs that write down their calls in the place of Slurm's. */
function play(
  script: string,
  { directory, code, env }: { directory: string; code: number; env: Record<string, string> },
): { code: number | null; calls: string[] } {
  const log = path.join(directory, "calls");
  for (const program of ["srun", "scontrol"]) {
    const exit = program === "srun" ? code : 0;
    const text = `#!/bin/sh\necho "${program} $*" >>${log}\nexit ${exit}\n`;
    fs.writeFileSync(path.join(directory, program), text, { mode: 0o755 });
  }
  fs.rmSync(log, { force: true });
  const result = spawnSync("bash", ["-s"], {
    input: script,
    env: { PATH: `${directory}:/usr/bin:/bin`, SLURM_JOB_ID: "12", ...env },
  });
  return { code: result.status, calls: fs.readFileSync(log, "utf8").trimEnd().split("\n") };
}

Deno.test("the script checks a node, does a cell, and returns one that was stopped to the queue", () =>
  inTemporaryDirectory((directory) => {
    const commands = { name: "toy", directory, check: "deno check.ts", cell: "deno 'a b.ts'" };
    const resources = { cpus: 3, requeue: true };
    const script = batchScript(resources, commands);
    const step = "srun --ntasks=1 --cpus-per-task=3 deno";
    const cell = { SLURM_ARRAY_TASK_ID: "5" };
    const run = (code: number, env: Record<string, string>, text = script) =>
      play(text, { directory, code, env });

    assert.deepEqual(run(1, {}), { code: 1, calls: [`${step} check.ts`] });
    assert.deepEqual(run(0, cell), { code: 0, calls: [`${step} a b.ts 5`] });
    assert.deepEqual(run(2, cell), { code: 2, calls: [`${step} a b.ts 5`] });
    for (const code of [130, 143]) {
      const calls = [`${step} a b.ts 5`, "scontrol requeue 12"];
      assert.deepEqual(run(code, cell), { code, calls });
    }
    const once = batchScript({ ...resources, requeue: false }, commands);
    assert.deepEqual(run(130, cell, once), { code: 130, calls: [`${step} a b.ts 5`] });
  }));

Deno.test("the script asks for what was given, before its first command", () => {
  const script = batchScript({
    ...{ partition: "gpu", time: "2:00:00", cpus: 4, mem: "8G", gres: "gpu:1", requeue: true },
    sbatch: "--account=ecg --exclude=n1",
  }, { name: "toy", directory: "/w", check: "check", cell: "cell" });
  const head = script.slice(0, script.indexOf("\n\n")).split("\n");
  assert.deepEqual(
    head.filter((line) => line.startsWith("#SBATCH")),
    [
      ...["--nodes=1", "--ntasks=1", "--cpus-per-task=4", "--partition=gpu", "--time=2:00:00"],
      ...["--mem=8G", "--gres=gpu:1", "--signal=TERM@60", "--requeue", "--open-mode=append"],
      "--account=ecg --exclude=n1",
    ].map((words) => `#SBATCH ${words}`),
  );
  assert.equal(head[0], "#!/bin/bash");
});
