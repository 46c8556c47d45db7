import assert from "node:assert/strict";
import { loadOpGoldens } from "../golden/op_goldens.ts";
import { crossEntropy } from "./cross_entropy.ts";
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
