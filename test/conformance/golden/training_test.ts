/**
 * The golden training run of PyTorch, replayed on every device through the op table.
 */
import assert from "node:assert/strict";
import { loadAddon } from "../../../src/addon/addon.ts";
import { candidates } from "../devices.ts";
import { replayGolden } from "./replay.ts";
import { assertReplays, describeDifferences, worstDifferences } from "./replay_check.ts";
import { type GoldenVariant, loadGolden } from "./training_golden.ts";

const golden = loadGolden();

Deno.test("the golden run has the variants and shapes that it is described with", () => {
  const { settings, initial, results } = golden;
  assert.equal(initial.get("stem.weight")!.data.length, settings.filters * settings.kernel);
  assert.deepEqual(initial.get("block2.conv1.weight")!.shape, [8, 4, 16]);
  for (const variant of ["dense", "masked", "usual_epsilon"] as const) {
    assert.equal(results[variant].losses.length, settings.steps);
    assert.ok(results[variant].losses.at(-1)! < results[variant].losses[0]!);
  }
  // The clip acts in some steps and not in others.
  assert.ok(results.dense.gradientNorms.every((norm) => norm > settings.clipNorm));
  assert.ok(results.masked.gradientNorms.some((norm) => norm < settings.clipNorm));
  assert.equal(results.masked.masks.size, 10);
});

Deno.test("every device repeats the golden training run", async (t) => {
  const addon = loadAddon();
  const present = (await candidates(addon)).filter(({ absence }) => absence === null);
  assert.ok(present.length > 0, "No backend can be tested here");
  for (const { name, options } of present) {
    for (const variant of ["dense", "masked", "usual_epsilon"] as GoldenVariant[]) {
      await t.step(`${name}, ${variant}`, async () => {
        const device = new addon.Device(options);
        try {
          const replayed = await replayGolden(device, { golden, variant });
          const worst = worstDifferences(golden.results[variant], replayed);
          console.log(`  ${name}, ${variant}, ${describeDifferences(worst)}`);
          assertReplays(golden.results[variant], replayed);
        } finally {
          await device.close();
        }
      });
    }
  }
});
