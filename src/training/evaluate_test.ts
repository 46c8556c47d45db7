import assert from "node:assert/strict";
import { TEST_BACKEND } from "../addon/testing.ts";
import { evaluate } from "./evaluate.ts";
import type { Prediction } from "./decision.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { SMALL_SIZE, withBench, withGraph } from "./testing.ts";

Deno.test("in evaluation a record's loss and label do not depend on its batch", async () => {
  // The full depth uses every padding rule and both kinds of shortcut.
  const size = { ...SMALL_SIZE, filters: 8, kernel: 16, blocks: 16, blocksPerStage: 4 };
  const network = withGraph(resnet1dGraph(size));
  const outcomes: (readonly Prediction[])[] = [];
  // A GPU splits sums depending on the batch, so results agree up to rounding.
  const sizes = TEST_BACKEND === "cpu" ? [1, 4, 11, 32] : [3, 32];
  for (const batchSize of sizes) {
    outcomes.push(
      await withBench({ network, batchSize }, async (bench) => {
        // Shifts that would show a leak past a record's end.
        for (const { name, parameter } of bench.network.parameters) {
          if (name.endsWith(".beta") || name.endsWith(".bias")) {
            parameter.write("value", new Float32Array(parameter.size).fill(0.3));
          }
        }
        return (await evaluate(bench, "dev")).predictions;
      }),
    );
  }
  for (const predictions of outcomes.slice(1)) {
    if (TEST_BACKEND === "cpu") assert.deepEqual(predictions, outcomes[0]);
    for (const [i, { label, loss, steps }] of predictions.entries()) {
      const other = outcomes[0]![i]!;
      assert.deepEqual([label, steps], [other.label, other.steps]);
      assert.ok(Math.abs(loss - other.loss) <= 3e-5 * other.loss, `${loss}, ${other.loss}`);
    }
  }
});
