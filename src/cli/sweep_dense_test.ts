/** Cells of a sweep that cannot take over a dense round. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { runFiles } from "../core/paths.ts";
import { assertSameResults, withToyDataset } from "../run/testing.ts";
import { hasOtherIsa, outcome } from "./testing.ts";
import { sweep, sweepOutcome, toyPlan, writePlan } from "./testing_sweep.ts";

Deno.test({
  name: "a cell trains the dense round if the run that has it computes with other instructions",
  ignore: !hasOtherIsa(),
  fn: () =>
    withToyDataset(async ({ directory, data }) => {
      const plan = (name: string) =>
        writePlan(
          directory,
          toyPlan(data, {
            ...{ name: path.join(directory, name), seeds: [1] },
            modes: ["weight-rewind", "lr-rewind", "finetune"],
          }),
        );
      const file = plan("toy");
      const run = (mode: string, name = "toy") => path.join(directory, `${name}-${mode}-seed1`);
      const source = run("weight-rewind");
      const first = await sweepOutcome(sweep([file, "--cell", "1", "--isa", "portable"]));
      assert.equal(first.code, 0, first.err);

      // A user who asks for that dense round is told why it is not taken.
      const own = path.join(directory, "own");
      const same = ["--config", runFiles.config(source), "--name", own];
      const refused = await outcome([...same, "--dense-from", source]);
      assert.equal(refused.code, 2, refused.out);
      assert.match(refused.err, /Cannot take the dense round from .*; --isa portable computes as/);
      assert.ok(!fs.existsSync(own));

      // A cell that is stopped in its dense round goes on with the command that it prints.
      const child = sweep([file, "--cell", "2"]);
      let ended = false;
      child.status.then(() => ended = true);
      while (!fs.existsSync(runFiles.latest(run("lr-rewind"))) && !ended) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      if (!ended) child.kill("SIGTERM");
      const stopped = await sweepOutcome(child);
      assert.equal(stopped.code, 130, stopped.err);
      const why = /Note: the dense round is trained here\. Cannot take .*device: cpu: portable, /;
      assert.match(stopped.out, why);
      const again = /Continue with: deno task lth (.*)\n/.exec(stopped.out)![1]!;
      assert.equal(again, `--name ${run("lr-rewind")} --resume --try-dense-from ${source}`);
      const end = await outcome(again.split(" "));
      assert.equal(end.code, 0, end.err);
      assert.match(end.out, why);

      // The whole sweep does the cell that is left, in the same way.
      const rest = await sweepOutcome(sweep([file]));
      assert.equal(rest.code, 0, rest.err);
      assert.match(fs.readFileSync(runFiles.log(run("finetune")), "utf8"), why);

      const alone = await sweepOutcome(sweep([plan("alone")]));
      assert.equal(alone.code, 0, alone.err);
      for (const mode of ["lr-rewind", "finetune"]) {
        assertSameResults(run(mode), run(mode, "alone"));
      }
    }),
});
