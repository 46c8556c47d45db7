import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { loadAddon } from "../addon/addon.ts";
import { openDevice } from "../addon/select.ts";
import { Failure, UsageError } from "../core/errors.ts";
import { loadDataset } from "../data/dataset.ts";
import { Workbench } from "../training/workbench.ts";
import { memoryOf } from "./memory_need.ts";
import { diskRefusal, freeMemory, memoryRefusal } from "./room.ts";
import { doToyRun, toyConfig, withToyDataset } from "./testing.ts";
import { workbenchConfig } from "./workbench_config.ts";

/** Calls `body` with a variable of the environment. */
async function withVariable<Result>(
  [name, value]: readonly [string, string],
  body: () => Result | Promise<Result>,
): Promise<Result> {
  process.env[name] = value;
  try {
    return await body();
  } finally {
    delete process.env[name];
  }
}

Deno.test("the largest batch that fits is found, though the need does not always grow with the batch", () =>
  withToyDataset(async ({ data }) => {
    const device = openDevice({ backend: "cpu", threads: 1 });
    try {
      const dataset = loadDataset(data);
      const config = { ...workbenchConfig(toyConfig(data), dataset), batchSize: 200 };
      using bench = new Workbench(device, dataset, config);
      const asked = { kept: [1000], precision: "fp32" } as const;
      const need = (batchSize: number) => memoryOf(bench, { ...asked, batchSize }).peak;
      const refusal = (bytes: number) =>
        memoryRefusal(bench, asked, { bytes, source: "in this test" });
      const needs = Array.from(
        { length: 12 },
        (_, i) => ({ batch: 16 * (i + 1), bytes: need(16 * (i + 1)) }),
      );
      assert.equal(refusal(need(200)), null);
      const asks = needs.flatMap(({ bytes }) => [bytes, bytes - 1]).filter((bytes) =>
        bytes < need(200)
      );
      assert.ok(asks.length > 12);
      for (const bytes of asks) {
        const largest = Math.max(
          0,
          ...needs.filter((each) => each.bytes <= bytes).map(({ batch }) => batch),
        );
        const advice = largest === 0
          ? "Not even 16 records fit: use a smaller network"
          : `The largest batch that fits is ${largest}: --batch-size ${largest}$`;
        assert.match(
          refusal(bytes)!,
          new RegExp(
            String.raw`^Batches of 200 records need about \S+ .B of memory, and \S+ .B are free ` +
              `in this test\\. ${advice}`,
          ),
        );
      }
    } finally {
      await device.close();
    }
  }));

Deno.test("free memory is what the process has and can still take, and names the limit", async () => {
  const host = { capacity: 9e9, available: 3e9, limited: true };
  assert.deepEqual(freeMemory(host, 1e9), {
    bytes: 4e9,
    source: "within the limit of the control group",
  });
  assert.match(freeMemory({ ...host, limited: false }, 1e9).source, /on this machine/);
  assert.equal(freeMemory({ ...host, capacity: 3.5e9 }, 1e9).bytes, 3.5e9);
  const here = loadAddon().hostMemory();
  assert.ok(here.available > 1e6 && here.available <= here.capacity);
  await withVariable(["LTH_FREE_MEMORY", "2e9"], () => {
    assert.equal(freeMemory(host, 1e9).bytes, 2e9);
  });
  await withVariable(["LTH_FREE_MEMORY", "2 GB"], () => {
    assert.throws(() => freeMemory(), UsageError);
  });
});

Deno.test("a run of a sweep has its share, but no more than there is", async () => {
  const host = { capacity: 9e9, available: 3e9, limited: false };
  await withVariable(["LTH_MEMORY_SHARE", "1500000000/2"], () => {
    const { bytes, source } = freeMemory(host, 1e9);
    assert.equal(bytes, 1.5e9);
    assert.equal(source, "for each of the 2 runs that sweep --jobs 2 does at a time");
    assert.equal(freeMemory({ ...host, available: 0.25e9 }, 1e9).bytes, 1.25e9);
  });
  await withVariable(["LTH_MEMORY_SHARE", "half"], () => {
    assert.throws(() => freeMemory(host, 1e9), /LTH_MEMORY_SHARE must be BYTES\/RUNS/);
  });
});

Deno.test("a disk is too small if the peak does not fit; files already written are not counted again", () =>
  withToyDataset(({ directory }) => {
    const run = path.join(directory, "run");
    const refusal = (free: number | null) =>
      diskRefusal({ total: 10e6, states: 12e6 }, { directory: run, free });
    assert.equal(refusal(null), null);
    assert.equal(refusal(22e6), null);
    assert.match(
      refusal(21.9e6)!,
      /run needs up to 22\.0 MB more disk space, and 21\.9 MB are free\. Free some, or/,
    );
    fs.mkdirSync(path.join(run, "round-000"), { recursive: true });
    fs.writeFileSync(path.join(run, "round-000", "end"), new Uint8Array(1e6));
    assert.equal(refusal(21e6), null);
    return Promise.resolve();
  }));

Deno.test("a run without room is refused before anything is written; a complete one is shown", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const config = toyConfig(data);
    const cases = [
      ["LTH_FREE_MEMORY", "1e8", /^Cannot do this run here\. Batches of 4 records need about 1/],
      [
        "LTH_FREE_MEMORY",
        "1e3",
        /^Cannot do this run here\. The network's weights and the records/,
      ],
      ["LTH_FREE_DISK", "1e3", /^Cannot do this run here\. .*run needs up to .* 0\.0 MB are free/],
    ] as const;
    for (const [name, value, says] of cases) {
      await withVariable(
        [name, value],
        () =>
          assert.rejects(doToyRun({ directory: run, config }), (error) => {
            assert.ok(error instanceof Failure, String(error));
            assert.match(error.message, says);
            return true;
          }),
      );
      assert.ok(!fs.existsSync(run));
    }
    const { outcome } = await doToyRun({ directory: run, config });
    assert.equal(outcome, "finished");
    for (const [name, value] of cases) {
      const again = await withVariable([name, value], () => doToyRun({ directory: run, config }));
      assert.equal(again.outcome, "finished");
    }
  }));
