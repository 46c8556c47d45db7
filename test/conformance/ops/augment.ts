/**
 * Cases of batch assembly with augmentation: each kind alone, with ranges of one value and of many, and
 * all together.
 *
 * Limit, in roundings of the terms: the spline and the place within it, normalisation, and a product and a
 * sum each of wander and noise; the sine's series is off by less than two.
 *
 * @module
 */
import { createRng } from "../../../src/core/rng.ts";
import type { Augmentation } from "../../../src/addon/native.ts";
import { withBench } from "../bench.ts";
import { within } from "../comparison.ts";
import { createPicker } from "../inputs.ts";
import { gather, type Gathered, type Recordings } from "../reference/gather.ts";
import { type Check, defineSuite, type Suite } from "../suite.ts";

interface AugmentParameters {
  readonly augment: Augmentation;
  /** Samples are from -loudest to below it. */
  readonly loudest: number;
  /** Samples of the longest record. */
  readonly longest: number;
  /** Slots of the batch; the second is empty. */
  readonly records: number;
  /** Samples of a slot. */
  readonly length: number;
  readonly flip: boolean;
  readonly stream: number;
  readonly probe: boolean;
  readonly seed: number;
}

const LIMIT = 6;
const MEAN = 7.5;
const STD = 236.25;

const KINDS: readonly Omit<Augmentation, "hop">[] = [
  {},
  { stretch: [1.37, 1.37] },
  { stretch: [0.67, 1.33] },
  { stretch: [1 / 16, 16] },
  { log2Amplitude: [-1, 1] },
  { log2Amplitude: [2.5, 2.5] },
  { wander: { amplitude: [0, 200], frequency: [0.0002, 0.002] } },
  { wander: { amplitude: [500, 500], frequency: [0.5, 0.5] } },
  { noise: [0, 30] },
  { noise: [3000, 3000] },
  { bursts: { probability: 0.02, length: 9 } },
  { bursts: { probability: 0.3, length: 1 } },
  { bursts: { probability: 0.001, length: 700 } },
  { masks: { count: 1, length: 300 } },
  { masks: { count: 8, length: 5000 } },
  { mixup: 0.2 },
  { mixup: 2 },
  { mixup: 0.05 },
  {
    stretch: [0.67, 1.33],
    log2Amplitude: [-2, 1],
    wander: { amplitude: [0, 200], frequency: [0.0002, 0.002] },
    noise: [0, 30],
    bursts: { probability: 0.005, length: 9 },
    masks: { count: 2, length: 200 },
    mixup: 1,
  },
];

function parameterList(): AugmentParameters[] {
  const list: AugmentParameters[] = [];
  const { pick, flip: either } = createPicker("augment cases");
  for (const kind of KINDS) {
    for (const [records, length] of [[3, 1], [17, 768], [4, 2048]] as const) {
      list.push({
        augment: { hop: pick([1, 64, 256]), ...kind },
        loudest: pick([32768, 300, 1]),
        longest: pick([40, 700, 3000]),
        records,
        length,
        flip: either(),
        stream: list.length * 1_000_003,
        probe: either(),
        seed: list.length,
      });
    }
  }
  return list;
}

const AVAILABLE = 12;
const CLASSES = 3;

function makeRecordings(p: AugmentParameters): Recordings {
  const rng = createRng(p.seed, "augmented recordings");
  const lengths = Int32Array.from({ length: AVAILABLE }, () => 1 + rng.integer(p.longest));
  const offsets = new Float64Array(AVAILABLE);
  let total = 0;
  lengths.forEach((length, i) => {
    offsets[i] = total + 1; // past a sample that belongs to no record
    total += length + 1;
  });
  const samples = Int16Array.from({ length: total }, () => rng.integer(2 * p.loudest) - p.loudest);
  return { samples, offsets, lengths, labels: lengths.map(() => rng.integer(CLASSES)) };
}

function prepare(p: AugmentParameters): Check {
  const { augment, length, flip, stream } = p;
  const data = makeRecordings(p);
  const rng = createRng(p.seed, "slots");
  const records = Int32Array.from(
    { length: p.records },
    (_, n) => n === 1 ? -1 : rng.integer(AVAILABLE),
  );
  const seed = 0xfedc_ba98_7654_3210n - BigInt(p.seed);
  const want = gather(data, { records, length, mean: MEAN, std: STD, flip, seed, stream, augment });
  return (device) =>
    withBench(device, async (bench) => {
      const dataset = bench.keep(device.dataset(data));
      const result = await bench.run(({ builder, output }) => {
        const x = builder.gather(dataset, { mean: MEAN, std: STD, flip, augment });
        output("x", x, want.x.value);
        // The labels show only in a loss: the samples serve as logits of the first class.
        builder.crossEntropy(builder.shortcut(x, { stride: 1, channels: CLASSES }));
      }, { records: p.records, length, seed, probe: p.probe, inputs: { records, stream } });
      const valid = want.x.value.lengths.reduce((sum, each) => sum + each, 0);
      const loss = mixedLoss(want, result.read("x"));
      return [
        within(LIMIT, { quantity: "x", got: result.read("x"), want: want.x }),
        { quantity: "valid samples", got: result.valid, want: [valid] },
        {
          quantity: "loss",
          got: result.loss,
          want: [loss.value],
          terms: [loss.terms],
          limit: LIMIT,
        },
        ...result.probes,
      ];
    });
}

/** Mean cross-entropy of the samples as logits of class 0, the others 0, against both labels. */
function mixedLoss(
  { x: { value: { lengths, length } }, labels, secondLabels, shares }: Gathered,
  x: Float32Array,
): { value: number; terms: number } {
  let value = 0, terms = 0, valid = 0;
  lengths.forEach((steps, n) => {
    const first = shares[n]! * Number(labels[n] === 0) +
      (1 - shares[n]!) * Number(secondLabels[n] === 0);
    for (let l = 0; l < steps; l++) {
      const z = x[n * length + l]!;
      const largest = Math.max(z, 0);
      const rest = (CLASSES - 1) * Math.exp(-largest);
      value += largest + Math.log(Math.exp(z - largest) + rest) - first * z;
      terms += 2 * Math.abs(z) + 2;
      valid++;
    }
  });
  return { value: value / Math.max(valid, 1), terms: terms / Math.max(valid, 1) };
}

/** Stretch, random window, amplitude, wander, noise, bursts, masks and mixup. */
export const suite: Suite = defineSuite({
  op: "augment",
  parameters: parameterList(),
  prepare,
});
