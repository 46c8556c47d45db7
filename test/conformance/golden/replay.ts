/**
 * Replays the golden training run on a device. The network's ops are traced here by hand, independent
 * of the code in src/model.
 *
 * @module
 */
import type {
  NativeBuffer,
  NativeBuilder,
  NativeDevice,
  NativeParameter,
  Value,
} from "../../../src/addon/native.ts";
import { Bench } from "../bench.ts";
import type { Replayed } from "./replay_check.ts";
import type { GoldenRun, GoldenVariant } from "./training_golden.ts";

/** Trains as `variant` of the golden run did. */
export async function replayGolden(
  device: NativeDevice,
  options: { golden: GoldenRun; variant: GoldenVariant },
): Promise<Replayed> {
  const bench = new Bench(device);
  try {
    return await replay(bench, options);
  } finally {
    bench.dispose();
  }
}

async function replay(
  bench: Bench,
  options: { golden: GoldenRun; variant: GoldenVariant },
): Promise<Replayed> {
  const { golden, variant } = options;
  const { settings, lengths, labels, samples } = golden;
  const { epsilon, masks } = golden.results[variant];
  const state = loadState(bench, { golden, masks });
  const dataset = bench.keep(bench.device.dataset({
    samples,
    offsets: Float64Array.from(lengths, (_, n) => n * settings.length),
    lengths,
    labels,
  }));
  const records = lengths.length;
  const builder = bench.keep(
    bench.device.builder({ records, length: settings.length, seed: 0n }),
  );
  const { mean, std } = settings;
  recordTraining(builder.gather(dataset, { mean, std, flip: false }), {
    builder,
    state,
    blocks: settings.blocks,
    norm: { epsilon: settings.normEpsilon, momentum: settings.normMomentum },
  });
  builder.optimizer([...state.parameters.values()], {
    kind: "adam",
    beta1: settings.beta1,
    beta2: settings.beta2,
    epsilon,
    weightDecay: 0,
    clipNorm: settings.clipNorm,
  });
  const program = bench.keep(builder.build());
  const { steps, learningRate } = settings;
  const results = await bench.device.run(Array.from({ length: steps }, () => program), {
    records: Int32Array.from({ length: steps * records }, (_, i) => i % records),
    learningRates: new Float32Array(steps).fill(learningRate),
    optimizerStep: 1,
    stream: 0,
  });
  const final = new Map<string, Float32Array>();
  for (const [name, parameter] of state.parameters) final.set(name, parameter.read("value"));
  for (const [name, buffer] of state.buffers) final.set(name, buffer.read());
  return { ...results, final };
}

/** The network's tensors on the device. */
interface State {
  readonly parameters: Map<string, NativeParameter>;
  readonly buffers: Map<string, NativeBuffer>;
}

function loadState(
  bench: Bench,
  options: { golden: GoldenRun; masks: ReadonlyMap<string, Uint8Array> },
): State {
  const state: State = { parameters: new Map(), buffers: new Map() };
  for (const [name, { shape, data }] of options.golden.initial) {
    if (name.includes(".running_")) {
      state.buffers.set(name, bench.buffer(data));
      continue;
    }
    const mask = options.masks.get(name);
    state.parameters.set(
      name,
      bench.parameter(shape, { value: data, ...(mask ? { mask } : {}) }),
    );
  }
  return state;
}

interface NetworkOptions {
  readonly builder: NativeBuilder;
  readonly state: State;
  readonly blocks: number;
  readonly norm: { epsilon: number; momentum: number };
}

/** The forward pass in the order of the paper's figure, the loss and the backward pass. */
function recordTraining(x: Value, options: NetworkOptions): void {
  const { builder, state: { parameters, buffers }, blocks } = options;
  const parameter = (name: string): NativeParameter => parameters.get(name)!;
  const conv = (name: string, x: Value, rest: { stride?: number; add?: Value } = {}) =>
    builder.conv1d(x, {
      weight: parameter(`${name}.weight`),
      bias: parameter(`${name}.bias`),
      stride: 1,
      ...rest,
    });
  const norm = (name: string, x: Value) =>
    builder.norm(x, {
      gamma: parameter(`${name}.gamma`),
      beta: parameter(`${name}.beta`),
      runningMean: buffers.get(`${name}.running_mean`)!,
      runningVariance: buffers.get(`${name}.running_variance`)!,
      ...options.norm,
      training: true,
      relu: true,
      dropout: 0,
    });

  const stem = conv("stem", x);
  const stemNorm = norm("stem.norm", stem);
  let value = stemNorm;
  for (let i = 0; i < blocks; i++) {
    const input = value;
    const stride = i % 2 === 1 ? 2 : 1;
    const channels = parameter(`block${i}.conv2.bias`).size;
    const norm1 = i === 0 ? input : norm(`block${i}.norm1`, input);
    const conv1 = conv(`block${i}.conv1`, norm1, { stride });
    const norm2 = norm(`block${i}.norm2`, conv1);
    const shortcut = builder.shortcut(input, { stride, channels });
    value = conv(`block${i}.conv2`, norm2, { add: shortcut });
  }
  const headNorm = norm("head.norm", value);
  const logits = conv("head", headNorm);
  builder.backward(logits, builder.crossEntropy(logits));
}
