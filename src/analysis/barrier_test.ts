import assert from "node:assert/strict";
import { takeSnapshot } from "../training/snapshot.ts";
import { withBench } from "../training/testing.ts";
import { instabilityOf, measureBarrier } from "./barrier.ts";

Deno.test("instability is the largest error minus the mean of both ends", () => {
  assert.equal(instabilityOf([0.25, 0.5, 0.75]), 0.25);
  assert.equal(instabilityOf([0.5, 0.25, 0.25]), 0.125);
  assert.equal(instabilityOf([0.25, 0.25, 0.25]), 0);
});

Deno.test("between a network and itself there is no barrier; the ends of the line are the two networks", () =>
  withBench({}, async (bench) => {
    const { network } = bench;
    const a = takeSnapshot(network, { optimiser: false });
    network.initialise(8);
    const b = takeSnapshot(network, { optimiser: false });
    const same = await measureBarrier(bench, { a, b: a, masks: null });
    assert.equal(same.instability, 0);
    assert.deepEqual(
      same.line.map(({ at }) => at),
      [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((i) => i / 10),
    );
    assert.ok(same.line.every(({ loss }) => loss === same.line[0]!.loss));
    const there = await measureBarrier(bench, { a, b, masks: null });
    const back = await measureBarrier(bench, { a: b, b: a, masks: null });
    assert.deepEqual(there.line[0], same.line[0]);
    assert.notEqual(there.line[5]!.loss, there.line[0]!.loss);
    for (const end of [0, 10]) {
      const { at: _, ...point } = there.line[end]!;
      const { at: __, ...other } = back.line[10 - end]!;
      assert.deepEqual(point, other);
    }
  }));
