import assert from "node:assert/strict";
import { loadOpGoldens } from "../golden/op_goldens.ts";
import { crossEntropy, type LossOptions } from "./cross_entropy.ts";
import { signals } from "./signals.ts";
import { assertClose, assertGradient, randomSignals } from "./testing.ts";

Deno.test("a loss worked by hand", () => {
  // Softmax of (ln 1, ln 3) is (1/4, 3/4); of equal logits (1/2, 1/2), where class 0 comes first.
  const logits = signals([0, 0, Math.log(3), 0, 9, 9, 9, 9], {
    lengths: [2, 0],
    channels: 2,
    length: 2,
  });
  const result = crossEntropy(logits, [0, 1]);
  assertClose([result.loss], [(Math.log(4) + Math.log(2)) / 2], { tolerance: 1e-15, what: "loss" });
  assert.equal(result.valid, 2);
  assert.equal(result.correct, 1);
  assertClose(result.dlogits.value.values, [-0.375, -0.25, 0.375, 0.25, 0, 0, 0, 0], {
    tolerance: 1e-15,
    what: "dlogits",
  });
});

Deno.test("no valid steps have no loss", () => {
  const result = crossEntropy(signals([1, 2], { lengths: [0], channels: 2, length: 1 }), [1]);
  assert.deepEqual([result.loss, result.valid, result.correct], [0, 0, 0]);
});

Deno.test("the gradient agrees with finite differences", () => {
  const lengths = [3, 1];
  const logits = randomSignals("logits", { lengths, channels: 4, length: 3 });
  const labels = [3, 0];
  assertGradient(() => crossEntropy(logits, labels).loss, {
    variable: logits.values,
    gradient: crossEntropy(logits, labels).dlogits.value.values,
    what: "dlogits",
  });
});

Deno.test("each setting worked by hand", () => {
  // Softmax of (0, ln 3) is (1/4, 3/4).
  const logits = signals([0, Math.log(3)], { lengths: [1], channels: 2, length: 1 });
  const [near, far] = [-Math.log(0.75), -Math.log(0.25)];
  const check = (options: LossOptions, { label, loss, slope }: Record<string, number>) => {
    const result = crossEntropy(logits, [label!], options);
    assertClose([result.loss], [loss!], { tolerance: 1e-14, what: JSON.stringify(options) });
    // Of two classes the gradients are opposite unless the loss weighs them by themselves.
    assertClose(result.dlogits.value.values, [slope!, -slope!], {
      tolerance: 1e-14,
      what: "slope",
    });
  };
  check({ labelSmoothing: 0.2 }, { label: 1, loss: 0.9 * near + 0.1 * far, slope: 0.25 - 0.1 });
  check({ classWeights: [2, 5] }, { label: 0, loss: 2 * far, slope: 2 * (0.25 - 1) });
  check({ focal: 2 }, {
    label: 1,
    loss: 0.25 ** 2 * near,
    slope: 0.25 * (0.25 ** 2 + 2 * 0.75 * 0.25 * near),
  });
  // A teacher of (1/2, 1/2), at temperature 2: the network has (1, sqrt 3) / (1 + sqrt 3).
  const teacher = signals([7, 7], { lengths: [1], channels: 2, length: 1 });
  const own = 1 / (1 + Math.sqrt(3));
  check({ teachers: [teacher], temperature: 2, teacherWeight: 1 }, {
    label: 0,
    loss: 4 * (-Math.log(2) - (Math.log(own) + Math.log(1 - own)) / 2),
    slope: 2 * (own - 0.5),
  });
  // Two labels: 0.7 of the first, whose weight is 5, and 0.3 of the second, whose weight is 2.
  const second = { labels: [0], shares: [0.7] };
  check({ second }, { label: 1, loss: 0.7 * near + 0.3 * far, slope: 0.25 - 0.3 });
  check({ second, classWeights: [2, 5] }, {
    label: 1,
    loss: 0.7 * 5 * near + 0.3 * 2 * far,
    slope: 0.25 * (3.5 + 0.6) - 0.6,
  });
});

Deno.test("the loss of two labels is the mean of the losses of each, by their shares", () => {
  const shape = { lengths: [3, 1], channels: 4, length: 3 };
  const logits = randomSignals("logits", shape);
  const teachers = [randomSignals("teacher", shape)];
  const own = { labelSmoothing: 0.1, focal: 1.5, classWeights: [0.5, 1, 2, 3] };
  const settings: LossOptions[] = [{}, own, {
    ...own,
    teachers,
    temperature: 2,
    teacherWeight: 0.4,
  }];
  for (const options of settings) {
    const share = 0.3;
    const one = crossEntropy(logits, [3, 3], options);
    const other = crossEntropy(logits, [0, 0], options);
    const both = crossEntropy(logits, [3, 3], {
      ...options,
      second: { labels: [0, 0], shares: [share, share] },
    });
    const what = `two labels with ${Object.keys(options)}`;
    const tolerance = 1e-14;
    assertClose([both.loss], [share * one.loss + (1 - share) * other.loss], { tolerance, what });
    assertClose(
      both.dlogits.value.values,
      one.dlogits.value.values.map((slope, i) =>
        share * slope + (1 - share) * other.dlogits.value.values[i]!
      ),
      { tolerance, what },
    );
    assert.equal(both.correct, one.correct);
  }
});

Deno.test("the gradient of every setting agrees with finite differences", () => {
  const shape = { lengths: [3, 1], channels: 4, length: 3 };
  const logits = randomSignals("logits", shape);
  const teachers = ["one", "two", "three"].map((name) => randomSignals(name, shape));
  const labels = [3, 0];
  const own = { labelSmoothing: 0.1, focal: 1.5, classWeights: [0.5, 1, 2, 3] };
  const second = { labels: [1, 2], shares: [0.8, 0.35] };
  const settings: LossOptions[] = [
    { labelSmoothing: 0.1 },
    { focal: 2 },
    { focal: 0.5 },
    { classWeights: own.classWeights },
    { teachers: [teachers[0]!], temperature: 2, teacherWeight: 0.3 },
    { ...own, teachers, temperature: 3, teacherWeight: 0.6 },
    { second },
    { ...own, teachers, temperature: 3, teacherWeight: 0.6, second },
  ];
  for (const options of settings) {
    assertGradient(() => crossEntropy(logits, labels, options).loss, {
      variable: logits.values,
      gradient: crossEntropy(logits, labels, options).dlogits.value.values,
      what: `dlogits with ${Object.keys(options)}`,
    });
  }
});

Deno.test("losses agree with PyTorch", () => {
  const goldens = loadOpGoldens("cross_entropy");
  assert.equal(goldens.length, 2);
  for (const { name, settings, array, shape } of goldens) {
    const { labels, lengths } = settings as { labels: number[]; lengths: number[] };
    const [, channels, length] = shape("logits") as [number, number, number];
    const result = crossEntropy(signals(array("logits"), { lengths, channels, length }), labels);
    assertClose([result.loss], array("loss"), { tolerance: 1e-12, what: `${name}.loss` });
    assertClose(result.dlogits.value.values, array("dlogits"), { tolerance: 1e-12, what: name });
  }
});
