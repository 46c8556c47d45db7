import assert from "node:assert/strict";
import { presetConfig } from "../config/presets.ts";
import type { Overrides } from "../config/types.ts";
import { applyOverrides } from "../run/resolve.ts";
import { roundTitle } from "./terminal_observer.ts";

Deno.test("a round's title says which share of the weights is trained, and where a single training ends", () => {
  const title = (density: number, options: Overrides, round = 1) =>
    roundTitle(round, {
      density,
      prunable: 1000,
      config: applyOverrides(presetConfig("quick", "cpu"), options),
    });
  assert.equal(title(1, {}, 0), "Round 0, dense");
  assert.equal(title(0.5, {}), "Round 1, 50.0 % of the weights");
  const gradual = { mode: "gradual", target: 8 } as const;
  assert.equal(title(1, gradual), "One training, from 100.0 % to 12.5 % of the weights");
  assert.equal(title(0.4, gradual), "One training, from 40.0 % to 12.5 % of the weights");
  assert.equal(title(0.125, gradual), "One training at 12.5 % of the weights");
  assert.equal(
    title(0.125, { mode: "rigl", target: 8 }),
    "One training at 12.5 % of the weights",
  );
  // A control trains the mask that the single training ended with.
  const config = applyOverrides(presetConfig("quick", "cpu"), gradual);
  const control = { kind: "reinit", base: "b", masksSha256: "", rounds: [1] } as const;
  assert.equal(
    roundTitle(1, {
      density: 0.125,
      prunable: 1000,
      config: { ...config, control: { ...control, rounds: [1] } },
    }),
    "Round 1, 12.5 % of the weights",
  );
});
