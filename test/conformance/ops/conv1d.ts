/**
 * Cases of the convolution's three passes.
 *
 * @module
 */
import { withBench } from "../bench.ts";
import { within } from "../comparison.ts";
import {
  createPicker,
  type Density,
  type LengthPattern,
  makeLengths,
  makeMask,
  makeSignals,
  makeValues,
} from "../inputs.ts";
import { conv1d, conv1dDgrad, conv1dWgrad, convOutput } from "../reference/conv1d.ts";
import { type Check, defineSuite, type Suite } from "../suite.ts";

interface ConvParameters {
  readonly records: number;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
  readonly length: number;
  readonly lengths: LengthPattern;
  readonly density: Density;
  /** Add a residual branch to output and input gradient. */
  readonly add: boolean;
  /** Follow each output with a convolution that sees its margins. */
  readonly probe: boolean;
  readonly seed: number;
}

const RECORDS = [1, 3, 16, 17, 33];
const CHANNELS = [1, 3, 8, 13, 32];
const KERNELS = [1, 2, 3, 15, 16, 17];
const DENSITIES: readonly Density[] = [0, "one", 0.01, 0.5, 0.9, 1];
const LENGTHS = [1, 2, 5, 13, 32];

/** Worst error of a float32 dot product in roundings of its terms; measured worst ratio 2.2. */
const DOT_LIMIT = 8;

function parameterList(): ConvParameters[] {
  const list: ConvParameters[] = [];
  const { pick, flip } = createPicker("conv1d cases");
  // Every kernel at every stride and length: K > L, length-1 axes, stride 2 on odd lengths.
  for (const kernel of KERNELS) {
    for (const stride of [1, 2]) {
      for (const length of LENGTHS) {
        list.push({
          records: pick(RECORDS),
          inChannels: pick(CHANNELS),
          outChannels: pick(CHANNELS),
          kernel,
          stride,
          length,
          lengths: pick(["full", "ragged", "ragged"]),
          density: pick(DENSITIES),
          add: flip(),
          probe: flip(),
          seed: list.length,
        });
      }
    }
  }
  // Every density at every number of records, in channels that fill register tiles and some that
  // don't.
  for (const density of [...DENSITIES, 0.1]) {
    for (const records of RECORDS) {
      const stride = 1 + list.length % 2;
      list.push({
        records,
        inChannels: pick([8, 13, 32]),
        outChannels: pick([8, 13, 32]),
        kernel: 16,
        stride,
        length: pick([29, 37, 64]),
        lengths: pick(["full", "ragged"]),
        density,
        add: flip(),
        probe: flip(),
        seed: list.length,
      });
    }
  }
  const large = { records: 16, kernel: 16, lengths: "full", add: true, probe: false } as const;
  list.push(
    { ...large, inChannels: 64, outChannels: 64, stride: 1, length: 67, density: 1, seed: 1001 },
    { ...large, inChannels: 64, outChannels: 64, stride: 2, length: 67, density: 0.2, seed: 1002 },
    { ...large, inChannels: 1, outChannels: 32, stride: 1, length: 601, density: 1, seed: 1003 },
    { ...large, inChannels: 3, outChannels: 8, stride: 2, length: 601, density: 0.5, seed: 1004 },
    { ...large, inChannels: 13, outChannels: 3, stride: 1, length: 31, density: 1, seed: 1005 },
  );
  // Past 16 MiB of sixteen lanes each, results bypass the caches.
  const long = { ...large, records: 1, length: 33_000, inChannels: 1, outChannels: 8, stride: 1 };
  list.push({ ...long, density: 1, seed: 1006 }, { ...long, density: 0.2, seed: 1007 });
  list.push({ ...list[7]!, lengths: "empty" });
  return list;
}

function prepare(p: ConvParameters): Check {
  const { records, inChannels, outChannels, kernel, stride, length, seed } = p;
  const lengths = makeLengths(p.lengths, { records, length, seed });
  const x = makeSignals({ lengths, channels: inChannels, length }, { seed, name: "x" });
  const shape = convOutput(x, { channels: outChannels, stride });
  const dy = makeSignals(shape, { seed, name: "dy" });
  const addY = p.add ? makeSignals(shape, { seed, name: "add to y" }) : undefined;
  const addX = p.add ? makeSignals(x, { seed, name: "add to dx" }) : undefined;
  const mask = makeMask(outChannels * inChannels * kernel, { seed, density: p.density });
  const values = makeValues(mask.length, { seed, name: "weight" }).map((v, i) => v * mask[i]!);
  const weight = { outChannels, inChannels, kernel, values };
  const bias = makeValues(outChannels, { seed, name: "bias" });

  const y = conv1d(x, { weight, bias, stride, ...(addY ? { add: addY } : {}) });
  const dx = conv1dDgrad(x, { weight, dy, stride, ...(addX ? { add: addX } : {}) });
  const { dweight, dbias } = conv1dWgrad(x, { weight, dy, stride, mask });

  return (device) =>
    withBench(device, async (bench) => {
      const w = bench.parameter([outChannels, inChannels, kernel], { value: values, mask });
      const b = bench.parameter([outChannels], { value: bias });
      const result = await bench.run(({ builder, input, output }) => {
        const gradient = input(dy);
        const source = input(x);
        const value = builder.conv1d(source, {
          weight: w,
          bias: b,
          stride,
          ...(addY ? { add: input(addY) } : {}),
        });
        output("y", value, shape);
        const [dx] = builder.backward(value, gradient, {
          inputs: [source],
          also: addX ? [{ value: source, gradient: input(addX) }] : [],
        });
        output("dx", dx!, x);
      }, { records, length, probe: p.probe });
      return [
        within(DOT_LIMIT, { quantity: "y", got: result.read("y"), want: y }),
        within(DOT_LIMIT, { quantity: "dx", got: result.read("dx"), want: dx }),
        within(DOT_LIMIT, { quantity: "dweight", got: w.read("gradient"), want: dweight }),
        within(DOT_LIMIT, { quantity: "dbias", got: b.read("gradient"), want: dbias }),
        ...result.probes,
      ];
    });
}

/** Forward, dgrad and wgrad. */
export const suite: Suite = defineSuite({
  op: "conv1d",
  parameters: parameterList(),
  prepare,
});
