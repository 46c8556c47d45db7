/**
 * The float64 reference against a second implementation, @tensorflow/tfjs on its JavaScript
 * backend: float32, channels last, no ragged records.
 */
import assert from "node:assert/strict";
import * as tf from "@tensorflow/tfjs";
import { compare, type Comparison, within } from "./comparison.ts";
import { makeMask, makeSignals, makeValues } from "./inputs.ts";
import { conv1d, conv1dDgrad, conv1dWgrad, convOutput } from "./reference/conv1d.ts";
import { crossEntropy } from "./reference/cross_entropy.ts";
import { norm, normBackward } from "./reference/norm.ts";
import { update } from "./reference/optimizer.ts";
import { shortcut, shortcutBackward } from "./reference/shortcut.ts";
import { type Signals, zeros } from "./reference/signals.ts";

/** Roundings of the terms allowed to either side; sums of a few dozen float32 terms. */
const LIMIT = 16;

/** Runs `body` on tfjs and fails if it leaves a tensor behind. */
async function withTfjs(body: () => Comparison[]): Promise<void> {
  // Without this it recommends another package on standard error.
  tf.enableProdMode();
  await tf.setBackend("cpu");
  const before = tf.memory().numTensors;
  tf.engine().startScope();
  let comparisons: Comparison[];
  try {
    comparisons = body();
  } finally {
    tf.engine().endScope();
  }
  assert.equal(tf.memory().numTensors, before, "tensors leaked");
  for (const verdict of comparisons.map(compare)) assert.equal(verdict.failure, null);
}

function full(records: number, length: number): Int32Array {
  return new Int32Array(records).fill(length);
}

/** [N, C, L] to tfjs's [N, L, C]. */
function toTensor(x: Signals): tf.Tensor3D {
  const shape: [number, number, number] = [x.records, x.channels, x.length];
  return tf.tensor3d(Float32Array.from(x.values), shape).transpose([0, 2, 1]);
}

/** [N, L, C] to [N, C, L]. */
function fromTensor(x: tf.Tensor): ArrayLike<number> {
  return x.transpose([0, 2, 1]).dataSync();
}

function vector(values: Float64Array): tf.Tensor1D {
  return tf.tensor1d(Float32Array.from(values));
}

for (
  const { kernel, stride, length } of [
    { kernel: 1, stride: 1, length: 5 },
    { kernel: 4, stride: 1, length: 9 },
    { kernel: 3, stride: 2, length: 8 },
    { kernel: 16, stride: 2, length: 11 },
    { kernel: 16, stride: 1, length: 3 },
  ]
) {
  Deno.test(`tfjs: convolution of width ${kernel}, stride ${stride}, length ${length}`, async () => {
    const seed = 100 * kernel + length;
    const [inChannels, outChannels, records] = [3, 2, 2];
    const x = makeSignals({ lengths: full(records, length), channels: inChannels, length }, {
      seed,
      name: "x",
    });
    const values = makeValues(outChannels * inChannels * kernel, { seed, name: "weight" });
    const weight = { outChannels, inChannels, kernel, values };
    const bias = makeValues(outChannels, { seed, name: "bias" });
    const shape = convOutput(x, { channels: outChannels, stride });
    const dy = makeSignals(shape, { seed, name: "dy" });
    const mask = makeMask(values.length, { seed, density: 1 });
    const y = conv1d(x, { weight, bias, stride });
    const dx = conv1dDgrad(x, { weight, dy, stride });
    const { dweight, dbias } = conv1dWgrad(x, { weight, dy, stride, mask });

    await withTfjs(() => {
      // tfjs keeps weights as [K, Cin, Cout].
      const w = tf.tensor3d(Float32Array.from(values), [outChannels, inChannels, kernel])
        .transpose<tf.Tensor3D>([2, 1, 0]);
      const forward = (x: tf.Tensor, w: tf.Tensor, b: tf.Tensor) =>
        tf.conv1d(x as tf.Tensor3D, w as tf.Tensor3D, stride, "same").add(b);
      const gradients = tf.grads(forward)([toTensor(x), w, vector(bias)], toTensor(dy));
      const [gotDx, gotDw, gotDb] = gradients as [tf.Tensor, tf.Tensor, tf.Tensor];
      const gotY = forward(toTensor(x), w, vector(bias));
      return [
        within(LIMIT, { quantity: "y", got: fromTensor(gotY), want: y }),
        within(LIMIT, { quantity: "dx", got: fromTensor(gotDx), want: dx }),
        within(LIMIT, {
          quantity: "dweight",
          got: gotDw.transpose([2, 1, 0]).dataSync(),
          want: dweight,
        }),
        within(LIMIT, { quantity: "dbias", got: gotDb.dataSync(), want: dbias }),
      ];
    });
  });
}

Deno.test("tfjs: batch normalisation and ReLU, with gradients", async () => {
  const [channels, length, epsilon] = [3, 7, Math.fround(1e-3)];
  const x = makeSignals({ lengths: full(2, length), channels, length }, { seed: 1, name: "x" });
  const dy = makeSignals(x, { seed: 1, name: "dy" });
  const gamma = makeValues(channels, { seed: 1, name: "gamma" });
  const beta = makeValues(channels, { seed: 1, name: "beta" });
  const options = {
    gamma,
    beta,
    runningMean: new Float64Array(channels),
    runningVariance: new Float64Array(channels).fill(1),
    epsilon,
    momentum: 0.1,
    training: true,
    relu: true,
  };
  const { y } = norm(x, options);
  const back = normBackward(x, { ...options, y: y.value, dy, dropoutRate: 0 });

  await withTfjs(() => {
    const forward = (x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor) => {
      const { mean, variance } = tf.moments(x, [0, 1]);
      const scaled = x.sub(mean).div(variance.add(epsilon).sqrt()).mul(gamma).add(beta);
      return tf.relu(scaled);
    };
    const inputs = [toTensor(x), vector(gamma), vector(beta)] as const;
    const gradients = tf.grads(forward)([...inputs], toTensor(dy));
    const [gotDx, gotGamma, gotBeta] = gradients as [tf.Tensor, tf.Tensor, tf.Tensor];
    return [
      within(LIMIT, { quantity: "y", got: fromTensor(forward(...inputs)), want: y }),
      within(2 * LIMIT, { quantity: "dx", got: fromTensor(gotDx), want: back.dx }),
      within(2 * LIMIT, { quantity: "dgamma", got: gotGamma.dataSync(), want: back.dgamma }),
      within(LIMIT, { quantity: "dbeta", got: gotBeta.dataSync(), want: back.dbeta }),
    ];
  });
});

for (const length of [8, 7]) {
  Deno.test(`tfjs: max-pool shortcut of length ${length}`, async () => {
    const [channels, outChannels] = [2, 5];
    const x = makeSignals({ lengths: full(3, length), channels, length }, { seed: 3, name: "x" });
    const dy = makeSignals(convOutput(x, { channels: outChannels, stride: 2 }), {
      seed: 3,
      name: "dy",
    });
    const y = shortcut(x, { stride: 2, channels: outChannels });
    const dx = shortcutBackward(x, { dy, stride: 2 });

    await withTfjs(() => {
      const forward = (x: tf.Tensor) => {
        const image = x.expandDims<tf.Tensor4D>(2);
        const pooled = tf.maxPool(image, [2, 1], [2, 1], "same").squeeze([2]);
        return tf.pad(pooled, [[0, 0], [0, 0], [0, outChannels - channels]]);
      };
      const gotDx = tf.grad(forward)(toTensor(x), toTensor(dy));
      return [
        { quantity: "y", got: fromTensor(forward(toTensor(x))), want: y.values },
        { quantity: "dx", got: fromTensor(gotDx), want: dx.values },
      ];
    });
  });
}

Deno.test("tfjs: softmax cross-entropy with gradient", async () => {
  const [records, classes, steps] = [3, 4, 5];
  const logits = makeSignals({ lengths: full(records, steps), channels: classes, length: steps }, {
    seed: 5,
    name: "logits",
    scale: 4,
  });
  const labels = [2, 0, 3];
  const want = crossEntropy(logits, labels);

  await withTfjs(() => {
    const onehot = zeros(logits);
    labels.forEach((label, n) =>
      onehot.values.fill(1, (n * classes + label) * steps, (n * classes + label + 1) * steps)
    );
    const rows: [number, number] = [records * steps, classes];
    const loss = (z: tf.Tensor) =>
      tf.losses.softmaxCrossEntropy(toTensor(onehot).reshape(rows), z.reshape(rows)).asScalar();
    const { value, grad } = tf.valueAndGrad(loss)(toTensor(logits));
    return [
      within(LIMIT, { quantity: "dlogits", got: fromTensor(grad), want: want.dlogits }),
      {
        quantity: "loss",
        got: value.dataSync(),
        want: [want.loss],
        terms: [want.lossTerms],
        limit: LIMIT,
      },
    ];
  });
});

Deno.test("tfjs: one step of Adam", async () => {
  const size = 9;
  const value = makeValues(size, { seed: 6, name: "value" });
  const gradient = makeValues(size, { seed: 6, name: "gradient" });
  // tfjs subtracts beta2 from 1 in float32, which would cost 0.999 three digits.
  const settings = { learningRate: 0.01, beta1: 0.5, beta2: 0.75, epsilon: 0.01 };
  const zero = () => new Float64Array(size);
  const want = update({ value, gradient, moment1: zero(), moment2: zero() }, {
    ...settings,
    kind: "adam",
    weightDecay: 0,
    clipNorm: 0,
    norm: 0,
    step: 1,
  });

  await withTfjs(() => {
    const { learningRate, beta1, beta2, epsilon } = settings;
    const variable = tf.variable(vector(value), true, "value");
    const adam = tf.train.adam(learningRate, beta1, beta2, epsilon);
    adam.applyGradients([{ name: "value", tensor: vector(gradient) }]);
    const got = variable.dataSync();
    variable.dispose();
    adam.dispose();
    return [within(LIMIT, { quantity: "value", got, want: want.value })];
  });
});
