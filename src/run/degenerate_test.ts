import assert from "node:assert/strict";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import { buildDataset } from "../data/build.ts";
import { READING_DEFAULTS } from "../data/recording.ts";
import type { DrawnSplit } from "../data/split.ts";
import { inTemporaryDirectory, type MadeRecord, noise, writeSource } from "../data/testing.ts";
import type { Config } from "../config/config.ts";
import type { Summary } from "../results/summary.ts";
import { assertSameResults, doToyRun, toyConfig, withToyDataset } from "./testing.ts";

/** `count` records of a class; the i-th has the samples `samples(i)`. */
function made(label: string, count: number, samples: (i: number) => Int16Array): MadeRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `${label}${i}`,
    label,
    samples: samples(i),
  }));
}

/** Builds a data set of these records and runs the experiment on it. */
async function summaryOf(
  records: MadeRecord[],
  options: {
    split?: Partial<DrawnSplit>;
    skipBad?: boolean;
    force?: boolean;
    config?: Partial<Config>;
  } = {},
): Promise<Summary> {
  let summary: Summary | null = null;
  await inTemporaryDirectory(async (directory) => {
    writeSource(directory, records);
    const out = path.join(directory, "data");
    buildDataset({
      source: path.join(directory, "records"),
      labels: path.join(directory, "labels.csv"),
      ...READING_DEFAULTS,
      out,
      split: { method: "stratified", dev: 0.2, test: 0.2, seed: 1, ...options.split },
      skipBad: options.skipBad ?? false,
      force: options.force,
    });
    const config = toyConfig(out, options.config);
    ({ summary } = await doToyRun({ directory: path.join(directory, "run"), config }));
  });
  return summary!;
}

const constant = () => new Int16Array(600).fill(5);
/** One class of noise, one of another. */
const a = (count: number, length = 600) => made("a", count, (i) => noise(length, i));
const b = (count: number, length = 600) => made("b", count, (i) => noise(length, 100 + i));

Deno.test("unusable data is refused in a sentence", async () => {
  const cases: [what: string, () => Promise<Summary>, RegExp][] = [
    ["one class", () => summaryOf(a(20)), /only the class a: at least two classes are needed/],
    ["one record", () => summaryOf(a(1)), /only the class a/],
    ["nothing for dev", () => summaryOf([...a(1), ...b(1)]), /dev split is empty/],
    [
      "equal signals",
      () =>
        summaryOf([...made("a", 10, () => noise(600, 1)), ...made("b", 10, () => noise(600, 2))]),
      /dev split is empty/,
    ],
    [
      "constant signals",
      () => summaryOf([...made("a", 10, constant), ...made("b", 10, constant)]),
      /constant \(all 512 samples are 5\)/,
    ],
    [
      "constant in all that is used",
      () =>
        summaryOf([
          ...made("a", 10, (i) => Int16Array.from({ length: 300 }, (_, t) => t === 299 ? i : 7)),
          ...b(10),
        ]),
      /constant \(all 256 samples are 7\)/,
    ],
    [
      "constant, left out",
      () => summaryOf([...made("a", 10, constant), ...b(10)], { skipBad: true }),
      /only the class b/,
    ],
    [
      "all padding: none as long as a label",
      () => summaryOf([...a(10, 255), ...b(10, 200)], { skipBad: true }),
      /0 usable recordings .* have no class/,
    ],
  ];
  for (const [what, run, message] of cases) {
    await assert.rejects(run(), (error) => {
      assert.ok(error instanceof UsageError, `${what}: ${error}`);
      assert.match(error.message, message, what);
      return true;
    });
  }
});

Deno.test("barely usable data is trained on with finite numbers", async () => {
  const network = { ...toyConfig("any").network, blocks: 16 };
  const training = { ...toyConfig("any").training, batchSize: 1 };
  const rng = createRng(1, "extremes");
  const extreme = () => Int16Array.from({ length: 600 }, () => rng.integer(2) ? 32767 : -32767);
  const long = { id: "long", label: "b", samples: noise(9000, 7) };
  const cases: [what: string, () => Promise<Summary>][] = [
    ["two to train on", () => summaryOf([...a(1), ...b(2)], { split: { dev: 0.34, test: 0 } })],
    // A batch of one record with one valid step: every statistic comes from a single number.
    [
      "one step a batch",
      () => summaryOf([...a(9, 256), ...b(9, 256)], { config: { network, training } }),
    ],
    ["mostly padding", () => summaryOf([...a(9, 256), ...b(9, 256), long])],
    ["a class that is not trained on", () => summaryOf([...a(1), ...b(30)])],
    [
      "all samples at the limits",
      () => summaryOf([...made("a", 9, extreme), ...made("b", 9, extreme)], { force: true }),
    ],
  ];
  for (const [what, run] of cases) {
    const summary = await run();
    assert.ok(summary.complete, what);
    for (const { dev, epochs } of summary.rounds) {
      assert.ok(Number.isFinite(dev.score) && Number.isFinite(dev.loss), what);
      for (const row of epochs) {
        assert.ok(Number.isFinite(row.trainLoss) && Number.isFinite(row.devLoss), what);
        assert.equal(row.skipped, 0, what);
      }
    }
  }
});

Deno.test("one, two and seven threads leave the same files, bit for bit", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = (threads: number) => path.join(directory, `threads${threads}`);
    for (const threads of [1, 2, 7]) {
      const network = { ...toyConfig(data).network, dropout: 0.2 };
      const config = toyConfig(data, { rewindTo: "3it", network });
      await doToyRun({ directory: run(threads), config, threads });
      assertSameResults(run(threads), run(1), `${threads} threads:`);
    }
  }));
