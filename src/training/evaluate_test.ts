import assert from "node:assert/strict";
import { evaluate } from "./evaluate.ts";
import { SMALL, withBench } from "./testing.ts";

Deno.test("in evaluation a record's loss and label do not depend on what it is batched with", async () => {
  // The full depth: every padding rule and both kinds of shortcut take part.
  const network = { ...SMALL.network, filters: 8, kernel: 16, blocks: 16, blocksPerStage: 4 };
  const outcomes = [];
  for (const batchSize of [1, 4, 11, 32]) {
    outcomes.push(
      await withBench({ network, batchSize }, async (bench) => {
        // Shifts that would leak past a record's end if anything did.
        for (const { name, parameter } of bench.network.parameters) {
          if (name.endsWith(".beta") || name.endsWith(".bias")) {
            parameter.write("value", new Float32Array(parameter.size).fill(0.3));
          }
        }
        return (await evaluate(bench, "dev")).predictions;
      }),
    );
  }
  for (const predictions of outcomes.slice(1)) assert.deepEqual(predictions, outcomes[0]);
});
