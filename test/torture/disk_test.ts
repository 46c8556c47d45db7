import assert from "node:assert/strict";
import * as path from "node:path";
import { withToyDataset } from "../../src/run/testing.ts";
import { buildDiskFault, DISK_ERRORS, tryDiskFault, wholeRun } from "./disk.ts";

const compiler = new Deno.Command("sh", { args: ["-c", "command -v cc"], stdout: "null" });
const hasCompiler = compiler.outputSync().success;

Deno.test({
  name: `a failing or full disk gives one line of error, and the run can be resumed afterwards${
    hasCompiler ? "" : " (skipped: no C compiler, cc, here)"
  }`,
  ignore: !hasCompiler,
  fn: () =>
    withToyDataset(async ({ directory, data }) => {
      const library = buildDiskFault(directory)!;
      const whole = path.join(directory, "whole");
      await wholeRun(data, whole);
      const calls = new Set<string>();
      // From the lock over configuration, rewind point and states within a round to its results.
      for (const [i, at] of [2, 9, 16, 23, 37, 44, 58, 65, 79, 93].entries()) {
        const fault = { at, error: DISK_ERRORS[i % 2]! };
        const { call, finding } = await tryDiskFault(fault, { library, data, directory, whole });
        assert.equal(finding, null);
        if (call !== null) calls.add(call);
      }
      assert.ok(calls.size >= 4, `only ${[...calls].join(", ")} failed`);
    }),
});
