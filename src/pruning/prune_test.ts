import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import {
  maskOf,
  resetMasks,
  restoreSnapshot,
  takeMasks,
  takeSnapshot,
} from "../training/snapshot.ts";
import { withBench } from "../training/testing.ts";
import type { Workbench } from "../training/workbench.ts";
import { CRITERIA, type Criterion, criterionOf } from "./criteria.ts";
import { countWeights, prune } from "./prune.ts";

/** Prunes a newly initialised network to each count in turn; returns the masks of each. */
async function pruneTo(
  bench: Workbench,
  options: { criterion: Criterion; keeps: readonly number[]; keepLayers?: readonly string[] },
): Promise<ReturnType<typeof takeMasks>[]> {
  const { criterion, keeps, keepLayers = [] } = options;
  resetMasks(bench.network);
  bench.network.initialise(7);
  const initial = takeSnapshot(bench.network, { optimiser: false });
  const masks = [];
  for (const [i, keep] of keeps.entries()) {
    resetMasks(bench.network);
    restoreSnapshot(bench.network, initial);
    const step = { criterion, keep, keepLayers, seed: 1, round: i + 1 };
    await prune(bench, { ...step, alive: masks.at(-1) ?? null });
    masks.push(takeMasks(bench.network));
  }
  return masks;
}

for (const criterion of CRITERIA) {
  Deno.test(`${criterion} keeps exact counts, only shrinks masks, spares kept layers`, () =>
    withBench({}, async (bench) => {
      const { prunable } = countWeights(bench.network);
      const keepLayers = ["stem", "block1.conv2"];
      const keeps = [prunable - 1, 400, 399, 200];
      const masks = await pruneTo(bench, { criterion, keeps, keepLayers });
      masks.forEach((round, r) => {
        let kept = 0;
        for (const { name, parameter: { size } } of bench.network.prunable) {
          const mask = maskOf(round, { name, size });
          const count = mask.reduce((sum, bit) => sum + bit, 0);
          kept += count;
          if (keepLayers.includes(name.replace(".weight", ""))) assert.equal(count, size, name);
          const before = r > 0 ? maskOf(masks[r - 1]!, { name, size }) : mask;
          assert.ok(mask.every((bit, i) => bit <= before[i]!), `${name} regrew`);
        }
        assert.equal(kept, keeps[r]);
      });
      assert.deepEqual(await pruneTo(bench, { criterion, keeps, keepLayers }), masks);
    }));
}

Deno.test("criteria at initialisation differ from one another", () =>
  withBench({}, async (bench) => {
    const initial = CRITERIA.filter((name) => criterionOf(name).network === "initial");
    assert.deepEqual(initial, ["magnitude-init", "snip", "grasp", "synflow"]);
    const seen = new Set<string>();
    for (const criterion of initial) {
      const [masks] = await pruneTo(bench, { criterion, keeps: [200] });
      seen.add([...masks!.values()].map(({ data }) => data.join("")).join());
    }
    assert.equal(seen.size, initial.length);
  }));

Deno.test("SNIP and GraSP in rounds end like one shot, because they rank the dense network", () =>
  withBench({}, async (bench) => {
    for (const criterion of ["snip", "grasp", "magnitude-init"] as const) {
      const rounds = await pruneTo(bench, { criterion, keeps: [450, 300, 100] });
      const [once] = await pruneTo(bench, { criterion, keeps: [100] });
      assert.deepEqual(rounds.at(-1), once, criterion);
    }
  }));

Deno.test("kept layers that do not exist or hold too much are refused by name", () =>
  withBench({}, async (bench) => {
    const refused = async (keepLayers: string[], message: RegExp) => {
      await assert.rejects(
        pruneTo(bench, { criterion: "snip", keeps: [20], keepLayers }),
        (error) => {
          assert.ok(error instanceof UsageError);
          assert.match(error.message, message);
          return true;
        },
      );
    };
    await refused(["tail"], /Cannot keep layer tail: this network has stem, block0\.conv1/);
    await refused(["block0.conv1"], /Cannot keep 20 weights: .*block0\.conv1\) hold 45 already/);
  }));
