/**
 * Cases of the loss.
 *
 * Limit, in roundings of the terms: an exponential and a logarithm are good to 4 roundings each,
 * and the quotient, the subtractions and the sum over the classes add at most 8.
 *
 * @module
 */
import { createRng } from "../../../src/core/rng.ts";
import { withBench } from "../bench.ts";
import { within } from "../comparison.ts";
import { createPicker, type LengthPattern, makeLengths, makeSignals } from "../inputs.ts";
import { crossEntropy, type LossOptions } from "../reference/cross_entropy.ts";
import { type Check, defineSuite, type Suite } from "../suite.ts";

interface CrossEntropyParameters {
  readonly records: number;
  readonly classes: number;
  readonly steps: number;
  readonly lengths: LengthPattern;
  /** Half the range of the logits. */
  readonly scale: number;
  /** Whole logits only, so that the largest is often shared. */
  readonly ties: boolean;
  /** What the loss adds to cross-entropy; its teachers are made here. */
  readonly loss: Omit<LossOptions, "teachers" | "classWeights" | "second">;
  readonly weighted: boolean;
  readonly teachers: number;
  readonly probe: boolean;
  readonly seed: number;
}

const LIMIT = 16;

function parameterList(): CrossEntropyParameters[] {
  const list: CrossEntropyParameters[] = [];
  const { pick, flip } = createPicker("cross-entropy cases");
  for (const records of [1, 3, 16, 17, 33]) {
    for (const steps of [1, 5, 35]) {
      for (const scale of [1, 10, 200]) {
        list.push({
          records,
          classes: pick([2, 4, 4, 13]),
          steps,
          lengths: pick(["full", "ragged", "ragged"]),
          scale,
          ties: flip(),
          loss: {},
          weighted: false,
          teachers: 0,
          probe: flip(),
          seed: list.length,
        });
      }
    }
  }
  const first = list[4]!;
  return [
    ...list,
    { ...first, lengths: "empty" },
    { ...first, classes: 1 },
    { ...first, scale: 0, lengths: "full" },
    ...list.filter((_, i) => i % 2 === 0).map((p, i) => ({
      ...p,
      ...SETTINGS[i % SETTINGS.length]!,
    })),
  ];
}

const SETTINGS: Pick<CrossEntropyParameters, "loss" | "weighted" | "teachers">[] = [
  { loss: { labelSmoothing: 0.1 }, weighted: false, teachers: 0 },
  { loss: {}, weighted: true, teachers: 0 },
  { loss: { focal: 2 }, weighted: false, teachers: 0 },
  { loss: { focal: 0.5 }, weighted: false, teachers: 0 },
  { loss: { temperature: 2, teacherWeight: 0.5 }, weighted: false, teachers: 1 },
  { loss: { temperature: 4, teacherWeight: 1 }, weighted: false, teachers: 3 },
  {
    loss: { labelSmoothing: 0.05, focal: 1, temperature: 3, teacherWeight: 0.75 },
    weighted: true,
    teachers: 8,
  },
];

function prepare(p: CrossEntropyParameters): Check {
  const { records, classes, steps, scale, seed, loss: settings } = p;
  const lengths = makeLengths(p.lengths, { records, length: steps, seed });
  const make = (name: string) =>
    makeSignals({ lengths, channels: classes, length: steps }, { seed, name, scale });
  const logits = make("logits");
  if (p.ties) logits.values.forEach((value, i) => logits.values[i] = Math.round(value));
  const rng = createRng(seed, "labels");
  const labels = Int32Array.from({ length: records }, () => rng.integer(classes));
  const classWeights = p.weighted
    ? Array.from({ length: classes }, () => Math.fround(0.25 + rng.next()))
    : undefined;
  const teachers = Array.from({ length: p.teachers }, (_, i) => make(`teacher ${i}`));
  const options = {
    ...Object.fromEntries(Object.entries(settings).map(([name, x]) => [name, Math.fround(x)])),
    ...classWeights && { classWeights },
  };
  const want = crossEntropy(logits, labels, { ...options, teachers });

  return (device) =>
    withBench(device, async (bench) => {
      const result = await bench.run(({ builder, input, output }) => {
        const taught = teachers.map((teacher) => input(teacher));
        const loss = { ...options, ...taught.length > 0 && { teachers: taught } };
        output("dlogits", builder.crossEntropy(input(logits, labels), loss), logits);
      }, { records, length: steps, probe: p.probe });
      const { loss, valid, correct } = result;
      return [
        within(LIMIT, { quantity: "dlogits", got: result.read("dlogits"), want: want.dlogits }),
        {
          quantity: "loss",
          got: loss,
          want: [want.loss],
          terms: [want.lossTerms],
          limit: LIMIT,
        },
        { quantity: "valid steps", got: valid, want: [want.valid] },
        { quantity: "correct steps", got: correct, want: [want.correct] },
        ...result.probes,
      ];
    });
}

/** Loss, gradient and counts. */
export const suite: Suite = defineSuite({
  op: "cross_entropy",
  parameters: parameterList(),
  prepare,
});
