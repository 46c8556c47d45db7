import assert from "node:assert/strict";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { writeJson } from "../core/files.ts";
import { runFiles } from "../core/paths.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import { toyConfig } from "../run/testing.ts";
import { openRound } from "./open_round.ts";

Deno.test("a control of small dense networks is refused, because its rounds do not have the base's network", () =>
  inTemporaryDirectory((directory) => {
    const run = path.join(directory, "run");
    const control = { kind: "dense-small", base: "base", masksSha256: "0".repeat(64), rounds: [2] };
    writeJson(runFiles.config(run), { ...toyConfig("data"), control });
    assert.throws(() => openRound(run, {}), (error) => {
      assert.ok(error instanceof UsageError, String(error));
      assert.match(
        error.message,
        /^Cannot export .*run: it is a control of dense-small, .*; export a round of its base base$/,
      );
      return true;
    });
  }));
