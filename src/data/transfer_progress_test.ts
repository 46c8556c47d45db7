import assert from "node:assert/strict";
import { lines } from "./transfer_progress.ts";

Deno.test("one line for every tenth that is reached", () => {
  const printed: string[] = [];
  const progress = lines("x.zip", (line) => printed.push(line));
  for (const received of [0, 10, 99e4, 1e6, 1.5e6, 6e6, 1e7]) progress.update(received, 1e7);
  progress.stop();
  assert.deepEqual(printed, [
    "x.zip: 0 % of 10.0 MB",
    "x.zip: 10 % of 10.0 MB",
    "x.zip: 60 % of 10.0 MB",
    "x.zip: 100 % of 10.0 MB",
  ]);
});

Deno.test("without a total, one line", () => {
  const printed: string[] = [];
  const progress = lines("x", (line) => printed.push(line));
  for (const received of [0, 1e6, 1e9]) progress.update(received, undefined);
  assert.deepEqual(printed, ["x: started"]);
});
