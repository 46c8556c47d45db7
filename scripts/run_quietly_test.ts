import assert from "node:assert/strict";
import { Failure } from "../src/core/errors.ts";
import { relevantEnd, runQuietly } from "./run_quietly.ts";

Deno.test("relevantEnd starts at the first error, or shows the last lines", () => {
  const noise = Array.from({ length: 100 }, (_, i) => `[${i}/100] Building`);
  assert.deepEqual(relevantEnd([...noise, "a.cc:3: error: no", "note"]), [
    "a.cc:3: error: no",
    "note",
  ]);
  assert.deepEqual(relevantEnd(noise), noise.slice(40));
  assert.equal(relevantEnd(["error: 1", ...noise]).length, 60);
});

Deno.test("a tool that fails is a failure with its output and exit code", async () => {
  const script = "console.log('fine'); console.log('x.cc: error: bad'); Deno.exit(7)";
  await assert.rejects(
    runQuietly(Deno.execPath(), ["eval", script], { cwd: ".", title: "Trying" }),
    (error) =>
      error instanceof Failure &&
      error.message === "Trying: failed with exit code 7\nx.cc: error: bad",
  );
});

Deno.test("a tool that succeeds is silent", () =>
  runQuietly(Deno.execPath(), ["eval", "console.log('error: not really')"], {
    cwd: ".",
    title: "Trying",
  }));

Deno.test("a step is one line with the time that it took", async () => {
  const script = `import { runQuietly } from ${
    JSON.stringify(import.meta.resolve("./run_quietly.ts"))
  };
    await runQuietly(Deno.execPath(), ["eval", "console.log('[1/2] Building')"],
      { cwd: ".", title: "Building" });`;
  const { stderr } = await new Deno.Command(Deno.execPath(), { args: ["eval", script] }).output();
  assert.match(new TextDecoder().decode(stderr), /^Building \.\.\. \d+(\.\d)? s\n$/);
});
