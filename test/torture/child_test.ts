import assert from "node:assert/strict";
import { ended, signal } from "./child.ts";

const sleeper = () =>
  new Deno.Command("sleep", { args: ["60"], stdout: "piped", stderr: "piped" }).spawn();

Deno.test("a child that hangs is killed and reported as hung", async () => {
  const { hung, signal: by } = await ended(sleeper(), 1);
  assert.deepEqual([hung, by], [true, "SIGKILL"]);
});

Deno.test({
  name: "a child that is stopped for longer than the bound does not count as hung",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const child = sleeper();
    signal(child, "SIGSTOP");
    const end = ended(child, 1);
    await new Promise((done) => setTimeout(done, 3000));
    signal(child, "SIGTERM");
    signal(child, "SIGCONT");
    assert.equal((await end).hung, false);
  },
});
