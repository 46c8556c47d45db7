import assert from "node:assert/strict";
import type { OpProfile } from "../src/addon/native.ts";
import { openDevice } from "../src/addon/select.ts";
import { byPart, opTimes, partsOf } from "./breakdown.ts";
import type { Floors } from "./machine.ts";
import { openBench, studyGraph } from "./shape.ts";
import { timeStep } from "./step_time.ts";

const FLOORS: Floors = {
  isa: "avx2",
  threads: 2,
  peakGflops: 100,
  corePeakGflops: 50,
  readGbps: 8,
  copyGbps: 10,
  bandwidthGbps: 10,
};

function op(label: string, op: string, numbers: Partial<OpProfile>): OpProfile {
  return { label, op, detail: "", seconds: 1, flops: 0, denseFlops: 0, bytes: 0, ...numbers };
}

Deno.test("the floor of each op is the larger of the times for multiply-adds and for memory", () => {
  const times = opTimes([
    op("block0.conv1", "conv1d_forward", { flops: 2e11, bytes: 1e9 }),
    op("block3.conv1", "conv1d_forward", { flops: 1e9, bytes: 3e10 }),
    op("block4.conv1", "conv1d_forward", { seconds: 5 }),
  ], FLOORS);
  assert.deepEqual(times.map(({ floorSeconds }) => floorSeconds), [2, 3, 0]);
  const parts = byPart(times, studyGraph({ filters: 32 }));
  assert.deepEqual(parts.map(({ where, seconds }) => [where, seconds]), [
    ["64 channels", 5],
    ["32 channels", 2],
  ]);
  assert.equal(parts[1]!.floorSeconds, 5);
});

Deno.test("labels belong to parts of the network", () => {
  const partOf = partsOf(studyGraph({ filters: 32 }));
  assert.equal(partOf("block15.conv2"), "256 channels");
  assert.equal(partOf("block4.norm1"), "32 channels");
  assert.equal(partOf("block4.shortcut"), "64 channels");
  assert.equal(partOf("stem.norm"), "32 channels");
  assert.equal(partOf("head"), "head");
  assert.equal(partOf("optimiser"), "optimiser");
});

Deno.test("an op's bytes are those of its operands, results and surviving weights", async () => {
  const device = openDevice({ backend: "cpu", threads: 1 });
  try {
    const [records, length, filters] = [3, 512, 4];
    using bench = openBench(device, { batchSize: records, length, filters });
    bench.network.initialise(1);
    const { parameter } = bench.network.prunable[0]!;
    parameter.setMask(Uint8Array.from({ length: parameter.size }, (_, i) => i % 2));
    const { ops } = await timeStep(bench, { length, warmup: 0, repeat: 1 });
    const bytes = (label: string, op: string) =>
      ops.find((each) => each.label === label && each.op === op)!.bytes;
    const signal = 4 * records * length;
    assert.equal(bytes("stem", "conv1d_forward"), signal * (1 + filters) + 4 * filters * 16 / 2);
    assert.equal(bytes("stem", "conv1d_wgrad"), signal * (1 + filters) + 4 * filters * 16 / 2);
    assert.equal(bytes("stem.norm", "norm_forward"), 2 * signal * filters);
    // The block's second convolution also reads the shortcut that it adds.
    assert.equal(
      bytes("block0.conv2", "conv1d_forward"),
      3 * signal * filters + 4 * filters * filters * 16,
    );
    const kept = bench.network.parameters.reduce((sum, p) => sum + p.parameter.kept, 0);
    assert.equal(bytes("optimiser", "optimizer_step"), 7 * 4 * kept);
    assert.equal(bytes("optimiser", "gradient_norm"), 4 * kept);
  } finally {
    await device.close();
  }
});
