import assert from "node:assert/strict";
import { loadOpGoldens } from "../golden/op_goldens.ts";
import { shortcut, shortcutBackward } from "./shortcut.ts";
import { signals } from "./signals.ts";
import { assertClose } from "./testing.ts";

Deno.test("a shortcut worked by hand", () => {
  // The last window of the first record reaches past its end, where zeros would win over -3.
  const x = signals([1, 2, -3, 9, 7, 7, 0, 0], { lengths: [3, 2], channels: 1, length: 4 });
  const y = shortcut(x, { stride: 2, channels: 2 });
  assert.deepEqual([...y.values], [2, -3, 0, 0, 7, 0, 0, 0]);
  assert.deepEqual([...y.lengths], [2, 1]);
  const dy = signals([10, 20, 5, 5, 30, 5, 5, 5], { lengths: [2, 1], channels: 2, length: 2 });
  // Of the equal sevens the first receives the gradient.
  const dx = shortcutBackward(x, { dy, stride: 2 });
  assert.deepEqual([...dx.values], [0, 10, 20, 0, 30, 0, 0, 0]);
});

Deno.test("stride 1 copies", () => {
  const x = signals([1, -2], { lengths: [2], channels: 1, length: 2 });
  assert.deepEqual([...shortcut(x, { stride: 1, channels: 2 }).values], [1, -2, 0, 0]);
});

Deno.test("shortcuts agree with PyTorch", () => {
  const goldens = loadOpGoldens("shortcut");
  assert.equal(goldens.length, 3);
  for (const { name, settings, array, shape } of goldens) {
    const { stride, lengths } = settings as { stride: number; lengths: number[] };
    const [, channels, length] = shape("x") as [number, number, number];
    const x = signals(array("x"), { lengths, channels, length });
    const y = shortcut(x, { stride, channels: shape("y")[1]! });
    const dy = signals(array("dy"), { ...y, lengths: y.lengths });
    const dx = shortcutBackward(x, { dy, stride });
    assertClose(y.values, array("y"), { tolerance: 0, what: `${name}.y` });
    assertClose(dx.values, array("dx"), { tolerance: 0, what: `${name}.dx` });
  }
});
