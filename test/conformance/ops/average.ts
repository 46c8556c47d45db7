/**
 * Cases of the moving average of parameters, with and without masks, and of buffers.
 *
 * Limit, in roundings of the terms: the difference, the share and the fused sum are rounded once each.
 *
 * @module
 */
import { withBench } from "../bench.ts";
import { within } from "../comparison.ts";
import { createPicker, type Density, makeMask, makeValues } from "../inputs.ts";
import { averageStep } from "../reference/average.ts";
import { type Check, defineSuite, type Suite } from "../suite.ts";

interface AverageParameters {
  /** Elements of each parameter. */
  readonly sizes: readonly number[];
  /** Elements of each buffer. */
  readonly buffers: readonly number[];
  readonly density: Density;
  readonly decay: number;
  readonly step: number;
  readonly scale: number;
  readonly seed: number;
}

const LIMIT = 4;

function parameterList(): AverageParameters[] {
  const { pick } = createPicker("average cases");
  const list: AverageParameters[] = [];
  for (const density of [0, "one", 0.01, 0.5, 1] as const) {
    for (const decay of [0, 0.5, 0.9, 0.999, 0.9999]) {
      list.push({
        sizes: pick([[1], [7, 64], [1000, 17, 33], [4099]]),
        buffers: pick([[], [5], [1, 130]]),
        density,
        decay,
        step: pick([1, 2, 10, 5000]),
        scale: pick([1, 1e-3, 100]),
        seed: list.length,
      });
    }
  }
  return list;
}

function prepare(p: AverageParameters): Check {
  const { seed, scale, step } = p;
  const make = (size: number, name: string, mask?: Uint8Array) => {
    const values = (slot: string) =>
      makeValues(size, { seed, name: `${name} ${slot}`, scale }).map((v, i) =>
        v * (mask?.[i] ?? 1)
      );
    return { value: values("value"), average: values("average") };
  };
  const tensors = p.sizes.map((size) => {
    const mask = makeMask(size, { seed, density: p.density });
    return { mask, ...make(size, `parameter of ${size}`, mask) };
  });
  const statistics = p.buffers.map((size) => make(size, `buffer of ${size}`));
  const options = { decay: Math.fround(p.decay), step };
  const after = ({ value, average }: ReturnType<typeof make>) =>
    averageStep(average, value, options);

  return (device) =>
    withBench(device, async (bench) => {
      const parameters = tensors.map(({ mask, value, average }) => {
        const parameter = bench.parameter([value.length], { value, mask });
        parameter.keepAverage();
        parameter.write("average", Float32Array.from(average));
        return parameter;
      });
      const buffers = statistics.map(({ value, average }) => ({
        value: bench.buffer(value),
        average: bench.buffer(average),
      }));
      await bench.run(({ builder }) => {
        builder.optimizer(parameters, {
          ...{ kind: "sgd", beta1: 0, beta2: 0, epsilon: 1, weightDecay: 0, clipNorm: 0 },
        });
        builder.average({ buffers, decay: p.decay });
      }, {
        records: 1,
        length: 1,
        inputs: { learningRates: Float32Array.of(0), optimizerStep: step },
      });
      return [
        ...tensors.map((tensor, i) =>
          within(LIMIT, {
            quantity: "average",
            got: parameters[i]!.read("average"),
            want: after(tensor),
          })
        ),
        ...statistics.map((statistic, i) =>
          within(LIMIT, {
            quantity: "average of a buffer",
            got: buffers[i]!.average.read(),
            want: after(statistic),
          })
        ),
      ];
    });
}

/** Averages of parameters and buffers. */
export const suite: Suite = defineSuite({
  op: "average",
  parameters: parameterList(),
  prepare,
});
