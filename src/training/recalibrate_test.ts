import assert from "node:assert/strict";
import { conv1d } from "../../test/conformance/reference/conv1d.ts";
import { batchStatistics } from "../../test/conformance/reference/norm.ts";
import { signals } from "../../test/conformance/reference/signals.ts";
import { keepingStatistics, recalibrateStatistics } from "./recalibrate.ts";
import { takeSnapshot } from "./snapshot.ts";
import { SMALL_SIZE, withBench } from "./testing.ts";
import type { Workbench } from "./workbench.ts";

/** Means and unbiased variances of the stem's output, averaged over the batches, in float64. */
function stemStatistics(bench: Workbench): { mean: number[]; variance: number[] } {
  const { dataset, network: { parameters } } = bench;
  const { lengths, offsets } = bench.split("train");
  const values = (name: string) =>
    Float64Array.from(parameters.find((p) => p.name === name)!.parameter.read("value"));
  const weight = {
    outChannels: SMALL_SIZE.filters,
    inChannels: 1,
    kernel: SMALL_SIZE.kernel,
    values: values("stem.weight"),
  };
  const batches = bench.trainingBatches(0);
  const mean = new Array<number>(SMALL_SIZE.filters).fill(0);
  const variance = [...mean];
  for (const { records, length } of batches) {
    const used = [...records].filter((record) => record >= 0);
    const rows = used.flatMap((record) =>
      Array.from(
        { length },
        (_, t) =>
          t < lengths[record]!
            ? (dataset.samples[offsets[record]! + t]! - dataset.mean) / dataset.std
            : 0,
      )
    );
    const x = signals(rows, { channels: 1, length, lengths: used.map((r) => lengths[r]!) });
    const { value } = conv1d(x, { weight, bias: values("stem.bias"), stride: 1 });
    const statistics = batchStatistics(value);
    for (let c = 0; c < SMALL_SIZE.filters; c++) {
      const unbiased = statistics.count / (statistics.count - 1);
      mean[c]! += statistics.mean[c]! / batches.length;
      variance[c]! += unbiased * statistics.variance[c]! / batches.length;
    }
  }
  return { mean, variance };
}

function running(bench: Workbench, name: string): Float32Array {
  return bench.network.buffers.find((b) => b.name === name)!.buffer.read();
}

Deno.test("recalibrated statistics are the batches' averages and do not depend on earlier ones", () =>
  withBench({}, async (bench) => {
    const expected = stemStatistics(bench);
    const results: Float32Array[][] = [];
    for (const stale of [0, 40]) {
      for (const { buffer } of bench.network.buffers) {
        buffer.write(new Float32Array(buffer.size).fill(stale));
      }
      const weights = takeSnapshot(bench.network, { optimiser: true });
      await recalibrateStatistics(bench);
      for (const [key, { data }] of takeSnapshot(bench.network, { optimiser: true })) {
        if (!key.startsWith("buffer/")) assert.deepEqual(data, weights.get(key)!.data, key);
      }
      const mean = running(bench, "stem.norm.running_mean");
      const variance = running(bench, "stem.norm.running_variance");
      for (let c = 0; c < mean.length; c++) {
        assert.ok(Math.abs(mean[c]! - expected.mean[c]!) < 1e-6, `mean ${c}: ${mean[c]}`);
        const ratio = variance[c]! / expected.variance[c]!;
        assert.ok(Math.abs(ratio - 1) < 1e-5, `variance ${c}: ${ratio}`);
      }
      results.push(bench.network.buffers.map(({ buffer }) => buffer.read()));
    }
    for (const [b, values] of results[0]!.entries()) {
      values.forEach((x, i) => {
        assert.ok(Math.abs(x - results[1]![b]![i]!) <= 1e-6 * (1 + Math.abs(x)), `${b}: ${x}`);
      });
    }
  }));

Deno.test("statistics are restored, also after a failure", () =>
  withBench({}, async (bench) => {
    const before = bench.network.buffers.map(({ buffer }) => buffer.read());
    const answer = await keepingStatistics(bench, async () => {
      await recalibrateStatistics(bench);
      assert.notDeepEqual(running(bench, "stem.norm.running_mean"), before[0]);
      return 42;
    });
    assert.equal(answer, 42);
    const failing = keepingStatistics(bench, async () => {
      await recalibrateStatistics(bench);
      throw new Error("on purpose");
    });
    await assert.rejects(failing, /on purpose/);
    assert.deepEqual(bench.network.buffers.map(({ buffer }) => buffer.read()), before);
  }));
