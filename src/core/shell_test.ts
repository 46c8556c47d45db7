import assert from "node:assert/strict";
import { shellWords } from "./shell.ts";

Deno.test("a shell splits the line into the same words", async () => {
  const words = ["plain", "a b", "it's", "", "ü$HOME", "--run", "x/y.z"];
  const script = `for word in ${shellWords(words)}; do printf '%s\\n' "$word"; done`;
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script] }).output();
  assert.deepEqual(new TextDecoder().decode(stdout).split("\n").slice(0, -1), words);
});

Deno.test("words without special letters are not quoted", () => {
  assert.equal(shellWords(["--run", "checkpoints/x-1", "a=b"]), "--run checkpoints/x-1 a=b");
});
