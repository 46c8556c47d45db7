import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";
import { runFiles } from "../core/paths.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import { lockRun } from "../run/lock.ts";
import { HeldNotices } from "./held.ts";

Deno.test("a run that another machine holds is told once, with its holder and what to do", () =>
  inTemporaryDirectory((directory) => {
    const [run, other] = ["run", "other"].map((name) => path.join(directory, name)) as [
      string,
      string,
    ];
    for (const each of [run, other]) fs.mkdirSync(each);
    const hold = (file: string, host: string) =>
      fs.writeFileSync(
        runFiles.lock(file),
        JSON.stringify({ pid: 7, host, since: "2026-05-01T12:00:00.000Z" }),
      );
    const notices = new HeldNotices();
    assert.equal(notices.about(run), null, "nobody holds it");
    hold(run, "node3");
    hold(other, "node3");
    const said = (name: string, host: string) =>
      `${name} waits for process 7 on ${host} since 2026-05-01T12:00:00.000Z to finish it; if that ` +
      `process is gone, stop the sweep and start it again with --take-over ${host}`;
    assert.equal(notices.about(run), said(run, "node3"));
    assert.equal(notices.about(run), null, "once");
    assert.equal(notices.about(other), said(other, "node3"));
    hold(run, "node4");
    assert.equal(notices.about(run), said(run, "node4"), "another holder");
    fs.rmSync(runFiles.lock(run));
    using _mine = lockRun(run);
    assert.match(fs.readFileSync(runFiles.lock(run), "utf8"), new RegExp(`"pid":${process.pid}`));
    assert.equal(notices.about(run), null, `${os.hostname()} knows whether its processes live`);
  }));
