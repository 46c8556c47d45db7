import assert from "node:assert/strict";
import type { NativeDevice, RunResults } from "./native.ts";
import { NativeError } from "./native_error.ts";
import {
  openTestDevice,
  smallDataset,
  smallInputs,
  type SmallStep,
  smallStep,
  withDevice,
} from "./testing.ts";

/** The complete state after a training run. */
function stateOf(step: SmallStep): Float32Array[] {
  return [
    ...step.parameters.flatMap((parameter) =>
      (["value", "moment1", "moment2"] as const).map((slot) => parameter.read(slot))
    ),
    ...step.buffers.map((buffer) => buffer.read()),
  ];
}

/** Trains from scratch on a device of `threads` threads, `chunk` steps per run. */
async function train(
  { threads, chunk, steps }: { threads: number; chunk: number; steps: number },
): Promise<{ loss: number[]; state: Float32Array[] }> {
  const device = openTestDevice({ threads });
  try {
    const step = smallStep(device, smallDataset(device));
    const all = smallInputs(steps);
    const loss: number[] = [];
    for (let first = 0; first < steps; first += chunk) {
      const result = await device.run(Array(chunk).fill(step.program), {
        records: all.records.slice(first * 4, (first + chunk) * 4),
        learningRates: all.learningRates.slice(first, first + chunk),
        optimizerStep: first + 1,
      });
      loss.push(...result.loss);
    }
    return { loss, state: stateOf(step) };
  } finally {
    await device.close();
  }
}

/** Starts a long run on a device. */
function startLongRun(device: NativeDevice): { step: SmallStep; run: Promise<RunResults> } {
  const step = smallStep(device, smallDataset(device));
  const run = device.run(Array(2000).fill(step.program), smallInputs(2000));
  return { step, run };
}

Deno.test("a recorded step learns to tell two waves apart", () =>
  withDevice(async (device) => {
    const step = smallStep(device, smallDataset(device));
    const { loss, valid, correct, gradientNorm } = await device.run(
      Array(100).fill(step.program),
      smallInputs(100),
    );
    assert.equal(loss.length, 100);
    assert.ok(loss[0]! > 0.5 && loss[99]! < 0.6 * loss[0]!, `${loss[0]} -> ${loss[99]}`);
    assert.ok(valid.every((count) => count === 4 * 48));
    assert.ok(correct[99]! > correct[0]!);
    assert.ok(gradientNorm.every((norm) => norm > 0));
    assert.deepEqual(step.program.valueShape(step.logits), [4, 2, 48]);
    assert.ok(step.program.readValue(step.logits).some((logit) => logit !== 0));
    assert.ok(step.program.arenaBytes > 0);
  }));

Deno.test("the same steps give the same bits for any chunking and number of threads", async () => {
  const whole = await train({ threads: 1, chunk: 24, steps: 24 });
  assert.deepEqual(await train({ threads: 3, chunk: 24, steps: 24 }), whole);
  assert.deepEqual(await train({ threads: 2, chunk: 4, steps: 24 }), whole);
});

Deno.test("a running device refuses everything that could disturb it", () =>
  withDevice(async (device) => {
    const parameter = device.parameter([4]);
    const buffer = device.buffer(4);
    const builder = device.builder({ records: 1, length: 8, seed: 1n });
    const { step, run } = startLongRun(device);
    const attempts: [string, () => unknown][] = [
      ["run", () => device.run([step.program], smallInputs(1))],
      ["parameter", () => device.parameter([1])],
      ["buffer", () => device.buffer(1)],
      ["dataset", () => smallDataset(device)],
      ["builder", () => device.builder({ records: 1, length: 8, seed: 1n })],
      ["selectMagnitude", () => device.selectMagnitude([parameter], 1)],
      ["parameter.read", () => parameter.read("value")],
      ["parameter.write", () => parameter.write("value", new Float32Array(4))],
      ["parameter.readMask", () => parameter.readMask()],
      ["parameter.setMask", () => parameter.setMask(new Uint8Array(4))],
      ["parameter.setKernels", () => parameter.setKernels("")],
      ["buffer.read", () => buffer.read()],
      ["buffer.write", () => buffer.write(new Float32Array(4))],
      ["builder.input", () => builder.input(1, 8)],
      ["program.readValue", () => step.program.readValue(step.logits)],
      ["program.profile", () => step.program.profile()],
      ["program.chooseKernels", () => step.program.chooseKernels()],
    ];
    for (const [name, attempt] of attempts) {
      assert.throws(attempt, (error: Error) => {
        assert.ok(error instanceof NativeError, `${name}: ${error}`);
        assert.match(
          error.message,
          new RegExp(`${name.split(".").at(-1)}.* while a run is under way`),
        );
        return true;
      });
    }
    assert.throws(() => device[Symbol.dispose](), /use await device\.close\(\)/);
    assert.equal(step.program.records, 4);
    assert.equal(parameter.kept, 4);
    const { loss } = await run;
    assert.ok(loss[1999]! < loss[0]!);
    assert.deepEqual(parameter.read("value"), new Float32Array(4));
  }));

Deno.test("if kernels do not differ in bits, none is chosen, and the device keeps working", () =>
  withDevice(async (device) => {
    const step = smallStep(device, smallDataset(device));
    assert.equal(device.timesConvolutions, false);
    const choosing = step.program.chooseKernels();
    assert.throws(() => step.program.chooseKernels(), /chooseKernels while a run is under way/);
    step.program.dispose(); // kept until it has settled
    assert.deepEqual(await choosing, []);
    const { loss } = await device.run(
      [smallStep(device, smallDataset(device)).program],
      smallInputs(1),
    );
    assert.ok(loss[0]! > 0);
  }));

Deno.test("the event loop goes on during a run", () =>
  withDevice(async (device) => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 1);
    const { run } = startLongRun(device);
    await run;
    clearInterval(timer);
    assert.ok(ticks > 0);
  }));

Deno.test("objects that are disposed during a run are freed after it and do not disturb it", () =>
  withDevice(async (device) => {
    const { step, run } = startLongRun(device);
    for (const each of [step.program, ...step.parameters, ...step.buffers]) each.dispose();
    const { loss } = await run;
    assert.ok(loss[1999]! < loss[0]!);
    assert.throws(() => step.parameters[0]!.read("value"), NativeError);
  }));

Deno.test("a step that fails rejects with its error and leaves the device usable", () =>
  withDevice(async (device) => {
    const step = smallStep(device, smallDataset(device));
    for (const record of [8, -2]) {
      const bad = { ...smallInputs(1), records: Int32Array.of(0, 1, 2, record) };
      await assert.rejects(
        device.run([step.program], bad),
        (error) => error instanceof RangeError && error.message.includes(String(record)),
      );
    }
    const { valid } = await device.run([step.program], {
      ...smallInputs(1),
      records: Int32Array.of(0, -1, 2, -1),
    });
    assert.deepEqual([...valid], [2 * 48]);
  }));

Deno.test("close waits for the run, and can be called again", async () => {
  const device = openTestDevice({ threads: 2 });
  const { step, run } = startLongRun(device);
  let settled = false;
  const done = run.then(() => settled = true);
  await Promise.all([device.close(), device.close()]);
  assert.ok(settled);
  await done;
  await device.close();
  assert.throws(() => device.buffer(1), /the device is closed/);
  assert.throws(() => step.program.records, /its device was closed/);
});

Deno.test("programs may be mixed in one run, each with its own row of records", () =>
  withDevice(async (device) => {
    const dataset = smallDataset(device);
    const [first, second] = [smallStep(device, dataset), smallStep(device, dataset)];
    const mixed = await device.run([first.program, second.program], {
      ...smallInputs(2),
      learningRates: Float32Array.of(0, 0),
    });
    const swapped = await device.run([second.program, first.program], {
      ...smallInputs(2),
      learningRates: Float32Array.of(0, 0),
    });
    assert.deepEqual(mixed.loss, swapped.loss);
    assert.notEqual(mixed.loss[0], mixed.loss[1]);
    assert.throws(() => second.program.readValue(second.logits), NativeError);
    assert.equal(first.program.readValue(first.logits).length, 4 * 2 * 48);
  }));
