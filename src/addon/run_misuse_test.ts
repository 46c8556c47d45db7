import assert from "node:assert/strict";
import { NativeError } from "./native_error.ts";
import { openDevice } from "./select.ts";
import { LENGTH, RECORDS, smallInputs } from "./testing.ts";
import { testMisuse, wrong } from "./testing_misuse.ts";

testMisuse("program", [
  [
    "value of another builder",
    (t) => t.step.program.readValue(t.x),
    TypeError,
    /belongs to another builder or program/,
  ],
  ["shape of NaN", (t) => t.step.program.valueShape(wrong(NaN)), RangeError, /got NaN/],
  ["read before a run", (t) => t.step.program.readValue(t.step.logits), NativeError, /./],
  [
    "write to what is no input",
    (t) =>
      t.step.program.writeValue(t.step.logits, {
        values: new Float32Array(RECORDS * 2 * LENGTH / 2),
      }),
    RangeError,
    /./,
  ],
  [
    "write of another size",
    (t) => t.step.program.writeValue(t.step.logits, { values: new Float32Array(1) }),
    RangeError,
    /values must have 384 elements, got 1/,
  ],
  [
    "write without values",
    (t) => t.step.program.writeValue(t.step.logits, wrong({})),
    TypeError,
    /data.values must be a Float32Array, got undefined/,
  ],
  [
    "choice of kernels on another class",
    (t) => wrong(t.step.program.chooseKernels).call(t.parameter),
    TypeError,
    /this must be a Program/,
  ],
  [
    "lengths of another size",
    (t) =>
      t.step.program.writeValue(t.step.logits, {
        values: new Float32Array(384),
        lengths: new Int32Array(3),
      }),
    RangeError,
    /lengths must have 4 elements, got 3/,
  ],
]);

testMisuse("run and selection", [
  ["no programs", (t) => t.device.run([], {}), RangeError, /programs must not be empty/],
  [
    "programs no array",
    (t) => t.device.run(wrong(t.step.program), {}),
    TypeError,
    /programs must be an array/,
  ],
  [
    "a parameter for a program",
    (t) => t.device.run(wrong([t.parameter]), {}),
    TypeError,
    /programs\[0\] must be a Program/,
  ],
  [
    "inputs missing",
    (t) => wrong(t.device).run([t.step.program]),
    TypeError,
    /inputs must be an object, got undefined/,
  ],
  [
    "records missing",
    (t) => t.device.run([t.step.program], {}),
    TypeError,
    /inputs.records is missing/,
  ],
  [
    "records of another size",
    (t) => t.device.run([t.step.program], { ...smallInputs(1), records: new Int32Array(3) }),
    RangeError,
    /records must have 4 elements, got 3/,
  ],
  [
    "no learning rates",
    (t) => t.device.run([t.step.program], { records: new Int32Array(4) }),
    TypeError,
    /learningRates is missing/,
  ],
  [
    "too few learning rates",
    (t) =>
      t.device.run([t.step.program], { ...smallInputs(1), learningRates: new Float32Array(0) }),
    RangeError,
    /learningRates must have 1 element, got 0/,
  ],
  [
    "NaN learning rate",
    (t) =>
      t.device.run([t.step.program], { ...smallInputs(1), learningRates: Float32Array.of(NaN) }),
    RangeError,
    /learningRates\[0\] must be a finite number >= 0, got NaN/,
  ],
  [
    "negative learning rate",
    (t) =>
      t.device.run([t.step.program], { ...smallInputs(1), learningRates: Float32Array.of(-1e-10) }),
    RangeError,
    /must be a finite number >= 0, got -1e-10$/,
  ],
  [
    "optimizer step missing",
    (t) => t.device.run([t.step.program], wrong({ ...smallInputs(1), optimizerStep: undefined })),
    TypeError,
    /optimizerStep is missing/,
  ],
  [
    "optimizer step 0",
    (t) => t.device.run([t.step.program], { ...smallInputs(1), optimizerStep: 0 }),
    RangeError,
    /optimizerStep must be .* got 0/,
  ],
  [
    "negative stream",
    (t) => t.device.run([t.step.program], { ...smallInputs(1), stream: -1 }),
    RangeError,
    /stream must be .* got -1/,
  ],
  [
    "selection of no parameters",
    (t) => t.device.selectMagnitude(wrong(null), 1),
    TypeError,
    /parameters must be an array, got null/,
  ],
  [
    "selection over one twice",
    (t) => t.device.selectMagnitude([t.parameter, t.parameter], 1),
    RangeError,
    /parameters\[1\] is listed twice/,
  ],
  [
    "selection of half a weight",
    (t) => t.device.selectMagnitude([t.parameter], 0.5),
    RangeError,
    /keep must be .* got 0.5/,
  ],
  ["selection of too many", (t) => t.device.selectMagnitude([t.parameter], 7), RangeError, /7/],
  [
    "selection over another device",
    (t) => t.device.selectMagnitude([t.foreign.parameter], 1),
    TypeError,
    /belongs to another device/,
  ],
]);

Deno.test("a getter's own error passes through, and one that disposes is caught", () => {
  using device = openDevice({ backend: "cpu", threads: 1 });
  const mine = new SyntaxError("mine");
  const throwing = {
    get records(): number {
      throw mine;
    },
    length: 1,
    seed: 1n,
  };
  assert.throws(() => device.builder(throwing), mine);

  const builder = device.builder({ records: 1, length: 8, seed: 1n });
  const x = builder.input(1, 8);
  const weight = device.parameter([1, 1, 3]);
  const disposing = {
    weight,
    bias: device.parameter([1]),
    get stride(): number {
      builder.dispose();
      weight.dispose();
      return 1;
    },
  };
  assert.throws(() => builder.conv1d(x, disposing), NativeError);

  const target = device.builder({ records: 1, length: 8, seed: 1n });
  const input = target.input(1, 8);
  target.conv1d(input, { ...disposing, weight: device.parameter([1, 1, 3]), stride: 1 });
  const program = target.build();
  const values = new Float32Array(8);
  const detaching = {
    values,
    get lengths(): Int32Array {
      structuredClone(values.buffer, { transfer: [values.buffer] });
      return Int32Array.of(8);
    },
  };
  assert.throws(() => program.writeValue(input, detaching), RangeError);
});
