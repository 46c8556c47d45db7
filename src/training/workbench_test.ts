import assert from "node:assert/strict";
import type { ConvKernels } from "../addon/native.ts";
import { withBench } from "./testing.ts";
import type { Workbench } from "./workbench.ts";

/** `bench` with epochs of batches of these lengths, and kernels that are found at once. */
function withTimings(
  bench: Workbench,
  { lengths, found, asked }: { lengths: number[]; found: ConvKernels[]; asked: number[] },
): Workbench {
  return Object.create(bench, {
    trainingBatches: { value: () => lengths.map((length) => ({ length })) },
    trainingProgram: {
      value: (length: number) => {
        asked.push(length);
        return { chooseKernels: () => Promise.resolve(found) };
      },
    },
  });
}

Deno.test("kernels are timed at the batch length that takes most time of an epoch", () =>
  withBench({}, async (bench) => {
    const found = [{ label: "stem", kernels: "a" }, { label: "block0.conv1", kernels: "b" }];
    for (
      const [lengths, busiest] of [
        [[512, 1536, 512, 512, 512, 256], 512], // not the longest
        [[256, 256, 256, 1536, 512], 1536], // not the most frequent
        [[768], 768],
      ] as const
    ) {
      const asked: number[] = [];
      const timing = withTimings(bench, { lengths: [...lengths], found, asked });
      assert.deepEqual(await timing.chooseKernels(), { stem: "a", "block0.conv1": "b" });
      assert.deepEqual(asked, [busiest]);
    }
  }));

Deno.test("kernels are set for the convolutions for which they were found, or are refused", () =>
  withBench({}, (bench) => {
    const set = new Map<string, string>();
    const prunable = bench.network.prunable.map(({ name }) => ({
      name,
      parameter: { setKernels: (kernels: string) => set.set(name, kernels) },
    }));
    const settable: Workbench = Object.create(bench, { network: { value: { prunable } } });
    const names = prunable.map(({ name }) => name.replace(".weight", ""));
    settable.setKernels(Object.fromEntries(names.map((name) => [name, `of ${name}`])));
    assert.deepEqual([...set], names.map((name) => [`${name}.weight`, `of ${name}`]));

    const refused = (kernels: Record<string, string>, message: RegExp) =>
      assert.throws(() => settable.setKernels(kernels), (error: Error) => {
        assert.equal(error.constructor, RangeError);
        assert.match(error.message, message);
        return true;
      });
    const all = Object.fromEntries(names.map((name) => [name, "k"]));
    const { head: _, ...others } = all;
    refused(others, /there are no kernels of head/);
    refused({ ...all, block9: "k" }, /the network has no convolution block9/);
    return Promise.resolve();
  }));

Deno.test("on the CPU no kernels are chosen and none can be set", () =>
  withBench({}, async (bench) => {
    assert.equal(bench.timesKernels, false);
    assert.deepEqual(await bench.chooseKernels(), {});
    const names = bench.network.prunable.map(({ name }) => name.replace(".weight", ""));
    const kernels = Object.fromEntries(names.map((name) => [name, "forward=simt"]));
    assert.throws(() => bench.setKernels(kernels), /Backend "cpu" chooses its kernels itself/);
  }));
