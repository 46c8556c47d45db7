/**
 * Cases of batch assembly from a resident data set.
 *
 * Limit, in roundings of the terms: subtraction, the stored reciprocal of the deviation, and the
 * product.
 *
 * @module
 */
import { createRng } from "../../../src/core/rng.ts";
import { withBench } from "../bench.ts";
import { within } from "../comparison.ts";
import { createPicker } from "../inputs.ts";
import { crossEntropy } from "../reference/cross_entropy.ts";
import { gather, type Recordings } from "../reference/gather.ts";
import { shortcut } from "../reference/shortcut.ts";
import { signals } from "../reference/signals.ts";
import { type Check, defineSuite, type Suite } from "../suite.ts";

interface GatherParameters {
  /** Records of the data set. */
  readonly available: number;
  /** Samples of its longest record. */
  readonly longest: number;
  /** Slots of the batch. */
  readonly records: number;
  /** Samples of a slot. */
  readonly length: number;
  /** Leave about a third of the slots empty. */
  readonly emptySlots: boolean;
  readonly flip: boolean;
  readonly mean: number;
  readonly std: number;
  readonly stream: number;
  readonly probe: boolean;
  readonly seed: number;
}

const LIMIT = 4;
const CLASSES = 4;

function parameterList(): GatherParameters[] {
  const list: GatherParameters[] = [];
  const { pick, flip: either } = createPicker("gather cases");
  for (const records of [1, 3, 16, 17, 33]) {
    for (const length of [1, 31, 1100]) {
      for (const flip of [false, true]) {
        list.push({
          available: pick([1, 5, 40]),
          longest: pick([1, 40, 700, 3000]),
          records,
          length,
          emptySlots: either(),
          flip,
          mean: pick([0, 7.47, -300]),
          std: pick([236.1, 1, 0.1]),
          stream: list.length * 1_000_003,
          probe: either(),
          seed: list.length,
        });
      }
    }
  }
  return list;
}

function makeRecordings(p: GatherParameters): Recordings {
  const rng = createRng(p.seed, "recordings");
  const lengths = Int32Array.from({ length: p.available }, () => 1 + rng.integer(p.longest));
  const offsets = new Float64Array(p.available);
  let total = 0;
  lengths.forEach((length, i) => {
    // A sample that belongs to no record keeps the next from following at once.
    offsets[i] = total + 1;
    total += length + 1;
  });
  const samples = Int16Array.from({ length: total }, () => rng.integer(65536) - 32768);
  return { samples, offsets, lengths, labels: lengths.map(() => rng.integer(CLASSES)) };
}

function prepare(p: GatherParameters): Check {
  const { length, stream } = p;
  const data = makeRecordings(p);
  const rng = createRng(p.seed, "slots");
  const records = Int32Array.from(
    { length: p.records },
    () => p.emptySlots && rng.integer(3) === 0 ? -1 : rng.integer(p.available),
  );
  const seed = 0xfedc_ba98_7654_3210n - BigInt(p.seed);
  const mean = Math.fround(p.mean), std = Math.fround(p.std);
  const want = gather(data, { records, length, mean, std, flip: p.flip, seed, stream });

  return (device) =>
    withBench(device, async (bench) => {
      const dataset = bench.keep(device.dataset(data));
      const result = await bench.run(({ builder, output }) => {
        const x = builder.gather(dataset, { mean: p.mean, std: p.std, flip: p.flip });
        output("x", x, want.x.value);
        // The labels show only in a loss: the samples serve as logits of the first class.
        builder.crossEntropy(builder.shortcut(x, { stride: 1, channels: CLASSES }));
      }, { records: p.records, length, seed, probe: p.probe, inputs: { records, stream } });
      const x = signals(result.read("x"), want.x.value);
      const logits = shortcut(x, { stride: 1, channels: CLASSES });
      const loss = crossEntropy(logits, want.labels);
      return [
        within(LIMIT, { quantity: "x", got: result.read("x"), want: want.x }),
        { quantity: "valid samples", got: result.valid, want: [loss.valid] },
        { quantity: "correct samples", got: result.correct, want: [loss.correct] },
        ...result.probes,
      ];
    });
}

/** Normalisation, sign flips, padding, lengths and labels. */
export const suite: Suite = defineSuite({
  op: "gather",
  parameters: parameterList(),
  prepare,
});
