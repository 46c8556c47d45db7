import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { inTemporaryDirectory, mat4, noise } from "../data/testing.ts";
import { madeTicket } from "../ticket/testing.ts";
import { writeTicket } from "../ticket/ticket_file.ts";
import { command } from "./testing.ts";

/** A folder of recordings below `directory`: a short one, one of 62 minutes, one in a subfolder. */
function writeRecordings(directory: string): string {
  const folder = path.join(directory, "records");
  fs.mkdirSync(path.join(folder, "deep"), { recursive: true });
  fs.writeFileSync(path.join(folder, "a.mat"), mat4(noise(600, 1)));
  fs.writeFileSync(path.join(folder, "deep/b.mat"), mat4(noise(900, 2)));
  fs.writeFileSync(path.join(folder, "long.mat"), mat4(noise(62 * 60 * 300, 3)));
  return folder;
}

Deno.test("predict reads subfolders, prints hours of long recordings, and JSON lines for several recordings", () =>
  inTemporaryDirectory(async (directory) => {
    const ticket = path.join(directory, "x.ticket.safetensors");
    writeTicket(ticket, madeTicket());
    const folder = writeRecordings(directory);
    const predict = (...args: string[]) =>
      command("predict", ["--ticket", ticket, "--rate", "300", ...args]);

    const table = await predict(folder);
    assert.equal(table.code, 0, table.err);
    assert.match(table.out, /a\.mat[^]*deep\/b\.mat[^]*long\.mat/);
    const hours = table.out.split("long.mat, hour by hour:\n")[1]!.trimEnd().split("\n");
    assert.match(hours[0]!, /^from +minutes +label +A +N +O +~$/);
    assert.match(hours[1]!, /^0:00 +60\.0 +[ANO~] /);
    assert.match(hours[2]!, /^1:00 +2\.0 +[ANO~] /);
    assert.match(hours[3]!, /^AF burden: [\d.]+ % of the time$/);
    assert.equal(table.out.split("hour by hour").length, 2);

    const several = await predict("--json", folder);
    assert.equal(several.code, 0, several.err);
    const lines = several.out.trimEnd().split("\n").map((line) => JSON.parse(line));
    assert.deepEqual(lines.map(({ record }) => path.relative(folder, record)), [
      "a.mat",
      "deep/b.mat",
      "long.mat",
    ]);
    assert.deepEqual(lines.map((line) => "hours" in line), [false, false, true]);
    const [, , { steps, hours: [first, second], afBurden }] = lines;
    const share = (from: number, to: number) =>
      steps.slice(from, to).filter((step: string) => step === "A").length / (to - from);
    const inFirst = Math.ceil(3600 * 300 / 256);
    assert.equal(first.shares.A, share(0, inFirst));
    assert.equal(second.shares.A, share(inFirst, steps.length));
    assert.equal(afBurden, share(0, steps.length));

    const one = await predict("--json", path.join(folder, "a.mat"));
    assert.equal(JSON.parse(one.out).length, 1, "one recording: an array, as before");

    fs.rmSync(path.join(folder, "long.mat"));
    fs.writeFileSync(path.join(folder, "b.mat"), mat4(noise(10, 1)));
    const bad = await predict("--json", folder);
    assert.equal(bad.code, 2);
    assert.match(
      bad.err,
      /1 of 3 recordings cannot be used; the others were labelled:\n.*too short/,
    );
    assert.equal(bad.out.trimEnd().split("\n").length, 2);
    const skipped = await predict("--json", "--skip-bad", folder);
    assert.equal(skipped.code, 0);
    assert.equal(skipped.out, bad.out);
  }));
