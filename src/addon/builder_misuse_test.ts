import type { NormSettings, OptimizerSettings } from "./native.ts";
import { NativeError } from "./native_error.ts";
import { LENGTH } from "./testing.ts";
import { testMisuse, type Things, wrong } from "./testing_misuse.ts";

const NORM = (t: Things): NormSettings => ({
  gamma: t.gamma,
  beta: t.gamma,
  runningMean: t.statistics,
  runningVariance: t.variance,
  epsilon: 1e-3,
  momentum: 0.1,
  training: true,
  relu: true,
  dropout: 0,
});

const ADAM: OptimizerSettings = {
  kind: "adam",
  beta1: 0.9,
  beta2: 0.999,
  epsilon: 1e-8,
  weightDecay: 0,
  clipNorm: 0,
};

testMisuse("builder", [
  [
    "label of the wrong kind",
    (t) => t.builder.label(wrong(3)),
    TypeError,
    /name must be a string, got 3/,
  ],
  ["input without channels", (t) => t.builder.input(0, 5), RangeError, /channels must be .* got 0/],
  [
    "gather from a parameter",
    (t) => t.builder.gather(wrong(t.parameter), { mean: 0, std: 1, flip: false }),
    TypeError,
    /must be a Dataset/,
  ],
  [
    "gather from another device",
    (t) => t.builder.gather(t.foreign.dataset, { mean: 0, std: 1, flip: false }),
    TypeError,
    /dataset belongs to another device/,
  ],
  [
    "gather with NaN",
    (t) => t.builder.gather(t.dataset, { mean: NaN, std: 1, flip: false }),
    RangeError,
    /options.mean must be .* got NaN/,
  ],
  [
    "gather with std 0",
    (t) => t.builder.gather(t.dataset, { mean: 0, std: 0, flip: false }),
    RangeError,
    /0/,
  ],
  [
    "gather without flip",
    (t) => t.builder.gather(t.dataset, wrong({ mean: 0, std: 1 })),
    TypeError,
    /options.flip must be a boolean, got undefined/,
  ],
  [
    "conv of no value",
    (t) => t.builder.conv1d(wrong("x"), { weight: t.weight, bias: t.bias, stride: 1 }),
    TypeError,
    /x must be a number, got "x"/,
  ],
  [
    "conv of another builder's value",
    (t) => t.builder.conv1d(t.foreignValue, { weight: t.weight, bias: t.bias, stride: 1 }),
    TypeError,
    /x belongs to another builder or program/,
  ],
  [
    "conv of a value not yet made",
    (t) => t.builder.conv1d(wrong(t.x + 1000), { weight: t.weight, bias: t.bias, stride: 1 }),
    RangeError,
    /1000|value/,
  ],
  [
    "conv with half a value",
    (t) => t.builder.conv1d(wrong(t.x + 0.5), { weight: t.weight, bias: t.bias, stride: 1 }),
    RangeError,
    /must be a whole number/,
  ],
  [
    "conv without weight",
    (t) => t.builder.conv1d(t.x, wrong({ bias: t.bias, stride: 1 })),
    TypeError,
    /options.weight must be a Parameter, got undefined/,
  ],
  [
    "conv with a buffer for bias",
    (t) => t.builder.conv1d(t.x, { weight: t.weight, bias: wrong(t.buffer), stride: 1 }),
    TypeError,
    /options.bias must be a Parameter/,
  ],
  [
    "conv with a foreign weight",
    (t) => t.builder.conv1d(t.x, { weight: t.foreign.parameter, bias: t.bias, stride: 1 }),
    TypeError,
    /options.weight belongs to another device/,
  ],
  [
    "conv with a disposed weight",
    (t) => t.builder.conv1d(t.x, { weight: t.disposed.parameter, bias: t.bias, stride: 1 }),
    NativeError,
    /it was disposed/,
  ],
  [
    "conv with two extents",
    (t) => t.builder.conv1d(t.x, { weight: t.parameter, bias: t.bias, stride: 1 }),
    RangeError,
    /2/,
  ],
  [
    "conv with other channels",
    (t) =>
      t.builder.conv1d(t.builder.input(2, LENGTH), { weight: t.weight, bias: t.bias, stride: 1 }),
    RangeError,
    /2/,
  ],
  [
    "conv with a bias of another size",
    (t) => t.builder.conv1d(t.x, { weight: t.weight, bias: t.gamma, stride: 1 }),
    RangeError,
    /3/,
  ],
  [
    "conv with stride 3",
    (t) => t.builder.conv1d(t.x, { weight: t.weight, bias: t.bias, stride: 3 }),
    RangeError,
    /3/,
  ],
  [
    "conv with null for add",
    (t) => t.builder.conv1d(t.x, { weight: t.weight, bias: t.bias, stride: 1, add: wrong(null) }),
    TypeError,
    /options.add must be a number, got null/,
  ],
  [
    "conv adding another shape",
    (t) => t.builder.conv1d(t.x, { weight: t.weight, bias: t.bias, stride: 2, add: t.x }),
    RangeError,
    /./,
  ],
  [
    "conv with a misspelled field",
    (t) => t.builder.conv1d(t.x, wrong({ weight: t.weight, bias: t.bias, strides: 1 })),
    TypeError,
    /unknown field "strides"/,
  ],
  [
    "backward from an input",
    (t) => t.builder.backward(t.x, t.x),
    RangeError,
    /depends on no parameter and on no input whose gradient is asked for/,
  ],
  [
    "backward without dy",
    (t) => wrong(t.builder).backward(t.x),
    TypeError,
    /dy must be a number, got undefined/,
  ],
  [
    "backward with a gradient of another shape",
    (t) => t.builder.backward(t.x, t.builder.shortcut(t.x, { stride: 2, channels: 3 })),
    RangeError,
    /dy must have shape \[4, 3, 96\], got \[4, 3, 48\]/,
  ],
  [
    "backward from a foreign value",
    (t) => t.builder.backward(t.foreignValue, t.x),
    TypeError,
    /y belongs to another builder or program/,
  ],
  [
    "backward to a foreign input",
    (t) => t.builder.backward(t.x, t.x, { inputs: [t.foreignValue] }),
    TypeError,
    /options.inputs\[0\] belongs to another builder or program/,
  ],
  [
    "backward to inputs that are no array",
    (t) => t.builder.backward(t.x, t.x, { inputs: wrong(t.x) }),
    TypeError,
    /options.inputs must be an array/,
  ],
  [
    "backward with half a gradient",
    (t) => t.builder.backward(t.x, t.x, { inputs: [t.x], also: [wrong({ value: t.x })] }),
    TypeError,
    /gradient must be a number, got undefined/,
  ],
  [
    "backward with a misspelled option",
    (t) => t.builder.backward(t.x, t.x, wrong({ input: [t.x] })),
    TypeError,
    /unknown field "input"/,
  ],
  [
    "backward through a norm that does not train",
    (t) => {
      const fixed = t.builder.norm(t.x, { ...NORM(t), training: false });
      t.builder.backward(fixed, t.x);
    },
    NativeError,
    /training on/,
  ],
  [
    "norm with other channels",
    (t) => t.builder.norm(t.x, { ...NORM(t), gamma: t.bias }),
    RangeError,
    /2/,
  ],
  [
    "norm with foreign statistics",
    (t) => t.builder.norm(t.x, { ...NORM(t), runningMean: t.foreign.buffer }),
    TypeError,
    /settings.runningMean belongs to another device/,
  ],
  [
    "norm with negative epsilon",
    (t) => t.builder.norm(t.x, { ...NORM(t), epsilon: -1 }),
    RangeError,
    /-1/,
  ],
  [
    "norm with dropout 1",
    (t) => t.builder.norm(t.x, { ...NORM(t), dropout: 1 }),
    RangeError,
    /dropout must be from 0 to less than 1, got 1/,
  ],
  [
    "norm with momentum 2",
    (t) => t.builder.norm(t.x, { ...NORM(t), momentum: 2 }),
    RangeError,
    /momentum must be .* got 2/,
  ],
  [
    "norm with training 1",
    (t) => t.builder.norm(t.x, { ...NORM(t), training: wrong(1) }),
    TypeError,
    /training must be a boolean, got 1/,
  ],
  [
    "shortcut to fewer channels",
    (t) => t.builder.shortcut(t.x, { stride: 2, channels: 2 }),
    RangeError,
    /2/,
  ],
  [
    "shortcut with stride 0",
    (t) => t.builder.shortcut(t.x, { stride: 0, channels: 3 }),
    RangeError,
    /stride must be .* got 0/,
  ],
  [
    "crossEntropy of nothing",
    (t) => wrong(t.builder).crossEntropy(),
    TypeError,
    /logits must be a number, got undefined/,
  ],
  [
    "crossEntropy with an unknown setting",
    (t) => t.builder.crossEntropy(t.x, wrong({ smoothing: 0.1 })),
    TypeError,
    /smoothing/,
  ],
  [
    "crossEntropy with too much smoothing",
    (t) => t.builder.crossEntropy(t.x, { labelSmoothing: 1.5 }),
    RangeError,
    /labelSmoothing must be .* got 1.5/,
  ],
  [
    "crossEntropy with a negative gamma",
    (t) => t.builder.crossEntropy(t.x, { focal: -1 }),
    RangeError,
    /focal must be .* got -1/,
  ],
  [
    "crossEntropy with weights for other classes",
    (t) => t.builder.crossEntropy(t.x, { classWeights: [1, 2, 3, 4, 5, 6, 7] }),
    RangeError,
    /a weight for each of the \d classes, got 7/,
  ],
  [
    "crossEntropy without any weight",
    (t) => t.builder.crossEntropy(t.x, { classWeights: [0, 0, 0] }),
    RangeError,
    /cannot all be 0/,
  ],
  [
    "crossEntropy with a teacher weight and no teacher",
    (t) => t.builder.crossEntropy(t.x, { teacherWeight: 0.5 }),
    RangeError,
    /there is no teacher/,
  ],
  [
    "crossEntropy at temperature 0",
    (t) => t.builder.crossEntropy(t.x, { temperature: 0 }),
    RangeError,
    /temperature must be positive/,
  ],
  [
    "crossEntropy with a foreign teacher",
    (t) => t.builder.crossEntropy(t.x, { teachers: [t.foreignValue], teacherWeight: 1 }),
    TypeError,
    /belongs to another builder or program/,
  ],
  [
    "crossEntropy with nine teachers",
    (t) => t.builder.crossEntropy(t.x, { teachers: new Array(9).fill(t.x), teacherWeight: 1 }),
    RangeError,
    /at most 8 teachers, got 9/,
  ],
  [
    "optimizer of no parameters",
    (t) => t.builder.optimizer(wrong(t.parameter), ADAM),
    TypeError,
    /parameters must be an array/,
  ],
  [
    "optimizer of a buffer",
    (t) => t.builder.optimizer(wrong([t.parameter, t.buffer]), ADAM),
    TypeError,
    /parameters\[1\] must be a Parameter/,
  ],
  [
    "optimizer of an unknown kind",
    (t) => t.builder.optimizer([t.parameter], { ...ADAM, kind: wrong("lion") }),
    RangeError,
    /"adam", "sgd", "adamw", got "lion"/,
  ],
  [
    "optimizer with NaN",
    (t) => t.builder.optimizer([t.parameter], { ...ADAM, beta2: NaN }),
    RangeError,
    /beta2 must be .* got NaN/,
  ],
  [
    "optimizer with a negative norm",
    (t) => t.builder.optimizer([t.parameter], { ...ADAM, clipNorm: -1 }),
    RangeError,
    /clipNorm must be .* got -1/,
  ],
  [
    "average before the optimizer",
    (t) => t.builder.average({ buffers: [], decay: 0.9 }),
    NativeError,
    /nothing to average before the optimizer/,
  ],
  [
    "average without options",
    (t) => wrong(t.builder).average(),
    TypeError,
    /average: options/,
  ],
  [
    "average with a decay of 2",
    (t) => t.builder.average({ buffers: [], decay: 2 }),
    RangeError,
    /decay must be .* got 2/,
  ],
  [
    "average of a parameter",
    (t) =>
      t.builder.average({ buffers: [{ value: wrong(t.parameter), average: t.buffer }], decay: 0 }),
    TypeError,
    /buffers\[0\].value must be a Buffer/,
  ],
  [
    "output of a foreign value",
    (t) => t.builder.output(t.foreignValue),
    TypeError,
    /belongs to another builder or program/,
  ],
  [
    "use after dispose",
    (t) => t.disposed.builder.input(1, 1),
    NativeError,
    /This Builder cannot be used any more: it was disposed/,
  ],
]);
