import assert from "node:assert/strict";
import { footprint, growth, SLACK_BYTES } from "./flat.ts";

const series = (rss: (i: number) => number, handles: (i: number) => number = () => 9) =>
  Array.from({ length: 20 }, (_, i) => ({ rss: rss(i), handles: handles(i) }));

Deno.test("steady growth is noticed, peaks and noise are not", () => {
  const base = 60e6;
  assert.equal(growth(series(() => base)), null);
  assert.equal(growth(series((i) => base + (i % 3) * SLACK_BYTES)), null);
  assert.equal(growth(series((i) => base + (i === 19 ? 9 * SLACK_BYTES : 0))), null);
  assert.match(
    growth(series((i) => base + i * SLACK_BYTES / 5))!,
    /resident memory grew by 16\.0 MB/,
  );
  assert.match(growth(series(() => base, (i) => 9 + i))!, /10 more file handles/);
});

Deno.test("an open file counts as a handle", () => {
  const before = footprint().handles;
  using _file = Deno.openSync(new URL(import.meta.url));
  assert.equal(footprint().handles, before === 0 ? 0 : before + 1);
});
