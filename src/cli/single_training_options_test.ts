/** The options of modes that train once and change the mask meanwhile. */
import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { type Config, parseConfig } from "../config/config.ts";
import { changedConfig } from "../config/overrides.ts";
import { presetConfig } from "../config/presets.ts";
import { parseLthOptions } from "./lth_options.ts";

function configOf(args: readonly string[], base: Config = presetConfig("wearable", "cpu")): Config {
  const { device: _device, ...overrides } = parseLthOptions(args);
  return changedConfig(base, overrides);
}

Deno.test("a mode and a target are enough; flags change the schedule of the mode", () => {
  const { pruning, training } = configOf(["--mode", "rigl", "--target", "15.6"]);
  assert.deepEqual(pruning, {
    rounds: 1,
    target: 15.6,
    schedule: { kind: "rigl", every: "100it", share: 0.3, end: 0.75 },
    criterion: "magnitude",
    keepLayers: [],
  });
  assert.equal(training.kernels, "density");
  const schedules: [string[], Config["pruning"]["schedule"]][] = [
    [["set"], { kind: "set", every: "1ep", share: 0.3, end: 1 }],
    [["set", "--mask-share", "0.2", "--mask-every", "50it"], {
      ...{ kind: "set", every: "50it", share: 0.2, end: 1 },
    }],
    [["gradual"], { kind: "gradual", every: "100it", begin: 0, end: 0.75 }],
    [["gradual", "--mask-begin", "0.1", "--mask-end", "0.9", "--criterion", "layer-magnitude"], {
      ...{ kind: "gradual", every: "100it", begin: 0.1, end: 0.9 },
    }],
  ];
  for (const [args, schedule] of schedules) {
    const config = configOf(["--target", "98", "--mode", ...args]);
    assert.deepEqual(config.pruning.schedule, schedule);
    // It is read back, and a resumed run that repeats an option agrees.
    assert.deepEqual(parseConfig(JSON.parse(JSON.stringify(config)), "it"), config);
    assert.deepEqual(configOf(["--target", "98"], config), config);
  }
});

Deno.test("options that contradict a single training are refused in one sentence", () => {
  const cases: [string, RegExp][] = [
    ["set", /--mode set without a compression: .* add --target, e\.g\. --target 15\.6$/],
    ["set --target 9 --rounds 3", /^Cannot use --mode set and --rounds together: it trains once/],
    ["rigl --target 9 --prune 0.5", /^Cannot use --mode rigl and --prune together: it trains once/],
    ["rigl --one-shot 9", /^Cannot use --mode rigl and --one-shot together: it trains once/],
    [
      "gradual --target 9 --same-noise",
      /--mode gradual and --same-noise together: it has no rounds$/,
    ],
    ["set --target 9 --rewind-to 2ep", /--mode set and --rewind-to 2ep together/],
    ["set --target 9 --kernels timed", /--kernels timed together: kernels are timed for one mask/],
    ["gradual --target 9 --criterion snip", /pruning\.criterion: expected one that ranks trained/],
    ["rigl --target 9 --criterion random", /pruning\.criterion: expected magnitude with mode rigl/],
    [
      "gradual --target 9 --early-stop 3",
      /training\.earlyStopping: expected none with mode gradual/,
    ],
    ["gradual --target 9 --mask-share 0.2", /--mask-share .* only set and rigl have one$/],
    ["rigl --target 9 --mask-begin 0.2", /--mask-begin .* only gradual has one$/],
    ["lr-rewind --mask-every 9it", /--mask-every .* only gradual, set and rigl have one$/],
    [
      "lr-rewind --set pruning.schedule.kind=set",
      /expected fixed, sahu or one-shot with mode lr-rewind/,
    ],
  ];
  for (const [args, message] of cases) {
    assert.throws(() => configOf(["--mode", ...args.split(" ")]), (error) => {
      assert.ok(error instanceof UsageError, args);
      assert.match(error.message, message, args);
      return true;
    });
  }
  const rigl = configOf(["--mode", "rigl", "--target", "9"]);
  for (
    const [args, message] of [
      ["--mode lr-rewind", /pruning\.schedule\.kind: expected fixed, .* not rigl/],
      ["--rounds 2", /pruning\.rounds: expected 1 with mode rigl, which trains once, not 2/],
      ["--rewind-to 3it", /rewindTo: expected 0 with mode rigl, which never rewinds, not 3it/],
      ["--kernels timed", /training\.kernels: expected density with mode rigl/],
    ] as const
  ) {
    assert.throws(() => configOf(args.split(" "), rigl), message);
  }
});
