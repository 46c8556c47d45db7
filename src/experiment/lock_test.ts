import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import process from "node:process";
import { UsageError } from "../core/errors.ts";
import { runFiles } from "../core/paths.ts";
import { lockRun } from "./lock.ts";

function withDirectory(test: (directory: string) => void): void {
  const directory = fs.mkdtempSync(`${os.tmpdir()}/lth-lock-`);
  try {
    test(directory);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

Deno.test("a second taker is refused and told who holds the lock; release frees it", () =>
  withDirectory((directory) => {
    {
      using _lock = lockRun(directory);
      assert.throws(() => lockRun(directory), (error) => {
        assert.ok(error instanceof UsageError);
        assert.match(error.message, new RegExp(`process ${process.pid} on`));
        return true;
      });
    }
    assert.deepEqual(fs.readdirSync(directory), []);
    lockRun(directory)[Symbol.dispose]();
  }));

Deno.test("the lock of a dead process or a torn file is taken over, another machine's is not", () =>
  withDirectory((directory) => {
    const file = runFiles.lock(directory);
    const dead = { pid: 2 ** 22 + 12345, host: os.hostname(), since: "then" };
    for (const contents of [JSON.stringify(dead), "{"]) {
      fs.writeFileSync(file, contents);
      lockRun(directory)[Symbol.dispose]();
      assert.ok(!fs.existsSync(file));
    }
    fs.writeFileSync(file, JSON.stringify({ ...dead, host: "elsewhere" }));
    assert.throws(() => lockRun(directory), /on elsewhere/);
  }));
