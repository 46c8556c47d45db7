import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { bridgedNotice, burdenNotice, doubtNotice, hourCells } from "./notices.ts";

Deno.test("a notice says how much, or is null if there is nothing to say", () => {
  assert.equal(bridgedNotice({ missing: 0, gaps: 0 }), null);
  assert.equal(bridgedNotice({ missing: 1, gaps: 1 }), "1 missing sample bridged (1 gap)");
  assert.equal(bridgedNotice({ missing: 30, gaps: 2 }), "30 missing samples bridged (2 gaps)");
  assert.equal(doubtNotice("a.mat", []), null);
  assert.equal(doubtNotice("a.mat", ["flat", "clipped"]), "a.mat may not be an ECG: flat; clipped");
  const percent = (share: number) => `${100 * share}%`;
  assert.equal(burdenNotice({}, percent), null);
  assert.equal(burdenNotice({ afBurden: null }, percent), null);
  assert.equal(burdenNotice({ afBurden: 0 }, percent), "AF burden: 0% of the time");
  assert.equal(burdenNotice({ afBurden: 0.25 }, percent), "AF burden: 25% of the time");
  const hour = { hour: 2, seconds: 90, label: "N", shares: { N: 1 } };
  assert.deepEqual(hourCells(hour), ["2:00", "1.5", "N"]);
});

Deno.test("these sentences are written in one place", () => {
  const src = new URL("../", import.meta.url);
  const files = (readdirSync(src, { recursive: true }) as string[])
    .filter((name) => name.endsWith(".ts") && !name.endsWith("_test.ts"));
  for (const words of ["bridged (", "may not be an ECG: ", "AF burden: ", ":00`"]) {
    const found = files.filter((name) => readFileSync(new URL(name, src), "utf8").includes(words));
    assert.deepEqual(found, ["predict/notices.ts"], words);
  }
});
