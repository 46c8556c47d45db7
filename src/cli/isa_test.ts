/** Runs on an instruction set that is not the machine's best. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { roundFiles, runFiles } from "../core/paths.ts";
import type { Environment } from "../run/environment.ts";
import { assertSameResults, withToyDataset } from "../run/testing.ts";
import { hasOtherIsa, outcome, stoppedOnceSaved, toyArgs } from "./testing.ts";

Deno.test({
  name: "a run of another instruction set is told how it goes on, and ends bit-equal",
  ignore: !hasOtherIsa(),
  fn: () =>
    withToyDataset(async ({ directory, data }) => {
      const [whole, stopped] = ["whole", "stopped"].map((name) => path.join(directory, name));
      const portable = ["--isa", "portable", "--epochs", "30"];
      const first = await outcome([...toyArgs(data, whole!), ...portable]);
      assert.equal(first.code, 0, first.err);
      assert.match(first.out, /; cpu, portable, /);
      const { device } = JSON.parse(
        fs.readFileSync(runFiles.environment(whole!), "utf8"),
      ) as Environment;
      assert.match(device, /^cpu: portable, /);

      const half = await stoppedOnceSaved([...toyArgs(data, stopped!), ...portable], stopped!);
      assert.equal(half.code, 130, half.err);
      assert.match(half.out, /Continue with: deno task lth --name \S+ --resume --isa portable\n/);

      const resume = ["--name", stopped!, "--resume"];
      const refused = await outcome(resume);
      assert.equal(refused.code, 2);
      // A run of its own is proposed, too, if the dense round was done when it stopped (fork_test.ts).
      assert.match(refused.err, /add --isa portable to go on with the same bits/);
      const end = await outcome([...resume, "--isa", "portable"]);
      assert.equal(end.code, 0, end.err);
      assertSameResults(whole!, stopped!);

      // A complete run is repaired as the advice says, on its own instruction set.
      const round = runFiles.round(stopped!, 1);
      fs.truncateSync(roundFiles.end(round), 100);
      const damaged = await outcome([...resume, "--isa", "portable"]);
      assert.equal(damaged.code, 1, damaged.err);
      assert.match(
        damaged.err,
        /delete \S+DONE and continue the run with deno task lth --name \S+stopped --resume:/,
      );
      fs.rmSync(roundFiles.done(round));
      const other = await outcome(resume);
      assert.equal(other.code, 2, other.out);
      assert.match(other.err, /add --isa portable to go on with the same bits/);
      const left = await outcome([...toyArgs(data, stopped!), ...portable]);
      assert.equal(left.code, 2, left.out);
      assert.match(left.err, /There is already an unfinished run .*: add --resume to continue it/);
      const repaired = await outcome([...resume, "--isa", "portable"]);
      assert.equal(repaired.code, 0, repaired.err);
      assertSameResults(whole!, stopped!);
    }),
});

Deno.test("an instruction set that does not exist is refused", async () => {
  const { code, err } = await outcome(["--isa", "sse", "--plan"]);
  assert.equal(code, 2);
  assert.match(err, /'sse' is invalid. Allowed choices are automatic, portable, avx2, avx512/);
});
