/**
 * Cases of batch normalisation with ReLU and dropout, forward and backward.
 *
 * Limits, in roundings of the terms. Forward: the stored mean (1), the stored inverse deviation (2
 * with its own rounding), its product with gamma (1), the product with x or the mean (1), one
 * addition or two (2) and the scale of dropout (2) lie on the longest path from an input to an
 * output: 9. Backward adds the normalised value's three roundings (subtraction, product, and the
 * sum's conversion) to a sum of three terms, each the product of two such quantities: 16. Sums run
 * in double or over short stretches.
 *
 * @module
 */
import type { NormSettings } from "../../../src/addon/native.ts";
import { type Bench, type Recorder, withBench } from "../bench.ts";
import { within } from "../comparison.ts";
import {
  createPicker,
  type LengthPattern,
  makeLengths,
  makeSignals,
  makeValues,
} from "../inputs.ts";
import { norm, normBackward, type NormOptions } from "../reference/norm.ts";
import { randomKey } from "../reference/random.ts";
import { type Signals, signals } from "../reference/signals.ts";
import { type Check, defineSuite, type Suite } from "../suite.ts";

interface NormParameters {
  readonly records: number;
  readonly channels: number;
  readonly length: number;
  readonly lengths: LengthPattern;
  readonly training: boolean;
  readonly relu: boolean;
  readonly dropout: number;
  /** Mean of the inputs; with a large mean, careless statistics lose digits to cancellation. */
  readonly offset: number;
  readonly epsilon: number;
  readonly momentum: number;
  /** Add a residual branch to the input's gradient. */
  readonly add: boolean;
  /** Let the op overwrite its operand (input when not training, else the output's gradient). */
  readonly inPlace: boolean;
  readonly probe: boolean;
  readonly seed: number;
}

const FORWARD_LIMIT = 9;
const BACKWARD_LIMIT = 16;

function parameterList(): NormParameters[] {
  const list: NormParameters[] = [];
  const { pick, flip } = createPicker("norm cases");
  const add = (fixed: Partial<NormParameters>) =>
    list.push({
      records: pick([1, 3, 16, 17, 33]),
      channels: pick([1, 3, 8, 13]),
      length: pick([1, 2, 7, 31, 64]),
      lengths: pick(["full", "ragged", "ragged"]),
      training: true,
      relu: flip(),
      dropout: pick([0, 0.2, 0.5]),
      offset: pick([0, 0, -3, 100]),
      epsilon: pick([1e-3, 1e-5]),
      momentum: pick([0.1, 1]),
      add: flip(),
      inPlace: flip(),
      probe: flip(),
      seed: list.length,
      ...fixed,
    });
  for (const records of [1, 3, 16, 17, 33]) {
    for (const channels of [1, 3, 8, 13, 32]) {
      for (const length of [1, 31]) add({ records, channels, length });
    }
  }
  for (const relu of [false, true]) {
    for (const dropout of [0, 0.2, 0.9]) {
      for (const training of [false, true]) {
        for (const lengths of ["full", "ragged"] as const) {
          add({ relu, dropout, training, lengths });
        }
      }
    }
  }
  add({ lengths: "empty", records: 3, channels: 3, length: 5 });
  add({ lengths: "empty", training: false, records: 17, channels: 2, length: 3 });
  add({ records: 1, length: 1, channels: 2, lengths: "full", momentum: 0.1 });
  add({ records: 16, length: 1201, channels: 3, lengths: "ragged", offset: 100, epsilon: 1e-3 });
  add({ records: 33, length: 601, channels: 2, lengths: "full", offset: 1000, epsilon: 1e-3 });
  // Past 16 MiB of sixteen lanes each, results bypass the caches.
  const large = { records: 2, channels: 8, length: 33_000, probe: false } as const;
  add({ ...large, lengths: "full", relu: true, dropout: 0.2, inPlace: false, add: true });
  add({ ...large, lengths: "ragged", training: false });
  return list;
}

function prepare(p: NormParameters): Check {
  const { records, channels, length, seed } = p;
  const lengths = makeLengths(p.lengths, { records, length, seed });
  const shape = { lengths, channels, length };
  const x = makeSignals(shape, { seed, name: "x", offset: p.offset, scale: 2 });
  const dy = makeSignals(shape, { seed, name: "dy" });
  const addX = p.add ? makeSignals(shape, { seed, name: "add" }) : undefined;
  const perChannel = (name: string, offset = 0) => makeValues(channels, { seed, name, offset });
  const stream = 1000 + seed, runSeed = 0x1234_5678_9abc_def0n + BigInt(seed);
  const options: NormOptions = {
    gamma: perChannel("gamma"),
    beta: perChannel("beta"),
    runningMean: perChannel("running mean", p.offset),
    runningVariance: perChannel("running variance", 1.5),
    epsilon: Math.fround(p.epsilon),
    momentum: Math.fround(p.momentum),
    training: p.training,
    relu: p.relu,
    // A program's norms have the layers 1, 2, ...
    dropout: { rate: p.dropout, key: randomKey({ seed: runSeed, stream, layer: 1 }) },
  };
  const want = norm(x, options);

  return (device) =>
    withBench(device, async (bench) => {
      const settings = settingsOf(bench, { options, dropout: p.dropout });
      const result = await bench.run((recorder) => {
        const source = operand(recorder, x, p.inPlace && !p.training);
        const y = recorder.builder.norm(source, settings);
        recorder.output("y", y, x);
        if (!p.training) return;
        const [dx] = recorder.builder.backward(y, operand(recorder, dy, p.inPlace), {
          inputs: [source],
          also: addX ? [{ value: source, gradient: recorder.input(addX) }] : [],
        });
        recorder.output("dx", dx!, x);
      }, { records, length, seed: runSeed, probe: p.probe, inputs: { stream } });

      const comparisons = [
        within(FORWARD_LIMIT, { quantity: "y", got: result.read("y"), want: want.y }),
        within(FORWARD_LIMIT, {
          quantity: "running mean",
          got: settings.runningMean.read(),
          want: want.runningMean,
        }),
        within(FORWARD_LIMIT, {
          quantity: "running variance",
          got: settings.runningVariance.read(),
          want: want.runningVariance,
        }),
        ...result.probes,
      ];
      if (!p.training) return comparisons;
      // Where the pre-activation is 0 up to rounding, backends may cut differently: the gradient is
      // checked for the cuts that this backend's output shows.
      const back = normBackward(x, {
        ...options,
        y: signals(result.read("y"), shape),
        dy,
        dropoutRate: p.dropout,
        ...(addX ? { add: addX } : {}),
      });
      const gradients = {
        dx: { got: result.read("dx"), want: back.dx },
        dgamma: { got: settings.gamma.read("gradient"), want: back.dgamma },
        dbeta: { got: settings.beta.read("gradient"), want: back.dbeta },
      };
      return comparisons.concat(
        Object.entries(gradients).map(([quantity, gradient]) =>
          within(BACKWARD_LIMIT, { quantity, ...gradient })
        ),
      );
    });
}

function settingsOf(bench: Bench, from: { options: NormOptions; dropout: number }): NormSettings {
  const { options: { gamma, beta, runningMean, runningVariance, ...rest }, dropout } = from;
  return {
    gamma: bench.parameter([gamma.length], { value: gamma }),
    beta: bench.parameter([beta.length], { value: beta }),
    runningMean: bench.buffer(runningMean),
    runningVariance: bench.buffer(runningVariance),
    epsilon: rest.epsilon,
    momentum: rest.momentum,
    training: rest.training,
    relu: rest.relu,
    dropout,
  };
}

/** An input, or a copy of it that nothing else reads, which an op may therefore overwrite. */
function operand(recorder: Recorder, values: Signals, overwritable: boolean) {
  const value = recorder.input(values);
  if (!overwritable) return value;
  return recorder.builder.shortcut(value, { stride: 1, channels: values.channels });
}

/** Forward in training and evaluation, and backward. */
export const suite: Suite = defineSuite({ op: "norm", parameters: parameterList(), prepare });
