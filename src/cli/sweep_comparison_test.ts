import assert from "node:assert/strict";
import { writeRun } from "../compare/fixture.ts";
import { parsePairs } from "../config/planned_pairs.ts";
import { compareDirectories, withDirectory } from "../compare/testing.ts";
import type { Mode } from "../config/modes.ts";
import { comparisonWords } from "./sweep_comparison.ts";

/** Runs of a mode with seeds 1 and 2; a single training has the weights of round 2. */
function twoSeeds(directory: string, mode: Mode, single = false): string[] {
  return [1, 2].map((seed) =>
    writeRun(directory, {
      ...{ name: `${mode}-${seed}`, mode, seed, rounds: 3, planned: 2, records: 60 },
      ...(single ? { single: { pruned: 2, macs: 1e6 } } : {}),
    })
  );
}

/** The runs and pairs in the words of a command. */
function commandOf(line: string): { runs: string[]; pairs: string | undefined } {
  const [words, pairs] = line.split(" --pairs ");
  return { runs: words!.replace(/^Compare them with: deno task compare /, "").split(" "), pairs };
}

Deno.test("the command has the pairs whose methods are there; a line names the other methods", () =>
  withDirectory((directory) => {
    const runs = [...twoSeeds(directory, "lr-rewind"), ...twoSeeds(directory, "finetune")];
    const pairs = ["lr-rewind:finetune", "lr-rewind:weight-rewind@64", "rigl:set"];
    const [command, other, ...more] = comparisonWords(runs, pairs);
    assert.deepEqual(commandOf(command!), { runs, pairs: "lr-rewind:finetune" });
    assert.equal(
      other,
      "2 pairs of the plan are left out (lr-rewind:weight-rewind@64, rigl:set): also name finished runs of " +
        "weight-rewind, rigl, set to test them.",
    );
    assert.deepEqual(more, []);
    // The comparison takes what the command names.
    assert.ok(compareDirectories(runs, { pairs: parsePairs("lr-rewind:finetune") }));

    const [all, ...none] = comparisonWords(runs, pairs.slice(0, 1));
    assert.deepEqual([all, none], [command, []]);
    assert.deepEqual(comparisonWords(runs, []), [
      `Compare them with: deno task compare ${runs.join(" ")}`,
    ]);
  }));

Deno.test("a control of one method is found by its kind", () =>
  withDirectory((directory) => {
    const base = twoSeeds(directory, "lr-rewind");
    const control = writeRun(directory, {
      ...{ name: "shuffle", mode: "lr-rewind", seed: 1, rounds: 3, planned: 2, records: 60 },
      control: { kind: "shuffle", base: base[0]! },
    });
    const [command, ...more] = comparisonWords([...base, control], ["shuffle:lr-rewind"]);
    assert.equal(commandOf(command!).pairs, "shuffle:lr-rewind");
    assert.deepEqual(more, []);
  }));

Deno.test("single trainings alone need runs with dense networks, and a line says so", () =>
  withDirectory((directory) => {
    const single = [...twoSeeds(directory, "rigl", true), ...twoSeeds(directory, "set", true)];
    assert.throws(() => compareDirectories(single), /name a run of another mode/);
    const [, lacking, ...more] = comparisonWords(single, ["rigl:set"]);
    assert.match(
      lacking!,
      /^Also name finished runs of another mode with the same seeds and folds: .* rigl, set must be compared with\.$/,
    );
    assert.deepEqual(more, []);
    const both = [...single, ...twoSeeds(directory, "lr-rewind")];
    assert.equal(comparisonWords(both, ["rigl:set"]).length, 1);
    assert.ok(compareDirectories(both, { pairs: parsePairs("rigl:set") }));
  }));
