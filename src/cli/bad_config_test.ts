import assert from "node:assert/strict";
import * as path from "node:path";
import { openRescorable } from "../analysis/rescore.ts";
import { writeRun } from "../compare/fixture.ts";
import { compareDirectories, withDirectory } from "../compare/testing.ts";
import { findRunConfig, readRunConfig } from "../config/config_file.ts";
import { presetConfig } from "../config/presets.ts";
import { UsageError } from "../core/errors.ts";
import { writeJson } from "../core/files.ts";
import { runFiles } from "../core/paths.ts";
import { openBase } from "../run/control_base.ts";
import { openRound } from "../ticket/open_round.ts";
import { renewReport } from "./run_report.ts";

Deno.test("whatever reads a run refuses an invalid setting in its config.json in the same sentence", () =>
  withDirectory((directory) => {
    const run = writeRun(directory, { name: "run" });
    const config = presetConfig("quick", "cpu");
    const file = runFiles.config(run);
    writeJson(file, config);
    assert.deepEqual(readRunConfig(run), config);
    const before = compareDirectories([run]).methods.length;
    assert.equal(before, 1);

    writeJson(file, { ...config, training: { ...config.training, epochs: 0 } });
    const commands: Record<string, () => unknown> = {
      compare: () => compareDirectories([run]),
      report: () => renewReport(run, { file: path.join(directory, "report.html") }),
      rescore: () => openRescorable(run, undefined),
      export: () => openRound(run, {}),
      control: () => openBase(run, "take masks from"),
    };
    for (const [name, command] of Object.entries(commands)) {
      assert.throws(command, (error) => {
        assert.ok(error instanceof UsageError, `${name}: ${error}`);
        assert.ok(error.message.startsWith(`Cannot use the configuration ${file}: `), name);
        assert.match(error.message, /: training\.epochs: [Ee]xpected [^\n]*0[^\n]*$/, name);
        return true;
      });
    }
    assert.equal(findRunConfig(run), null);
    assert.equal(findRunConfig(path.join(directory, "none")), null);
  }));
