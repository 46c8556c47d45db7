import assert from "node:assert/strict";
import { loadOpGoldens } from "../golden/op_goldens.ts";
import { conv1d, conv1dDgrad, conv1dWgrad, type ConvWeight, padLeft } from "./conv1d.ts";
import { signals } from "./signals.ts";
import { assertClose, assertGradient, dot, randomArray, randomSignals } from "./testing.ts";

Deno.test("SAME padding of known geometries", () => {
  assert.equal(padLeft(8960, { kernel: 16, stride: 1 }), 7);
  assert.equal(padLeft(8960, { kernel: 16, stride: 2 }), 7);
  assert.equal(padLeft(5, { kernel: 3, stride: 2 }), 1);
  assert.equal(padLeft(4, { kernel: 3, stride: 2 }), 0);
  assert.equal(padLeft(4, { kernel: 1, stride: 2 }), 0);
  assert.equal(padLeft(1, { kernel: 17, stride: 1 }), 8);
});

Deno.test("a convolution worked by hand", () => {
  // Kernel 2: nothing before, one zero after. y[0] = 2 + 10 * 1 + 100 * 3, then 30 + 500, then 50.
  const x = signals([1, 3, 5], { lengths: [3], channels: 1, length: 3 });
  const weight = { outChannels: 1, inChannels: 1, kernel: 2, values: Float64Array.of(10, 100) };
  const { value, terms } = conv1d(x, { weight, bias: Float64Array.of(-2), stride: 1 });
  assert.deepEqual([...value.values], [308, 528, 48]);
  assert.deepEqual([...terms], [312, 532, 52]);
});

Deno.test("a strided convolution of two records worked by hand", () => {
  // L = 4, K = 3, stride 2: one zero after. The second record ends after 1 of its 4 positions.
  const x = signals([1, 2, 3, 4, 5, 9, 9, 9], { lengths: [4, 1], channels: 1, length: 4 });
  const weight = { outChannels: 1, inChannels: 1, kernel: 3, values: Float64Array.of(1, 10, 100) };
  const bias = Float64Array.of(0.5);
  const y = conv1d(x, { weight, bias, stride: 2 }).value;
  assert.deepEqual([...y.values], [321.5, 43.5, 5.5, 0]);
  assert.deepEqual([...y.lengths], [2, 1]);
  const dy = signals([1, 2, 3, 7], { lengths: y.lengths, channels: 1, length: 2 });
  const dx = conv1dDgrad(x, { weight, dy, stride: 2 }).value;
  assert.deepEqual([...dx.values], [1, 10, 100 + 2, 20, 3, 0, 0, 0]);
  const mask = Uint8Array.of(1, 0, 1);
  const { dweight, dbias } = conv1dWgrad(x, { weight, dy, stride: 2, mask });
  assert.deepEqual([...dweight.value], [1 * 1 + 2 * 3 + 3 * 5, 0, 3]);
  assert.deepEqual([...dbias.value], [6]);
});

Deno.test("gradients agree with finite differences", () => {
  for (
    const { stride, kernel, length, lengths } of [
      { stride: 1, kernel: 4, length: 7, lengths: [7, 0, 3] },
      { stride: 2, kernel: 3, length: 6, lengths: [6, 1] },
      { stride: 2, kernel: 9, length: 5, lengths: [5, 4] },
    ]
  ) {
    const x = randomSignals("x", { lengths, channels: 2, length });
    const weight: ConvWeight = {
      outChannels: 3,
      inChannels: 2,
      kernel,
      values: randomArray(6 * kernel, "weight"),
    };
    const bias = randomArray(3, "bias");
    const y = () => conv1d(x, { weight, bias, stride }).value;
    const dy = randomSignals("dy", { lengths: [...y().lengths], channels: 3, length: y().length });
    const objective = () => dot(y().values, dy.values);
    const mask = new Uint8Array(6 * kernel).fill(1);
    const { dweight, dbias } = conv1dWgrad(x, { weight, dy, stride, mask });
    const dx = conv1dDgrad(x, { weight, dy, stride }).value;
    const what = `stride ${stride}, kernel ${kernel}`;
    const past = (at: number) => at % length >= lengths[Math.floor(at / (2 * length))]!;
    assertGradient(objective, {
      variable: x.values,
      gradient: dx.values,
      what: `dx, ${what}`,
      skip: past,
    });
    assertGradient(objective, { variable: weight.values, gradient: dweight.value, what });
    assertGradient(objective, { variable: bias, gradient: dbias.value, what });
  }
});

Deno.test("`add` is added to output and gradient", () => {
  const x = randomSignals("x", { lengths: [3], channels: 1, length: 3 });
  const add = randomSignals("add", { lengths: [3], channels: 1, length: 3 });
  const weight = { outChannels: 1, inChannels: 1, kernel: 2, values: randomArray(2, "w") };
  const bias = Float64Array.of(0.25);
  const plain = conv1d(x, { weight, bias, stride: 1 }).value.values;
  const sum = conv1d(x, { weight, bias, stride: 1, add }).value.values;
  assertClose(sum, plain.map((v, i) => v + add.values[i]!), { tolerance: 1e-15, what: "y" });
  const dx = conv1dDgrad(x, { weight, dy: x, stride: 1 }).value.values;
  const dxSum = conv1dDgrad(x, { weight, dy: x, stride: 1, add }).value.values;
  assertClose(dxSum, dx.map((v, i) => v + add.values[i]!), { tolerance: 1e-15, what: "dx" });
});

Deno.test("convolutions agree with PyTorch", () => {
  const goldens = loadOpGoldens("conv1d");
  assert.equal(goldens.length, 5);
  for (const { name, settings, array, shape } of goldens) {
    const { stride, lengths } = settings as { stride: number; lengths: number[] };
    const [outChannels, inChannels, kernel] = shape("weight") as [number, number, number];
    const weight = { outChannels, inChannels, kernel, values: array("weight") };
    const x = signals(array("x"), { lengths, channels: inChannels, length: shape("x")[2]! });
    const y = conv1d(x, { weight, bias: array("bias"), stride }).value;
    const dy = signals(array("dy"), { ...y, lengths: y.lengths });
    const mask = new Uint8Array(weight.values.length).fill(1);
    const { dweight, dbias } = conv1dWgrad(x, { weight, dy, stride, mask });
    const got = {
      y: y.values,
      dx: conv1dDgrad(x, { weight, dy, stride }).value.values,
      dweight: dweight.value,
      dbias: dbias.value,
    };
    for (const [key, values] of Object.entries(got)) {
      assertClose(values, array(key), { tolerance: 1e-12, what: `${name}.${key}` });
    }
  }
});
