/**
 * Shared parts of the addon's tests: a device, a small data set and a small trainable step.
 *
 * @module
 */
import process from "node:process";
import { createRng } from "../core/rng.ts";
import type {
  NativeBuffer,
  NativeDataset,
  NativeDevice,
  NativeParameter,
  NativeProgram,
  Value,
} from "./native.ts";
import { openDevice } from "./select.ts";

/** Record slots of {@linkcode smallStep}. */
export const RECORDS = 4;
/** Samples of a record of {@linkcode smallDataset}. */
export const LENGTH = 96;

/** The backend of tests that hold for every backend: the CPU, or a GPU with LTH_TEST_BACKEND=cuda. */
export const TEST_BACKEND = process.env["LTH_TEST_BACKEND"] === "cuda" ? "cuda" : "cpu";

/** Opens the test backend in fp32: every backend has it, so the same tolerances hold. */
export function openTestDevice({ threads = 0 }: { threads?: number } = {}): NativeDevice {
  return openDevice({ backend: TEST_BACKEND, precision: "fp32", threads });
}

/** Runs `body` on a device, on the CPU with two threads, and closes it afterwards. */
export async function withDevice<T>(body: (device: NativeDevice) => T | Promise<T>): Promise<T> {
  const device = openTestDevice({ threads: 2 });
  try {
    return await body(device);
  } finally {
    await device.close();
  }
}

/** Eight records of two classes, slow and fast square waves with noise. */
export function smallDataset(device: NativeDevice): NativeDataset {
  const records = 8;
  const rng = createRng(7, "samples");
  const samples = new Int16Array(records * LENGTH);
  for (let i = 0; i < samples.length; i++) {
    const period = Math.floor(i / LENGTH) % 2 === 0 ? 24 : 8;
    const wave = i % period < period / 2 ? 300 : -300;
    samples[i] = wave + Math.round((rng.next() - 0.5) * 100);
  }
  return device.dataset({
    samples,
    offsets: Float64Array.from({ length: records }, (_, i) => i * LENGTH),
    lengths: new Int32Array(records).fill(LENGTH),
    labels: Int32Array.from({ length: records }, (_, i) => i % 2),
  });
}

/** The traced step of {@linkcode smallStep} with everything it uses. */
export interface SmallStep {
  readonly program: NativeProgram;
  readonly parameters: NativeParameter[];
  readonly buffers: NativeBuffer[];
  /** Logits [N, 2, LENGTH / 2], readable after a run. */
  readonly logits: Value;
}

/** gather -> conv (1 to 8, kernel 5, stride 2) -> norm, ReLU -> conv (8 to 2) -> loss -> Adam. */
export function smallStep(device: NativeDevice, dataset: NativeDataset): SmallStep {
  const rng = createRng(7, "weights");
  const make = (shape: number[], value: () => number): NativeParameter => {
    const parameter = device.parameter(shape);
    parameter.write("value", Float32Array.from({ length: parameter.size }, value));
    return parameter;
  };
  const spread = () => rng.next() - 0.5;
  const weight1 = make([8, 1, 5], spread);
  const bias1 = make([8], () => 0);
  const gamma = make([8], () => 1);
  const beta = make([8], () => 0);
  const weight2 = make([2, 8, 1], spread);
  const bias2 = make([2], () => 0);
  const runningMean = device.buffer(8);
  const runningVariance = device.buffer(8);
  runningVariance.write(new Float32Array(8).fill(1));
  const parameters = [weight1, bias1, gamma, beta, weight2, bias2];

  const builder = device.builder({ records: RECORDS, length: LENGTH, seed: 1n });
  const x = builder.gather(dataset, { mean: 0, std: 300, flip: false });
  builder.label("first");
  const hidden = builder.conv1d(x, { weight: weight1, bias: bias1, stride: 2 });
  const active = builder.norm(hidden, {
    gamma,
    beta,
    runningMean,
    runningVariance,
    epsilon: 1e-3,
    momentum: 0.1,
    training: true,
    relu: true,
    dropout: 0,
  });
  const logits = builder.conv1d(active, { weight: weight2, bias: bias2, stride: 1 });
  builder.backward(logits, builder.crossEntropy(logits));
  builder.optimizer(parameters, {
    kind: "adam",
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weightDecay: 0,
    clipNorm: 1,
  });
  builder.output(logits);
  return {
    program: builder.build(),
    parameters,
    buffers: [runningMean, runningVariance],
    logits,
  };
}

/** Inputs for `steps` replays of {@linkcode smallStep}'s program, all over the same eight records. */
export function smallInputs(steps: number, first = 1): {
  records: Int32Array;
  learningRates: Float32Array;
  optimizerStep: number;
} {
  return {
    records: Int32Array.from({ length: steps * RECORDS }, (_, i) => i % 8),
    learningRates: new Float32Array(steps).fill(0.01),
    optimizerStep: first,
  };
}
