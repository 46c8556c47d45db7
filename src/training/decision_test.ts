import assert from "node:assert/strict";
import {
  deciderOf,
  decisionOf,
  type DecisionRule,
  decisionRule,
  describeRule,
  predictRecord,
  priorsOf,
  smoothedPriors,
  UNNAMED_RULE,
} from "./decision.ts";
import { Tally } from "./tally.ts";

const near = (a: number, b: number) => Math.abs(a - b) < 1e-12;
const RULE: DecisionRule = { decision: "vote", priorExponent: 1, priorUnit: "records" };

Deno.test("priors are those of awni/ecg's notebook, up to a factor that classes share", () => {
  // Its training set is CinC 2017 (A 758, N 5076, O 2415, ~ 279) less its dev set, whose numbers the
  // notebook prints (80, 508, 233, 31). It adds 500 to each count and divides by the records plus one.
  const counts = [758 - 80, 5076 - 508, 2415 - 233, 279 - 31];
  const notebook = [1178 / 7677, 5068 / 7677, 2682 / 7677, 748 / 7677];
  const priors = [...smoothedPriors(counts)];
  priors.forEach((prior, c) => assert.ok(near(prior * 7680 / 7677, notebook[c]!)));
  assert.deepEqual(priors.map((p) => p.toFixed(4)), ["0.1534", "0.6599", "0.3492", "0.0974"]);
});

Deno.test("priors count records or their whole steps", () => {
  // A split of 6,140 records of CinC 2017, as they are divided among the classes, of 2 to 3 steps.
  const counts = [546, 3654, 1739, 201];
  const labels = counts.flatMap((count, c) => Array.from({ length: count }, () => c));
  const lengths = labels.map((label) => label === 1 ? 600 : 1000);
  const of = (
    unit: "records" | "steps",
  ) => [...priorsOf({ lengths, labels }, { classes: 4, hop: 256, unit })];
  assert.deepEqual(of("records").map((p) => p.toFixed(3)), ["0.170", "0.676", "0.364", "0.114"]);
  const steps = [546 * 3, 3654 * 2, 1739 * 3, 201 * 3];
  const total = steps.reduce((a, b) => a + b);
  assert.deepEqual(of("steps"), steps.map((count) => (count + 500) / (total + 4)));
});

Deno.test("a vote is corrected by the prior, counts only the record's own steps, and breaks ties", () => {
  // Two classes, three steps, the last one padding. softmax(0.1, 0) prefers class 0 slightly,
  // but class 0 is four times as common.
  const logits = Float32Array.of(0.1, 0.1, 9, 0, 0, -9);
  const decider = deciderOf(RULE, [0.8, 0.2]);
  const one = predictRecord(logits, { rowLength: 3, steps: 2, decider, truth: 0 });
  assert.equal(one.label, 1);
  const expected = Math.log(1 + Math.exp(-Math.fround(0.1)));
  assert.ok(near(one.loss, expected));
  assert.deepEqual(one.votes, [0, 2]);
  assert.ok(near(one.probabilities[0]!, 1 / (1 + Math.exp(-Math.fround(0.1)))));
  // One vote each: the larger sum of corrected probabilities wins.
  const tie = predictRecord(Float32Array.of(0.2, 0, 0, 3), {
    rowLength: 2,
    steps: 2,
    decider: deciderOf(RULE, [0.5, 0.5]),
    truth: 1,
  });
  assert.equal(tie.label, 1);
  assert.deepEqual(tie.votes, [1, 1]);
});

Deno.test("hand-worked: the rules disagree where they should", () => {
  // Three steps say 0.6 / 0.4 / 0, one says 0 / 0.1 / 0.9.
  const steps = [[0.6, 0.4, 0], [0.6, 0.4, 0], [0.6, 0.4, 0], [0, 0.1, 0.9]];
  const priors = [0.64, 0.25, 0.16];
  const decide = (rule: Partial<DecisionRule>) => {
    const tally = new Tally(deciderOf({ ...RULE, ...rule }, priors));
    steps.forEach((softmax) => tally.add(softmax));
    return tally;
  };
  // softmax / prior: 0.94, 1.6, 0; and 0, 0.4, 5.6.
  assert.deepEqual([...decide({}).votes], [0, 3, 1]);
  assert.equal(decide({}).label, 1);
  // Exponent 0.5 divides by 0.8, 0.5, 0.4: 0.75, 0.8, 0.
  assert.equal(decide({ priorExponent: 0.5 }).label, 1);
  // No prior: 3 votes for class 0.
  assert.deepEqual([...decide({ priorExponent: 0 }).votes], [3, 0, 1]);
  assert.equal(decide({ priorExponent: 0 }).label, 0);
  // Means 0.45, 0.325, 0.225: over priors 0.703, 1.3, 1.406; over their roots 0.5625, 0.65, 0.5625.
  const mean = { decision: "mean" } as const;
  assert.equal(decide({ ...mean, priorExponent: 0 }).label, 0);
  assert.equal(decide({ ...mean, priorExponent: 0.5 }).label, 1);
  assert.equal(decide({ ...mean, priorExponent: 1 }).label, 2);
  const { probabilities, scores } = decide({ ...mean, priorExponent: 0.5 });
  [0.45, 0.325, 0.225].forEach((p, c) => assert.ok(near(p, probabilities[c]!)));
  [0.5625, 0.65, 0.5625].forEach((s, c) => assert.ok(near(s / 1.775, scores[c]!)));
});

Deno.test("a tally's label is that of the record so far", () => {
  const tally = new Tally(deciderOf({ ...RULE, decision: "mean", priorExponent: 0 }, [0.5, 0.5]));
  assert.deepEqual(tally.probabilities, [0, 0]);
  const labels = [[0.9, 0.1], [0.2, 0.8], [0.3, 0.7], [0.4, 0.6]].map((softmax) => {
    tally.add(softmax);
    return tally.label;
  });
  assert.deepEqual(labels, [0, 0, 1, 1]); // sums 0.9, 1.1 of 2; then 1.4 of 3
});

Deno.test("a configuration tells its rule, also an older one", () => {
  assert.match(decisionOf({}), /^Decision: most votes .* from before the rule was named\.$/);
  assert.match(decisionOf({ score: RULE }), /^Decision: most votes .*training records\)\.$/);
});

Deno.test("a rule is checked strictly and described in words", () => {
  assert.deepEqual(decisionRule.parse(UNNAMED_RULE), UNNAMED_RULE);
  for (
    const wrong of [
      { ...RULE, priorExponent: -0.1 },
      { ...RULE, priorExponent: NaN },
      { ...RULE, decision: "median" },
      { ...RULE, extra: 1 },
    ]
  ) assert.equal(decisionRule.safeParse(wrong).success, false, JSON.stringify(wrong));
  assert.equal(
    describeRule(UNNAMED_RULE),
    "most votes of the steps, each for the largest softmax / prior (priors from training steps)",
  );
  assert.equal(
    describeRule({ decision: "mean", priorExponent: 0, priorUnit: "records" }),
    "largest mean softmax over the steps (no prior)",
  );
});
