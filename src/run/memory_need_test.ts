import assert from "node:assert/strict";
import { kernelBytes } from "./kernel_memory.ts";

/** Convolution weights [Cout, Cin, K]. */
function network(...shapes: number[][]) {
  const prunable = shapes.map((shape) => ({ parameter: { shape } }));
  return { prunable } as unknown as Parameters<typeof kernelBytes>[0];
}

Deno.test("dense layers use the memory of packed weights in turn; a mask costs by the survivors", () => {
  const two = network([16, 8, 3], [24, 16, 2]); // 384 and 768 weights
  const cpu = (kept: number) => kernelBytes(two, { kept, device: "cpu" });
  assert.equal(cpu(1152), 4 * 768);
  assert.equal(cpu(1000), 4 * 768 + 8 * 768 + 21 * 1000 + 1152);
  assert.equal(cpu(100), 4 * 768 + 8 * 100 + 21 * 100 + 1152);
  // 4 outputs are filled up to 8, 3 inputs too.
  assert.equal(kernelBytes(network([4, 3, 5]), { kept: 60, device: "cpu" }), 4 * 8 * 8 * 5);
});

Deno.test("on a GPU each layer keeps packed weights of its own", () => {
  const two = network([16, 8, 3], [24, 16, 2]);
  const cuda = (kept: number) => kernelBytes(two, { kept, device: "cuda" });
  assert.equal(cuda(1152), 40 * 1152); // by sparse kernels
  assert.equal(cuda(100), 8 * 1152 + 12 * 100); // by dense ones
});

/** What a process that does one training step at full width needs. */
interface Measured {
  /** Bytes: what it had at most (VmHWM). */
  readonly peak: number;
  /** What {@linkcode memoryOf} says without snapshots, which nothing here makes. */
  readonly planned: number;
  readonly workspace: number;
}

async function measured(density: number): Promise<Measured> {
  const from = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const script = `
    import * as fs from "node:fs";
    import { openDevice } from ${from("../addon/select.ts")};
    import { openBench } from ${from("../../bench/shape.ts")};
    import { memoryOf } from ${from("memory_need.ts")};
    const device = openDevice({ backend: "cpu", precision: "fp32", threads: 2 });
    const bench = openBench(device, { batchSize: 16, length: 256, filters: 32 });
    let kept = 0;
    for (const { parameter } of bench.network.prunable) {
      if (${density} < 1) {
        const place = (i: number) => ((i * 2654435761) >>> 0) / 2 ** 32;
        parameter.setMask(Uint8Array.from({ length: parameter.size }, (_, i) => +(place(i) < ${density})));
      }
      kept += parameter.kept;
    }
    await device.run([bench.trainingProgram(256)], {
      records: Int32Array.from({ length: 16 }, (_, n) => n),
      learningRates: Float32Array.of(1e-4),
      optimizerStep: 1,
      stream: 0,
    });
    const status = fs.readFileSync("/proc/self/status", "utf8");
    const { peak, snapshots, workspace } = memoryOf(bench, { kept: [kept], precision: "fp32" });
    console.log(JSON.stringify({
      peak: 1024 * Number(/^VmHWM:\\s+(\\d+) kB$/m.exec(status)![1]),
      planned: peak - snapshots,
      workspace,
    }));
    await device.close();`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", script],
    cwd: new URL(".", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  assert.equal(code, 0, new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout));
}

Deno.test({
  name: "a step of the full network takes what is planned: no more, and by the survivor as much",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    const [dense, most, few] = [await measured(1), await measured(0.9), await measured(0.1)];
    for (const { peak, planned } of [dense, most, few]) {
      assert.ok(peak <= planned, `${peak} bytes, ${planned} planned`);
      assert.ok(planned < 1.3 * peak, `${planned} bytes planned, ${peak} needed`);
    }
    // What all have in common cancels.
    const ratio = (most.workspace - few.workspace) / (most.peak - few.peak);
    assert.ok(ratio > 0.9 && ratio < 1.15, `${ratio}`);
  },
});
