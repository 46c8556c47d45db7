/**
 * Cases of gradient norm, clipping and update, over several parameters with and without masks.
 *
 * Limits, in roundings of the terms: a moment is a sum of two products of numbers with up to four
 * roundings each (clipping, decay, the weight, the product); the value's step divides one such
 * number by the root of another.
 *
 * @module
 */
import { withBench } from "../bench.ts";
import { type Comparison, within } from "../comparison.ts";
import { createPicker, type Density, makeMask, makeValues } from "../inputs.ts";
import { gradientNorm, type Trainable, update } from "../reference/optimizer.ts";
import { type Check, defineSuite, type Suite } from "../suite.ts";

interface OptimizerParameters {
  readonly kind: "adam" | "sgd" | "adamw";
  /** Elements of each parameter. */
  readonly sizes: readonly number[];
  readonly density: Density;
  readonly step: number;
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
  readonly clipNorm: number;
  /** Half the range of the gradients. */
  readonly scale: number;
  readonly seed: number;
}

const LIMIT = 12;

function parameterList(): OptimizerParameters[] {
  const list: OptimizerParameters[] = [];
  const { pick } = createPicker("optimizer cases");
  for (const kind of ["adam", "sgd", "adamw"] as const) {
    for (const density of [0, "one", 0.01, 0.5, 1] as const) {
      for (const clipNorm of [0, 0, 1, 1, 1, 1e6]) {
        list.push({
          kind,
          sizes: pick([[1], [7, 64], [1000, 17, 33], [4099]]),
          density,
          step: pick([1, 2, 10, 5000]),
          learningRate: pick([1e-3, 0.1]),
          beta1: pick([0, 0.9, 0.9]),
          beta2: 0.999,
          epsilon: pick([1e-8, 1e-3]),
          weightDecay: pick([0, 0.01]),
          clipNorm,
          scale: pick([1, 1e-3, 100]),
          seed: list.length,
        });
      }
    }
  }
  return list;
}

/** A parameter in the middle of training; where it is pruned, everything is 0. */
function makeTrainable(p: OptimizerParameters, size: number): Trainable & { mask: Uint8Array } {
  const name = `parameter of ${size}`;
  const mask = makeMask(size, { seed: p.seed, density: p.density });
  const { seed } = p;
  const make = (slot: string, scale: number, offset = 0) =>
    makeValues(size, { seed, name: `${name} ${slot}`, scale, offset }).map((v, i) => v * mask[i]!);
  const started = p.step > 1 ? 1 : 0;
  return {
    mask,
    value: make("value", 1),
    gradient: make("gradient", p.scale),
    moment1: make("moment1", p.scale * started),
    moment2: p.kind !== "sgd"
      ? make("moment2", 0.25 * p.scale ** 2 * started, 0.5 * p.scale ** 2 * started)
      : new Float64Array(size),
  };
}

function prepare(p: OptimizerParameters): Check {
  const single = (value: number) => Math.fround(value);
  const tensors = p.sizes.map((size) => makeTrainable(p, size));
  const norm = gradientNorm(tensors.map(({ gradient }) => gradient));
  // AdamW decays what has two extents: every other tensor here.
  const shapeOf = (size: number, i: number) => i % 2 === 0 ? [1, size] : [size];
  const decays = (i: number) => p.kind !== "adamw" || i % 2 === 0;
  const wanted = tensors.map((tensor, i) =>
    update(tensor, {
      kind: p.kind,
      learningRate: single(p.learningRate),
      beta1: single(p.beta1),
      beta2: single(p.beta2),
      epsilon: single(p.epsilon),
      weightDecay: decays(i) ? single(p.weightDecay) : 0,
      clipNorm: single(p.clipNorm),
      norm,
      step: p.step,
    })
  );
  const { kind, step, learningRate, beta1, beta2, epsilon, weightDecay, clipNorm } = p;
  const settings = { kind, beta1, beta2, epsilon, weightDecay, clipNorm };

  return (device) =>
    withBench(device, async (bench) => {
      const parameters = tensors.map(({ mask, ...slots }, i) => {
        const shape = shapeOf(slots.value.length, i);
        const parameter = bench.parameter(shape, { value: slots.value, mask });
        for (const slot of ["gradient", "moment1", "moment2"] as const) {
          parameter.write(slot, Float32Array.from(slots[slot]));
        }
        return parameter;
      });
      const result = await bench.run(
        ({ builder }) => builder.optimizer(parameters, settings),
        {
          records: 1,
          length: 1,
          inputs: { learningRates: Float32Array.of(learningRate), optimizerStep: step },
        },
      );
      const comparisons: Comparison[] = [{
        // Squares are added in float32 over short stretches only, then in double.
        quantity: "gradient norm",
        got: result.gradientNorm,
        want: [norm],
        terms: [norm],
        limit: 1,
      }];
      wanted.forEach((want, i) => {
        for (const slot of ["value", "moment1", "moment2"] as const) {
          const got = parameters[i]!.read(slot);
          comparisons.push(within(LIMIT, { quantity: slot, got, want: want[slot] }));
        }
      });
      return comparisons;
    });
}

/** Adam, AdamW and SGD. */
export const suite: Suite = defineSuite({
  op: "optimizer",
  parameters: parameterList(),
  prepare,
});
