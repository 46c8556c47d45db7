import assert from "node:assert/strict";
import { RunningTime } from "./running_time.ts";

Deno.test("a pause of hours counts as seconds, working time counts in full", () => {
  const start = performance.now() + 100;
  using clock = new RunningTime();
  const before = clock.secondsAt(start);
  clock.secondsAt(start + 1000);
  const worked = clock.secondsAt(start + 4000) - before;
  assert.ok(Math.abs(worked - 4) < 1e-6, String(worked));
  const paused = clock.secondsAt(start + 3_600_000) - before;
  assert.ok(paused > worked && paused < worked + 6, String(paused));
});
