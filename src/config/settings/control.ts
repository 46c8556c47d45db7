/**
 * Settings of a control: which run it branches off and how. `deno task lth control` makes them.
 *
 * @module
 */
import { z } from "zod";
import { controlKind, CONTROLS } from "../controls.ts";
import { choice, structure, text } from "../kinds.ts";
import { optional, setting } from "../setting.ts";

const made = "deno task lth control makes it";

export const control = optional({
  kind: setting({ ...choice(CONTROLS), schema: controlKind }, {
    label: "Control",
    help: "what the control changes",
    made,
  }),
  /** Name of the run whose masks are used, or the path of its directory. */
  base: setting(text("the name of a run"), {
    label: "Control of run",
    help: "the run that the control branches off",
    made,
  }),
  /** SHA-256 over the base's masks of the chosen rounds: a control cannot change its base. */
  masksSha256: setting(text("a sha256"), {
    label: "Masks sha256",
    help: "sha256 of the base's masks",
    made,
  }),
  /** Rounds of the base that have a control, in order; 0, the dense one, for "reorder" alone. */
  rounds: setting(
    structure(z.array(z.number().int().min(0)).min(1), {
      expected: "round numbers",
      text: (rounds) => rounds.join(","),
    }),
    { label: "Controlled rounds", help: "rounds of the base that are repeated", made },
  ),
}, { why: made });
