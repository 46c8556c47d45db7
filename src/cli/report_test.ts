import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { writeJson } from "../core/files.ts";
import { ROOT } from "../core/paths.ts";
import { fixtureSummary } from "../report/fixture.ts";

const COMMAND = [
  "run",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys",
  path.join(ROOT, "src/cli/report.ts"),
];

function report(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...COMMAND, ...args], {
    encoding: "utf8",
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: "1" },
  });
  return { status, stdout, stderr };
}

Deno.test("report writes the page of an unfinished run given by path, and says the answer", () => {
  const directory = fs.mkdtempSync("/tmp/report-cli-");
  try {
    const run = path.join(directory, "run");
    writeJson(path.join(run, "summary.json"), fixtureSummary({ rounds: 2, planned: 4 }));
    const out = path.join(directory, "out/page.html");
    const { status, stdout, stderr } = report("--run", run, "--out", out);
    assert.equal(status, 0, stderr);
    assert.match(stdout, /fewer weights .* against .* dense/);
    assert.ok(stdout.includes(out));
    assert.match(fs.readFileSync(out, "utf8"), /2 rounds are finished, dense and 4 pruning rounds/);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

Deno.test("report refuses a run that is not there, a bad name and an unknown flag, without a trace", () => {
  for (
    const [args, message] of [
      [["--run", "no-such-run-here"], /no such directory/],
      [["--run", ".."], /Cannot name a run/],
      [[], /--run/],
      [["--run", "x", "--ouT", "y"], /--out/],
    ] as [string[], RegExp][]
  ) {
    const { status, stderr } = report(...args);
    assert.equal(status, 2, stderr);
    assert.match(stderr, message);
    assert.doesNotMatch(stderr, /\bat .*\.ts:/);
  }
});
