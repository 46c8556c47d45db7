import type { Augmentation } from "./native.ts";
import { testMisuse, type Things, wrong } from "./testing_misuse.ts";

const gather = (t: Things, augment: object) =>
  t.builder.gather(t.dataset, {
    mean: 0,
    std: 1,
    flip: false,
    augment: augment as Augmentation,
  });

testMisuse("augmentation", [
  [
    "half a range",
    (t) => gather(t, { hop: 1, stretch: [1] }),
    RangeError,
    /augment.stretch .* 1/,
  ],
  [
    "a range the wrong way round",
    (t) => gather(t, { hop: 1, noise: [2, 1] }),
    RangeError,
    /noise of an augmentation .* got 2 to 1/,
  ],
  [
    "a range of text",
    (t) => gather(t, { hop: 1, log2Amplitude: ["a", "b"] }),
    TypeError,
    /log2Amplitude\[0\] must be a number, got "a"/,
  ],
  [
    "an unknown kind",
    (t) => gather(t, { hop: 1, blur: 1 }),
    TypeError,
    /blur/,
  ],
  [
    "no hop",
    (t) => gather(t, {}),
    TypeError,
    /augment.hop must be .* got undefined/,
  ],
  [
    "a wander above half the sampling rate",
    (t) => gather(t, { hop: 1, wander: { amplitude: [0, 1], frequency: [0, 1] } }),
    RangeError,
    /frequency of an augmentation's wander .* got 0 to 1/,
  ],
  [
    "a burst without a length",
    (t) => gather(t, { hop: 1, bursts: { probability: 0.1 } }),
    TypeError,
    /bursts.length must be .* got undefined/,
  ],
  [
    "nine masks",
    (t) => gather(t, { hop: 1, masks: { count: 9, length: 5 } }),
    RangeError,
    /masks.count must be .* got 9/,
  ],
  [
    "a mixup of NaN",
    (t) => gather(t, { hop: 1, mixup: NaN }),
    RangeError,
    /mixup/,
  ],
  [
    "a negation of text",
    (t) => t.builder.gather(t.dataset, { mean: 0, std: 1, flip: false, negate: wrong("yes") }),
    TypeError,
    /negate must be a boolean, got "yes"/,
  ],
]);
