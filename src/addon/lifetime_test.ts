import assert from "node:assert/strict";
import { NativeError } from "./native_error.ts";
import { openDevice } from "./select.ts";
import { smallDataset, smallInputs, smallStep, withDevice } from "./testing.ts";

const MEBI = 2 ** 20;

/** Runs a script in its own process, so that a crash does not end the tests. */
async function runScript(body: string): Promise<{ code: number; output: string }> {
  const from = (file: string) => JSON.stringify(new URL(file, import.meta.url).href);
  const script = `
    import { openDevice } from ${from("select.ts")};
    import { smallDataset, smallInputs, smallStep } from ${from("testing.ts")};
    declare const gc: () => void;
    const device = openDevice({ backend: "cpu", threads: 2 });
    const step = smallStep(device, smallDataset(device));
    const start = (steps: number) =>
      device.run(Array(steps).fill(step.program), smallInputs(steps));
    ${body}`;
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--ext=ts", "--v8-flags=--expose-gc", script],
    cwd: new URL(".", import.meta.url),
    env: { NO_COLOR: "1" },
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, output: text(stdout) + text(stderr) };
}

Deno.test("dispose works twice, under both names and at the end of a block", () =>
  withDevice((device) => {
    const builder = device.builder({ records: 1, length: 8, seed: 1n });
    const objects = [device.parameter([2]), device.buffer(2), smallDataset(device), builder];
    for (const object of objects) {
      object[Symbol.dispose]();
      (object as { dispose(): void }).dispose();
    }
    let escaped;
    {
      using buffer = device.buffer(3);
      assert.equal(buffer.size, 3);
      escaped = buffer;
    }
    assert.throws(() => escaped.size, NativeError);
  }));

Deno.test("an idle device can be disposed, twice, and takes everything with it", () => {
  const device = openDevice({ backend: "cpu", threads: 1 });
  const step = smallStep(device, smallDataset(device));
  device[Symbol.dispose]();
  device[Symbol.dispose]();
  assert.throws(() => step.program.records, /Program cannot be used .* its device was closed/);
  assert.throws(() => step.parameters[0]!.shape, /Parameter cannot be used/);
  assert.throws(() => device.run([step.program], smallInputs(1)), NativeError);
  step.program.dispose();
});

Deno.test("a program keeps what it uses alive", () =>
  withDevice(async (device) => {
    const dataset = smallDataset(device);
    const step = smallStep(device, dataset);
    for (const each of [dataset, ...step.parameters, ...step.buffers]) each.dispose();
    const { loss } = await device.run(Array(50).fill(step.program), smallInputs(50));
    assert.ok(loss[49]! < loss[0]!);
  }));

Deno.test("a device that a getter of an argument closes outlives what the call still holds", async () => {
  const { code, output } = await runScript(`
    const builder = device.builder({ records: 1, length: 8, seed: 1n });
    const first = { value: device.buffer(1e6), average: device.buffer(1e6) };
    const second = {
      get value() {
        device[Symbol.dispose]();
        return first.value;
      },
      average: first.average,
    };
    try {
      builder.average({ decay: 0.9, buffers: [first, second] });
    } catch (error) {
      console.log(error.message);
    }`);
  assert.equal(code, 0, output);
  assert.match(output, /This Buffer cannot be used any more: its device was closed/);
});

Deno.test("making and disposing 200 objects of 4 MiB leaks no memory", () =>
  withDevice((device) => {
    const floats = MEBI / 4; // in each of a parameter's four arrays
    device.parameter([floats]).dispose();
    const before = Deno.memoryUsage().rss;
    for (let i = 0; i < 100; i++) {
      device.parameter([floats]).dispose();
      device.buffer(4 * floats).dispose();
    }
    const growth = Deno.memoryUsage().rss - before;
    assert.ok(growth < 100 * MEBI, `${growth / MEBI} MiB`);
  }));

Deno.test("objects that are dropped without dispose are collected", async () => {
  const { code, output } = await runScript(`
    const before = Deno.memoryUsage().rss;
    let most = 0;
    for (let i = 0; i < 400; i++) {
      device.buffer(${MEBI});
      if (i % 20 === 19) {
        gc();
        await new Promise((resolve) => setTimeout(resolve));
      }
      most = Math.max(most, Deno.memoryUsage().rss - before);
    }
    await device.close();
    console.log("most", Math.round(most / ${MEBI}));`);
  assert.equal(code, 0, output);
  assert.ok(Number(/most (\d+)/.exec(output)?.[1]) < 800, output); // all of them are 1600 MiB
});

const endings: [name: string, body: string, code: number][] = [
  ["a run that nobody awaits", `start(3000);`, 0],
  ["a device that nobody closes", `await start(10);`, 0],
  ["an exit during a run", `start(100000); setTimeout(() => Deno.exit(3), 20);`, 3],
  [
    "an error during a run",
    `start(100000); setTimeout(() => { throw new Error("mine"); }, 20);`,
    1,
  ],
  ["a collected device", `await start(10); await device.close(); gc(); gc();`, 0],
];

for (const [name, body, code] of endings) {
  Deno.test(`${name} ends the process as it should`, async () => {
    const results = await Promise.all([1, 2, 3].map(() => runScript(body)));
    for (const result of results) assert.equal(result.code, code, result.output);
  });
}
