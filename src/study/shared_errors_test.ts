import assert from "node:assert/strict";
import type { Outcome } from "../compare/predictions.ts";
import { observed } from "../statistics/bootstrap.ts";
import { macroF1 } from "../statistics/f1.ts";
import { type Opinions, sharedErrors } from "./shared_errors.ts";

/** Two classes, no prior. */
const decider = { decision: "mean", weights: Float64Array.of(1, 1) } as const;

/** What networks said: the probability of class 1 by each. */
function record(truth: number, ...ones: number[]): Opinions {
  const outcomes = ones.map((p): Outcome => ({
    truth,
    predicted: Number(p > 0.5),
    said: { steps: 1, probabilities: [1 - p, p], votes: [1, 0] },
  }));
  return { outcomes, decider };
}

Deno.test("shared errors are counted, and scored alone, together and with their labels changed", () => {
  const statistic = macroF1(2, [0, 1]);
  const found = sharedErrors(
    [
      record(0, 0.1, 0.2, 0.3), // right by all
      record(1, 0.9, 0.4, 0.8), // one is wrong, together right
      record(1, 0.2, 0.3, 0.9), // two are wrong, together wrong
      record(0, 0.9, 0.9, 0.9), // the same wrong label, sure
      record(1, 0.4, 0.3, 0.4), // the same wrong label, not sure
    ],
    { classes: 2, score: (cells) => observed(cells, { cells: 4, statistic }) },
  );
  const { score, together, relabelled, ...counts } = found;
  assert.deepEqual(counts, {
    ...{ networks: 3, records: 5, sameWrong: 0.4, allRight: 0.2 },
    ...{ mostWrong: 0.6, allWrong: 0.4, sure: 0.5 },
  });
  const f1 = (...pairs: [number, number][]) => {
    const of = (c: number) => {
      const hits = pairs.filter(([truth, said]) => truth === c && said === c).length;
      const named = pairs.flat().filter((label) => label === c).length;
      return 2 * hits / named;
    };
    return (of(0) + of(1)) / 2;
  };
  const near = (value: number, expected: number) => assert.ok(Math.abs(value - expected) < 1e-12);
  const each = (last: [number, number][]) =>
    [[1, 0], [0, 0], [1, 1]].map(([second, third]) =>
      f1([0, 0], [1, second!], [1, third!], ...last)
    );
  const mean = (values: number[]) => values.reduce((a, b) => a + b) / values.length;
  near(score, mean(each([[0, 1], [1, 0]])));
  near(together!, f1([0, 0], [1, 1], [1, 0], [0, 1], [1, 0]));
  near(relabelled, mean(each([[1, 1], [0, 0]])));
});

Deno.test("without a shared wrong label, or without probabilities, there is no share of sure ones", () => {
  const options = { classes: 2, score: () => 0 };
  assert.equal(sharedErrors([record(0, 0.1, 0.9)], options).sure, null);
  const [first] = record(0, 0.9, 0.9).outcomes;
  const { truth, predicted } = first!;
  const silent = { outcomes: [{ truth, predicted }], decider };
  const { sure, together, sameWrong } = sharedErrors([silent], options);
  assert.deepEqual({ sure, together, sameWrong }, { sure: null, together: null, sameWrong: 1 });
  assert.throws(
    () => sharedErrors([record(0, 0.1), record(0, 0.1, 0.2)], options),
    /scored by 2 networks, another by 1/,
  );
});
