import assert from "node:assert/strict";
import { UsageError } from "../core/errors.ts";
import { noiseDataset } from "../training/testing.ts";
import { croppedLength, nativeAugmentation, refuseUnusableStretch } from "./augmentation.ts";
import { parseConfig } from "./config.ts";
import { applyOverrides } from "../run/resolve.ts";
import { presetConfig } from "./presets.ts";

const quick = presetConfig("quick", "cpu");
const augmented = (overrides: Parameters<typeof applyOverrides>[1]) =>
  applyOverrides(quick, overrides).training.augment;

Deno.test("older runs, and runs that ask for no augmentation, have none", () => {
  const { augment: _, ...training } = quick.training;
  assert.equal(parseConfig({ ...quick, training }, "it").training.augment, null);
  assert.equal(augmented({ epochs: 3 }), null);
});

Deno.test("options change their settings, earlier settings stay, and off removes them", () => {
  const config = applyOverrides(quick, { stretch: [0.67, 1.33], wander: [0, 0.2], masks: [2, 1] });
  assert.deepEqual(config.training.augment, {
    stretch: [0.67, 1.33],
    crop: null,
    amplitude: null,
    wander: { amplitude: [0, 0.2], frequency: [0.05, 0.5] },
    noise: null,
    bursts: null,
    masks: { count: 2, seconds: 1 },
    mixup: null,
  });
  const later = applyOverrides(config, { wanderFrequency: [0.1, 0.2], stretch: null, masks: null });
  assert.deepEqual(later.training.augment?.wander, { amplitude: [0, 0.2], frequency: [0.1, 0.2] });
  assert.equal(later.training.augment?.stretch, null);
  assert.equal(applyOverrides(later, { wander: null }).training.augment, null);
  assert.deepEqual(parseConfig(JSON.parse(JSON.stringify(config)), "it"), config);
});

Deno.test("wrong settings are refused with their name and value", () => {
  const cases: [Parameters<typeof applyOverrides>[1], RegExp][] = [
    [
      { stretch: [1.33, 0.67] },
      /stretch: expected a range from low to high within 0.0625 to 16, not 1.33 to 0.67/,
    ],
    [{ stretch: [0, 1] }, /augment\.stretch: .* not 0 to 1/],
    [{ stretch: [1, 17] }, /augment\.stretch: .* not 1 to 17/],
    [{ amplitude: [-1, 1] }, /augment\.amplitude: .* not -1 to 1/],
    [{ wander: [-0.1, 0.1] }, /augment\.wander\.amplitude: .* 1000 mV, not -0.1 to 0.1/],
    [{ wanderFrequency: [1, 2] }, /--wander-frequency without --wander/],
    [{ noise: [0.2, 0.1] }, /noise: expected a range/],
    [{ noise: [-0.2, 0.1] }, /augment\.noise: .* not -0.2 to 0.1/],
    [{ bursts: [-1, 0.03] }, /bursts\.perSecond: expected a number from 0 up a second, not -1/],
    [{ bursts: [1, 0] }, /augment\.bursts\.seconds/],
    [{ masks: [9, 1] }, /augment\.masks\.count/],
    [{ masks: [1.5, 1] }, /masks\.count: expected a whole number from 1 to 8, not 1.5/],
    [{ masks: [1, -1] }, /augment\.masks\.seconds/],
    [{ mixup: 0 }, /augment\.mixup: expected a number from 0.05 to 2, not 0/],
    [{ mixup: -1 }, /augment\.mixup: .* not -1/],
    [{ mixup: 0.2, batchSize: 1 }, /augment\.mixup: expected off with a batch size of 1/],
    [{ crop: NaN }, /augment\.crop/],
  ];
  for (const [overrides, message] of cases) {
    assert.throws(() => applyOverrides(quick, overrides), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
});

Deno.test("a setting that the sampling rate does not allow is refused with what is allowed", () => {
  const cases: [Parameters<typeof applyOverrides>[1], rate: number, RegExp][] = [
    [
      { wander: [0, 0.1], wanderFrequency: [1, 151] },
      300,
      /augment\.wander\.frequency: .* 0 to 150 Hz, not 1 to 151/,
    ],
    [{ wander: [0, 0.1], wanderFrequency: [1, 101] }, 200, /0 to 100 Hz, not 1 to 101/],
    [
      { bursts: [300, 0.01] },
      300,
      /augment\.bursts\.perSecond: expected a number from 0 to 299 a second, not 300/,
    ],
    [{ bursts: [200, 0.01] }, 200, /from 0 to 199 a second, not 200/],
    [{ bursts: [1, 14] }, 300, /bursts\.seconds: expected at most 4096 samples/],
    [{ bursts: [1, 0.001] }, 300, /bursts\.seconds: expected at least one sample/],
    [{ masks: [1, 0.001] }, 300, /masks\.seconds: expected at least one sample/],
    [
      { crop: 0.84 },
      300,
      /crop: expected at least 256 samples, 0.853 s, for one label, not 0.84 s/,
    ],
    [{ crop: 1.27 }, 200, /crop: expected at least 256 samples, 1.280 s, for one label/],
  ];
  for (const [overrides, rate, message] of cases) {
    const settings = augmented(overrides)!;
    assert.throws(() => nativeAugmentation(settings, rate), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
  nativeAugmentation(augmented({ crop: 1.28 })!, 200);
  nativeAugmentation(augmented({ crop: 0.84 })!, 360);
});

Deno.test("values that would change no record are refused, by every flag", () => {
  const cases: [Parameters<typeof applyOverrides>[1], RegExp][] = [
    [{ noise: [0, 0] }, /^Cannot use --noise 0,0: .* or write --noise off$/],
    [{ wander: [0, 0] }, /^Cannot use --wander 0,0: .* or write --wander off$/],
    [{ stretch: [1, 1] }, /^Cannot use --stretch 1,1: .* or write --stretch off$/],
    [{ amplitude: [1, 1] }, /^Cannot use --amplitude 1,1: .* or write --amplitude off$/],
    [{ bursts: [0, 0.03] }, /^Cannot use --bursts 0,0.03: .* or write --bursts off$/],
    [{ masks: [0, 1] }, /masks\.count: expected a whole number from 1 to 8, not 0/],
    [{ masks: [1, 0] }, /masks\.seconds: expected a number above 0 and up to 3600 s, not 0/],
    [
      { set: { "training.augment.bursts.perSecond": 0, "training.augment.bursts.seconds": 1 } },
      /^Cannot use --set training\.augment\.bursts\.perSecond=0: .* or write --bursts off$/,
    ],
  ];
  for (const [overrides, message] of cases) {
    assert.throws(() => applyOverrides(quick, overrides), (error) => {
      assert.ok(error instanceof UsageError);
      assert.match(error.message, message);
      return true;
    });
  }
  // Older files may hold such values.
  const noise: [number, number] = [0, 0];
  const before = {
    ...quick,
    training: { ...quick.training, augment: { noise } },
  };
  assert.deepEqual(parseConfig(before, "it").training.augment?.noise, noise);
});

Deno.test("millivolts, seconds and hertz become samples and stored units", () => {
  const settings = augmented({
    amplitude: [0.5, 4],
    wander: [0, 0.2],
    wanderFrequency: [0.3, 0.6],
    noise: [0.01, 0.05],
    bursts: [6, 0.03],
    masks: [3, 0.5],
    crop: 10,
    mixup: 0.2,
  })!;
  assert.deepEqual(nativeAugmentation(settings, 300), {
    hop: 256,
    stretch: undefined,
    log2Amplitude: [-1, 2],
    wander: { amplitude: [0, 200], frequency: [0.001, 0.002] },
    noise: [10, 50],
    bursts: { probability: 0.02, length: 9 },
    masks: { count: 3, length: 150 },
    mixup: 0.2,
  });
  assert.equal(croppedLength(settings, 300), 2816); // 11 labels of the 3,000 samples
  const slower = nativeAugmentation(settings, 200);
  assert.deepEqual(slower.wander, { amplitude: [0, 200], frequency: [0.0015, 0.003] });
  assert.deepEqual(slower.bursts, { probability: 0.03, length: 6 });
  assert.deepEqual(slower.masks, { count: 3, length: 100 });
  assert.equal(croppedLength(settings, 200), 1792); // 7 labels of the 2,000 samples
  assert.equal(croppedLength(augmented({ noise: [0, 1] }), 300), Infinity);
});

Deno.test("a stretch that leaves a training record without a label is refused with the record", () => {
  const dataset = noiseDataset(); // whose shortest record has 256 samples
  refuseUnusableStretch(null, dataset);
  refuseUnusableStretch(augmented({ stretch: [1, 1.33] }), dataset);
  assert.throws(
    () => refuseUnusableStretch(augmented({ stretch: [0.67, 1.33] }), dataset),
    /Cannot stretch records by 0.67: record 0 of 256 samples would keep 171, .* at least 1.00$/,
  );
});
