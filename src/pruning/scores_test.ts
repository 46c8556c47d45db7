import assert from "node:assert/strict";
import { signals } from "../../test/conformance/reference/signals.ts";
import { createRng } from "../core/rng.ts";
import { GradientProbe } from "../training/gradient.ts";
import { takeSnapshot } from "../training/snapshot.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { BRANCHING, SMALL, SMALL_SIZE, withBench, withGraph } from "../training/testing.ts";
import type { Workbench } from "../training/workbench.ts";
import { graspScores, RELATIVE_STEP } from "./criteria/grasp.ts";
import { scoringBatches } from "./scoring_batches.ts";
import { snipScores } from "./criteria/snip.ts";
import { synflowKeeps, synflowScores } from "./criteria/synflow.ts";
import { referenceLogits, referenceLoss, type Weights, weightsOf } from "./testing.ts";

/** One short batch keeps the float64 network quick. */
const ONE_BATCH = { batchSize: 3 };

/** Networks, and the convolutions through which all flow passes. */
const NETWORKS = [
  { about: "the residual network", network: SMALL.network, narrow: ["stem", "head"] },
  { about: "a network that branches", network: withGraph(BRANCHING), narrow: ["head"] },
];

function lossAt(bench: Workbench, weights: Weights): number {
  return referenceLoss(bench, { weights, batches: scoringBatches(bench) });
}

/** Weights to check: some of every prunable tensor. */
function sample(
  bench: Workbench,
  perTensor: number,
): { tensor: number; name: string; at: number }[] {
  const rng = createRng(4, "sample");
  return bench.network.prunable.flatMap(({ name, parameter }, tensor) =>
    Array.from({ length: perTensor }, () => ({ tensor, name, at: rng.integer(parameter.size) }))
  );
}

/** Root mean square of scores; errors are relative to it. */
function size(scores: readonly Float64Array[]): number {
  const all = scores.flatMap((tensor) => [...tensor]);
  return Math.sqrt(all.reduce((sum, x) => sum + x * x, 0) / all.length);
}

for (const { about, network } of NETWORKS) {
  Deno.test(`SNIP's scores are |w dL/dw| of the loss in float64, and change nothing: ${about}`, () =>
    withBench({ ...ONE_BATCH, network }, async (bench) => {
      const before = takeSnapshot(bench.network, { optimiser: true });
      const scores = await snipScores(bench);
      assert.deepEqual(takeSnapshot(bench.network, { optimiser: true }), before);
      const weights = weightsOf(bench);
      for (const { tensor, name, at } of sample(bench, 2)) {
        const values = weights.get(name)!;
        const w = values[at]!;
        const h = 1e-7; // short, because a rectifier that switches within the step would show
        values[at] = w + h;
        const above = lossAt(bench, weights);
        values[at] = w - h;
        const below = lossAt(bench, weights);
        values[at] = w;
        const expected = Math.abs(w * (above - below) / (2 * h));
        const error = Math.abs(scores[tensor]![at]! - expected) / size(scores);
        assert.ok(error < 1e-4, `${name}[${at}]: ${scores[tensor]![at]}, expected ${expected}`);
      }
    }));
}

Deno.test("GraSP's scores are w (H g): mixed differences of the loss in float64", () =>
  withBench(ONE_BATCH, async (bench) => {
    const before = takeSnapshot(bench.network, { optimiser: true });
    const scores = await graspScores(bench);
    assert.deepEqual(takeSnapshot(bench.network, { optimiser: true }), before);
    const weights = weightsOf(bench);
    const gradients = await gradientsOf(bench);
    const flat = (tensors: Iterable<Float64Array>) => [...tensors].flatMap((t) => [...t]);
    const norm = (xs: number[]) => Math.hypot(...xs);
    const prunable = new Set(gradients.keys());
    const initial = flat([...weights].filter(([name]) => prunable.has(name)).map(([, t]) => t));
    const step = RELATIVE_STEP * norm(initial) / norm(flat(gradients.values()));
    /** L with weight `at` moved by a and all weights by b along the gradient. */
    const moved = (place: { name: string; at: number }, [a, b]: [number, number]) => {
      const there: Weights = new Map(
        [...weights].map(([name, values]) => {
          const gradient = gradients.get(name);
          return [name, gradient ? values.map((w, i) => w + b * gradient[i]!) : values];
        }),
      );
      there.get(place.name)![place.at]! += a;
      return lossAt(bench, there);
    };
    for (const place of sample(bench, 1)) {
      const h = 1e-5;
      const mixed = moved(place, [h, step]) - moved(place, [-h, step]) -
        moved(place, [h, -step]) + moved(place, [-h, -step]);
      const expected = weights.get(place.name)![place.at]! * mixed / (4 * h * step);
      const got = scores[place.tensor]![place.at]!;
      const error = Math.abs(got - expected) / size(scores);
      assert.ok(error < 1e-2, `${place.name}[${place.at}]: ${got}, expected ${expected}`);
    }
  }));

/** dL/dw of the prunable tensors by the backend, which SNIP's test has checked. */
async function gradientsOf(bench: Workbench): Promise<Weights> {
  using probe = new GradientProbe(bench, scoringBatches(bench));
  const gradients = await probe.measure();
  return new Map(bench.network.prunable.map(({ name }, t) => [name, gradients[t]!]));
}

Deno.test("removing GraSP's lowest scores lets the gradient grow, removing its highest lets it shrink", () =>
  withBench(ONE_BATCH, async (bench) => {
    const scores = await graspScores(bench);
    const squared = async () => {
      const gradients = [...(await gradientsOf(bench)).values()].flatMap((t) => [...t]);
      return gradients.reduce((sum, x) => sum + x * x, 0);
    };
    const start = await squared();
    for (const sign of [1, -1]) {
      // A hundredth of the way towards removing the fifth with the highest (lowest) scores.
      const order = scores.flatMap((tensor) => [...tensor]).sort((a, b) => sign * (b - a));
      const threshold = order[Math.floor(order.length / 5)]!;
      const values = bench.network.prunable.map(({ parameter }) => parameter.read("value"));
      bench.network.prunable.forEach(({ parameter }, t) => {
        const cut = (score: number) => sign * (score - threshold) > 0;
        parameter.write("value", values[t]!.map((w, i) => cut(scores[t]![i]!) ? 0.99 * w : w));
      });
      const change = await squared() - start;
      assert.ok(sign * change < 0, `${sign}: ${change} of ${start}`);
      bench.network.prunable.forEach(({ parameter }, t) => parameter.write("value", values[t]!));
    }
  }));

for (const { about, network, narrow } of NETWORKS) {
  Deno.test(`SynFlow's scores are |w| dR/d|w| inside a long input of ones: ${about}`, () =>
    withBench({ network }, (bench) => {
      const scores = synflowScores(bench.network);
      const weights: Weights = new Map(
        [...weightsOf(bench)].map(([name, values]) => [name, values.map(Math.abs)]),
      );
      const length = 128;
      const ones = signals(new Array(length).fill(1), { channels: 1, length, lengths: [length] });
      /** R of one prediction far from both ends. */
      const flow = () => {
        const { values, channels, length } = referenceLogits(ones, {
          bench,
          weights,
          byBatch: false,
        });
        const at = Math.floor(length / 2);
        return Array.from({ length: channels }, (_, c) => values[c * length + at]!)
          .reduce((sum, x) => sum + x, 0);
      };
      const total = flow();
      for (const { tensor, name, at } of sample(bench, 6)) {
        const values = weights.get(name)!;
        const w = values[at]!;
        // R is a line in each single weight: w dR/dw = R(w) - R(0).
        values[at] = 0;
        const expected = total - flow();
        values[at] = w;
        const ratio = scores[tensor]![at]! / expected;
        assert.ok(Math.abs(ratio - 1) < 1e-9, `${name}[${at}]: ${ratio}`);
      }
      // A layer through which all flow passes has all of it (Tanaka et al., theorem 2).
      for (const name of narrow) {
        const tensor = bench.network.prunable.findIndex((each) => each.name === `${name}.weight`);
        const sum = scores[tensor]!.reduce((a, b) => a + b, 0);
        assert.ok(Math.abs(sum / total - 1) < 1e-9, `${sum} of ${total}`);
      }
      return Promise.resolve();
    }));
}

Deno.test("SynFlow's flow is finite in the full network", () => {
  const size = { ...SMALL_SIZE, filters: 32, kernel: 16, blocks: 16, blocksPerStage: 4 };
  const network = withGraph(resnet1dGraph(size));
  return withBench({ network }, (bench) => {
    for (const tensor of synflowScores(bench.network)) {
      const largest = tensor.reduce((a, b) => Math.max(a, b), 0);
      assert.ok(largest > 1e20 && largest < 1e200, `${largest}`);
    }
    return Promise.resolve();
  });
});

Deno.test("SynFlow prunes exponentially in 100 steps", () => {
  const keeps = synflowKeeps(10_000, 100);
  assert.equal(keeps.length, 100);
  assert.equal(keeps[49], 1000);
  assert.equal(keeps[99], 100);
  assert.ok(keeps.every((keep, i) => i === 0 || keep < keeps[i - 1]!));
});
