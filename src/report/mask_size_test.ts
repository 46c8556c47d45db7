import assert from "node:assert/strict";
import { collect } from "./collect.ts";
import { singleSummary } from "./fixture_single.ts";
import { keptByEpoch } from "./mask_size.ts";

Deno.test("gradual pruning falls from the first change to the last, which is the size of the run's mask", () => {
  const summary = singleSummary("gradual");
  const [round] = summary.rounds;
  const sizes = keptByEpoch(round!, summary.config)!;
  assert.equal(sizes.length, 60);
  // A change at the end of an epoch belongs to the next one. The last of 45 is after epoch 45.
  assert.equal(sizes[0], round!.prunable);
  sizes.slice(1, 46).forEach((size, i) => assert.ok(size < sizes[i]!, `epoch ${i + 2}: ${size}`));
  assert.deepEqual(sizes.slice(45), Array(15).fill(round!.kept));
  const { epochs } = collect(summary, null).rounds[0]!;
  assert.deepEqual(
    epochs.density,
    sizes.map((size) => Number((size / round!.prunable).toPrecision(6))),
  );
});

Deno.test("a size that stays, or does not follow from the settings, has no curve", () => {
  for (const mode of ["set", "rigl"] as const) {
    const summary = singleSummary(mode);
    assert.equal(keptByEpoch(summary.rounds[0]!, summary.config), null);
    assert.equal(collect(summary, null).rounds[0]!.epochs.density, undefined);
  }
  const { rounds: [round], config } = singleSummary("gradual");
  assert.equal(keptByEpoch(round!, { ...config, network: "none" }), null);
  assert.equal(keptByEpoch({ ...round!, kept: round!.kept - 1 }, config), null);
  assert.equal(keptByEpoch({ ...round!, epochs: [] }, config), null);
});
