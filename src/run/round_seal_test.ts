import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import { checkSeal, markerOf } from "./round_seal.ts";

Deno.test("a marker that is cut off anywhere is refused, even after a whole line", () =>
  inTemporaryDirectory((run) => {
    for (const round of [0, 1]) {
      const directory = runFiles.round(run, round);
      fs.mkdirSync(directory);
      fs.writeFileSync(path.join(run, "rewind.safetensors"), "rewind");
      for (const name of ["end", "metrics", "predictions", "scores"] as const) {
        fs.writeFileSync(roundFiles[name](directory), name);
      }
      fs.writeFileSync(roundFiles.done(directory), markerOf(directory));
      checkSeal(directory);
      const done = roundFiles.done(directory);
      const whole = fs.readFileSync(done, "latin1");
      for (let size = 1; size < whole.length; size++) {
        fs.writeFileSync(done, whole.slice(0, size));
        assert.throws(() => checkSeal(directory), (error: Error) => {
          assert.ok(error instanceof Failure);
          assert.match(
            error.message,
            /DONE is damaged: its end is missing; delete .*DONE and continue the run/,
          );
          return true;
        }, `round ${round}, cut to ${size} of ${whole.length} bytes`);
      }
    }
    return Promise.resolve();
  }));
