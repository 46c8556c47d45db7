/**
 * Cases of batch assembly with augmentation: each kind alone, with ranges of one value and of many, and
 * all together; and of the loss of its records, which mixup gives two labels.
 *
 * Limit of the samples, in roundings of the terms: the spline and the place within it, normalisation, and a
 * product and a sum each of wander and noise; the sine's series is off by less than two. Limit of the loss
 * and its gradient: as in cross_entropy.ts, and two more for the shares of the labels.
 *
 * @module
 */
import { createRng } from "../../../src/core/rng.ts";
import type { Augmentation } from "../../../src/addon/native.ts";
import { withBench } from "../bench.ts";
import { within } from "../comparison.ts";
import { createPicker, makeValues } from "../inputs.ts";
import { crossEntropy, type LossOptions } from "../reference/cross_entropy.ts";
import { gather, type Recordings } from "../reference/gather.ts";
import { signals, zeros } from "../reference/signals.ts";
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
  readonly loss: Omit<LossOptions, "teachers" | "second">;
  readonly teachers: number;
  readonly stream: number;
  readonly probe: boolean;
  readonly seed: number;
}

const LIMIT = 6;
const LOSS_LIMIT = 18;
const MEAN = 7.5;
const STD = 236.25;
/** Samples of the largest amplitude become logits of about 25. */
const LOGIT_SCALE = 1 / 32;

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

/** Each together with mixup. All numbers are float32. */
const LOSSES: readonly Pick<AugmentParameters, "loss" | "teachers">[] = [
  { loss: { labelSmoothing: 0.125 }, teachers: 0 },
  { loss: { classWeights: [0.5, 3, 1] }, teachers: 0 },
  { loss: { focal: 2 }, teachers: 0 },
  { loss: { temperature: 2, teacherWeight: 0.5 }, teachers: 2 },
  {
    loss: {
      labelSmoothing: 0.0625,
      classWeights: [2, 0, 0.25],
      focal: 1,
      temperature: 3,
      teacherWeight: 0.75,
    },
    teachers: 1,
  },
  { loss: { temperature: 2, teacherWeight: 1 }, teachers: 1 },
];

function parameterList(): AugmentParameters[] {
  const list: AugmentParameters[] = [];
  const { pick, flip: either } = createPicker("augment cases");
  const plain = { loss: {}, teachers: 0 };
  const kinds = [
    ...KINDS.map((kind) => ({ kind, ...plain })),
    ...LOSSES.map((loss) => ({ kind: { mixup: 1 }, ...loss })),
  ];
  for (const { kind, loss, teachers } of kinds) {
    for (const [records, length] of [[3, 1], [17, 768], [4, 2048]] as const) {
      list.push({
        augment: { hop: pick([1, 64, 256]), ...kind },
        loudest: pick([32768, 300, 1]),
        longest: pick([40, 700, 3000]),
        records,
        length,
        flip: either(),
        loss,
        teachers,
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
  const logitsShape = zeros({ channels: CLASSES, length, lengths: want.x.value.lengths });
  const second = { labels: want.secondLabels, shares: want.shares };
  const teacherNames = Array.from({ length: p.teachers }, (_, i) => `teacher ${i}`);
  return (device) =>
    withBench(device, async (bench) => {
      const dataset = bench.keep(device.dataset(data));
      const result = await bench.run(({ builder, output }) => {
        const x = builder.gather(dataset, { mean: MEAN, std: STD, flip, augment });
        output("x", x, want.x.value);
        const classify = (name: string) => {
          const logits = builder.conv1d(x, {
            weight: bench.parameter([CLASSES, 1, 1], {
              value: makeValues(CLASSES, { seed: p.seed, name, scale: LOGIT_SCALE }),
            }),
            bias: bench.parameter([CLASSES], { value: [0.5, -0.5, 0] }),
            stride: 1,
          });
          output(name, logits, logitsShape);
          return logits;
        };
        const teachers = teacherNames.map(classify);
        const settings = { ...p.loss, ...teachers.length > 0 && { teachers } };
        output("dlogits", builder.crossEntropy(classify("logits"), settings), logitsShape);
      }, { records: p.records, length, seed, probe: p.probe, inputs: { records, stream } });
      const read = (name: string) => signals(result.read(name), logitsShape);
      const wantLoss = crossEntropy(read("logits"), want.labels, {
        ...p.loss,
        second,
        teachers: teacherNames.map(read),
      });
      return [
        within(LIMIT, { quantity: "x", got: result.read("x"), want: want.x }),
        within(LOSS_LIMIT, {
          quantity: "dlogits",
          got: result.read("dlogits"),
          want: wantLoss.dlogits,
        }),
        {
          quantity: "loss",
          got: result.loss,
          want: [wantLoss.loss],
          terms: [wantLoss.lossTerms],
          limit: LOSS_LIMIT,
        },
        { quantity: "valid samples", got: result.valid, want: [wantLoss.valid] },
        { quantity: "right samples", got: result.correct, want: [wantLoss.correct] },
        ...result.probes,
      ];
    });
}

/** Stretch, random window, amplitude, wander, noise, bursts, masks and mixup. */
export const suite: Suite = defineSuite({
  op: "augment",
  parameters: parameterList(),
  prepare,
});
