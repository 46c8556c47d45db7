import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { runFiles } from "../core/paths.ts";
import { withToyDataset } from "../run/testing.ts";
import { diskText } from "./disk_use.ts";
import { lth, toyArgs } from "./testing.ts";

const disk = { perRound: 2e6, rounds: 6e6, rewindPoint: 4e6, states: 12e6, total: 10e6 };

Deno.test("the planned disk use is printed with the free space", () => {
  const text = (free: number | null) => diskText(disk, { directory: "run", free });
  assert.equal(text(null), "Disk: 10.0 MB at the end, at most 12.0 MB more until then");
  assert.match(text(22e6), /until then; 22\.0 MB free$/);
  assert.match(diskText(disk, { directory: "run/not/there" }), / free$/);
});

Deno.test("a run prints its disk use before the first round, and uses no more", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const child = lth(toyArgs(data, run)).spawn();
    let most = 0;
    let states = 0;
    let over = false;
    const output = child.output().finally(() => over = true);
    while (!over) {
      const names = fs.existsSync(run) ? fs.readdirSync(run, { encoding: "utf8" }) : [];
      const latest = names.filter((name) => /latest.*\.safetensors/.test(name));
      states = Math.max(states, latest.length);
      most = Math.max(most, bytesOf(run));
      await new Promise((done) => setTimeout(done, 1));
    }
    const { code, stdout } = await output;
    assert.equal(code, 0);
    const said = /^Disk: ([\d.]+) MB at the end, at most ([\d.]+) MB more until then; /m.exec(
      new TextDecoder().decode(stdout),
    )!;
    assert.ok(new TextDecoder().decode(stdout).indexOf("Disk:") < said.input.indexOf("Round 0"));
    const [total, more] = [Number(said[1]), Number(said[2])];
    assert.ok(most / 1e6 <= total + more, `${most} bytes`);
    assert.ok(bytesOf(run) / 1e6 <= total, `${bytesOf(run)} bytes at the end`);
    // The policy: of the states within a round the last two are kept, and none at the end.
    assert.ok(states === 2 || states === 3, `${states} states at a time`);
    assert.ok(!fs.existsSync(runFiles.latest(run)) && !fs.existsSync(runFiles.previous(run)));
    const rounds = fs.readdirSync(run).filter((name) => name.startsWith("round-"));
    assert.equal(rounds.length, 3);
  }));

/** Bytes of the run's own files, without the report, which lies beside them if a path names the run. */
function bytesOf(directory: string): number {
  if (!fs.existsSync(directory)) return 0;
  let bytes = 0;
  for (const name of fs.readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    if (name.includes("report.html")) continue;
    bytes += fs.statSync(path.join(directory, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
