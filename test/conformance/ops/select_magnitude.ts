/**
 * Cases of global magnitude selection. Masks are exact.
 *
 * @module
 */
import { withBench } from "../bench.ts";
import { createPicker, type Density, makeMask, makeValues } from "../inputs.ts";
import { selectMagnitude } from "../reference/select_magnitude.ts";
import { type Check, defineSuite, type Suite } from "../suite.ts";

interface SelectParameters {
  /** Elements of each tensor. */
  readonly sizes: readonly number[];
  /** Fraction of weights that survive before. */
  readonly density: Density;
  /** Fraction of the surviving weights to keep. */
  readonly keep: number;
  /** Different magnitudes; 0 for all of float32's, which hardly ever tie. */
  readonly levels: number;
  readonly seed: number;
}

function parameterList(): SelectParameters[] {
  const list: SelectParameters[] = [];
  const { pick } = createPicker("selection cases");
  for (const sizes of [[1], [3, 1, 8], [1000, 5, 777], [60_000, 40_000, 1]]) {
    for (const density of [1, 0.5, 0.01, "one"] as const) {
      for (const levels of [0, 1, 3]) {
        for (const keep of [0.8, pick([0, 0.5, 0.002, 1])]) {
          list.push({ sizes, density, keep, levels, seed: list.length });
        }
      }
    }
  }
  return list;
}

function prepare(p: SelectParameters): Check {
  const { seed, levels } = p;
  const tensors = p.sizes.map((size, i) => {
    const alive = makeMask(size, { seed: seed * 10 + i, density: p.density });
    // With levels, magnitudes from 0 on, of both signs: -0 among them.
    const value = makeValues(size, { seed, name: `tensor ${i}`, scale: levels || 1 })
      .map((v, at) => (levels ? Math.trunc(v) : v) * alive[at]!);
    return { value, alive };
  });
  const alive = tensors.reduce((sum, t) => sum + t.alive.reduce((a, b) => a + b, 0), 0);
  const keep = Math.floor(alive * p.keep);
  const want = selectMagnitude(tensors, keep);

  return (device) =>
    withBench(device, (bench) => {
      const parameters = tensors.map((t) =>
        bench.parameter([t.value.length], { value: t.value, mask: t.alive })
      );
      const got = device.selectMagnitude(parameters, keep);
      const after = parameters.map((parameter) => parameter.readMask());
      return Promise.resolve(tensors.flatMap((t, i) => [
        { quantity: `mask of tensor ${i}`, got: got[i]!, want: want[i]! },
        { quantity: `tensor ${i}'s own mask afterwards`, got: after[i]!, want: t.alive },
      ]));
    });
}

/** The exact number of survivors over all tensors, with ties and pruned weights. */
export const suite: Suite = defineSuite({
  op: "select_magnitude",
  parameters: parameterList(),
  prepare,
});
