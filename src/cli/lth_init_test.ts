import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { roundFiles, runFiles } from "../core/paths.ts";
import { decodeSafetensors } from "../core/safetensors.ts";
import { withToyDataset } from "../run/testing.ts";
import { main as exportMain } from "./export.ts";
import { outcome, toyArgs } from "./testing.ts";

/** Weights and running statistics of a checkpoint, as bytes by name. */
function numbersOf(file: string): Map<string, string> {
  const { tensors } = decodeSafetensors(fs.readFileSync(file), file);
  return new Map(
    [...tensors].filter(([name]) => /^(value|buffer)\//.test(name)).map(([name, { data }]) => [
      name,
      new TextDecoder("latin1").decode(new Uint8Array(data.buffer)),
    ]),
  );
}

Deno.test("--init starts from exactly the weights of an export, and is saved with the run's settings", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const first = await outcome([...toyArgs(data, at("first")), "--rounds", "1"]);
    assert.equal(first.code, 0, first.err);
    const file = (round: number) => at(`round${round}.safetensors`);
    for (const round of [0, 1]) {
      const args = ["--run", at("first"), "--round", String(round), "--format", "safetensors"];
      await exportMain([...args, "--out", file(round)]);
    }
    const run = at("second");
    const args = [...toyArgs(data, run), "--rounds", "0", "--epochs", "1"];
    const second = await outcome([...args, "--init", file(0)]);
    assert.equal(second.code, 0, second.err);
    const start = numbersOf(runFiles.rewind(run));
    const end = numbersOf(roundFiles.end(runFiles.round(at("first"), 0)));
    assert.ok(end.size > 20);
    assert.deepEqual(start, end);
    assert.notDeepEqual(numbersOf(roundFiles.end(runFiles.round(run, 0))), end);
    const { initFrom } = JSON.parse(fs.readFileSync(runFiles.config(run), "utf8"));
    assert.equal(initFrom.file, file(0));
    assert.match(initFrom.sha256, /^[0-9a-f]{64}$/);

    const again = ["--name", run, "--resume"];
    fs.renameSync(file(0), at("moved.safetensors"));
    assert.equal((await outcome([...again, "--init", at("moved.safetensors")])).code, 0);
    assert.equal((await outcome(again)).code, 0, "the file is needed only once");
    const refused: [args: string[], message: RegExp][] = [
      [[...again, "--init", file(1)], /other settings \(initFrom\.file: .*; initFrom\.sha256: /],
      [
        [...toyArgs(data, at("x")), "--init", at("none")],
        /Cannot read the weights .*: no such file; name a \.safetensors file/,
      ],
      [
        [...toyArgs(data, at("x")), "--filters", "8", "--init", file(1)],
        /do not fit this network \(8 filters.*\n {2}shape: stem\.weight is \[4, 1, 8\], expected \[8, 1, 8\]\n/,
      ],
    ];
    for (const [args, message] of refused) {
      const { code, err } = await outcome(args);
      assert.equal(code, 2, err);
      assert.match(err, message);
      assert.doesNotMatch(err, /\n\s+at /);
    }
    assert.ok(!fs.existsSync(at("x")), "nothing is left of a run that was refused");
  }));
