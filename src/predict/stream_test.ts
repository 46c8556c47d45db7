import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { UsageError } from "../core/errors.ts";
import { heartRate } from "./heart_rate.ts";
import { Predictor } from "./predictor.ts";
import { predictStream } from "./stream.ts";
import { madeTicket } from "../ticket/testing.ts";

const rng = createRng(4, "stream");
const TRACE = Array.from({ length: 1000 }, (_, i) => (i % 250 < 15 ? 900 : -40) + rng.integer(120));

/** Text in pieces that end at any character. */
async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  const cuts = createRng(5, "cuts");
  for (let at = 0; at < text.length;) {
    const end = at + 1 + cuts.integer(50);
    yield await Promise.resolve(new TextEncoder().encode(text.slice(at, end)));
    at = end;
  }
}

async function answers(text: string, window: number) {
  using predictor = new Predictor(madeTicket());
  const all = [];
  const note = () => {};
  const options = { units: "auto", maxGap: 0.5, window, note } as const;
  for await (const answer of predictStream(predictor, pieces(text), options)) all.push(answer);
  return all;
}

Deno.test("every hop gives the prediction for the window that ends there", async () => {
  using predictor = new Predictor(madeTicket());
  const seconds = 512 / 300;
  const got = await answers(TRACE.join("\n"), seconds);
  assert.equal(got.length, 3);
  [[0, 256], [0, 512], [256, 768]].forEach(([from, to], i) => {
    const { steps, ...said } = predictor.predict(TRACE.slice(from, to));
    const expected = { seconds: to! / 300, ...said, step: steps.at(-1)! };
    assert.deepEqual(got[i], expected);
  });
  const millivolts = await answers(TRACE.map((x) => x / 1000).join(" "), seconds);
  assert.deepEqual(millivolts.map(({ label }) => label), got.map(({ label }) => label));
});

Deno.test("an answer has the heart rate of its window", async () => {
  const trace = Array.from({ length: 256 * 8 }, (_, i) => (i % 250 < 15 ? 900 : -40) + i % 7);
  const last = (await answers(trace.join(" "), 5)).at(-1)!;
  assert.deepEqual(last.heartRate, heartRate(trace.slice(-5 * 256), 300));
  assert.ok(Math.abs(last.heartRate.perMinute! - 72) < 1, `${last.heartRate.perMinute}`);
});

Deno.test("words that are not numbers, and too few samples, are refused", async () => {
  const refused = (text: string, pattern: RegExp) =>
    assert.rejects(answers(text, 30), (error: unknown) => {
      return error instanceof UsageError && pattern.test(error.message);
    });
  await refused("1 2 x 4", /Sample 3 of standard input is "x", expected a number/);
  await refused("1\n2\n1e999\n", /Sample 3 .* "1e999"/);
  await refused("1 2 3", /ended after 3 samples: 256 are needed/);
  await refused("", /ended after 0 samples/);
});
