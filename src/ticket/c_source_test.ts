import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { cSource } from "./c_source.ts";
import { Predictor } from "../predict/predictor.ts";
import { quantiseNetwork } from "./quantise.ts";
import { madeTicket, SMALL_SHAPE } from "./testing.ts";
import { COMPILER, withProgram } from "./testing_c.ts";
import { deciderOf } from "../training/decision.ts";
import { Tally } from "../training/tally.ts";
import { softmaxOfStep } from "../training/softmax.ts";
import { describeDecision, ruleOf, temperatureOf, type Ticket } from "./ticket.ts";

if (COMPILER === undefined) console.warn("SKIPPED: exported C is not compiled: there is no cc");
const ignore = COMPILER === undefined;

function trace(length: number): Int16Array {
  const rng = createRng(length, "trace");
  return Int16Array.from({ length }, (_, i) => (i % 250 < 15 ? 900 : -40) + rng.integer(120));
}

/** Largest difference over the largest logit. */
function worst(got: Float32Array, expected: Float32Array, classes: number): number {
  assert.equal(got.length, expected.length);
  const steps = expected.length / classes;
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  let most = 0;
  for (let t = 0; t < steps; t++) {
    for (let c = 0; c < classes; c++) {
      const each = Math.abs(got[t * classes + c]! - expected[c * steps + t]!) / largest;
      if (!(each <= most)) most = each;
    }
  }
  return most;
}

Deno.test({
  name: "the exported C streams our logits, hop by hop, for records of any number of steps",
  ignore,
  fn: async () => {
    for (const [kernel, density] of [[16, 0.3], [5, 1], [1, 1], [16, 0]] as const) {
      const ticket = madeTicket({ shape: { ...SMALL_SHAPE, kernel, blocksPerStage: 5 }, density });
      ticket.network.tensors.get("block2.conv1.weight")!.fill(0); // a constant inside
      ticket.network.tensors.get("block2.norm2.beta")!.fill(1.5);
      using predictor = new Predictor(ticket);
      await withProgram({ ticket, weights: "fp32" }, async (run) => {
        for (const steps of [1, 2, 35, 100]) {
          const samples = trace(256 * steps);
          const difference = worst((await run(samples)).logits, predictor.logits(samples), 4);
          assert.ok(difference <= 2e-5, `kernel ${kernel}, ${steps} steps: ${difference}`);
        }
      });
    }
  },
});

Deno.test({
  name: "after every step, the exported C decides the record so far by the ticket's rule",
  ignore,
  fn: async () => {
    const made = { ...madeTicket({ density: 0.8, seed: 5 }), priors: [0.2, 0.3, 0.26, 0.24] };
    const head = made.network.tensors.get("head.weight")!;
    head.forEach((weight, i) => head[i] = weight / 40); // logits of a few units, close to each other
    const rules = [
      {}, // an older ticket
      { decision: { decision: "vote", priorExponent: 0.5, priorUnit: "records" }, temperature: 2 },
      { decision: { decision: "mean", priorExponent: 0, priorUnit: "records" }, temperature: 0.7 },
      { decision: { decision: "mean", priorExponent: 0.75, priorUnit: "records" }, temperature: 1 },
    ] as const;
    const seen = new Set<string>();
    for (const rule of rules) {
      const ticket = { ...made, ...rule };
      await withProgram({ ticket, weights: "fp32" }, async (run) => {
        for (const steps of [1, 40]) {
          const { logits, labels, probabilities } = await run(trace(256 * steps));
          assert.equal(labels.length, steps);
          const tally = new Tally(deciderOf(ruleOf(ticket), ticket.priors));
          const sums = [0, 0, 0, 0];
          const at = (step: number, temperature: number) => {
            const softmax = new Float64Array(4);
            const row = logits.subarray(4 * step, 4 * step + 4);
            softmaxOfStep(row, { rowLength: 1, step: 0, temperature }, softmax);
            return softmax;
          };
          labels.forEach((label, step) => {
            tally.add(at(step, 1));
            assert.equal(label, tally.label, `step ${step} of ${describeDecision(ticket)}`);
            at(step, temperatureOf(ticket)).forEach((p, c) => sums[c]! += p);
            probabilities[step]!.forEach((p, c) =>
              assert.ok(Math.abs(p - sums[c]! / (step + 1)) < 1e-6)
            );
          });
          seen.add(labels.join());
        }
      });
    }
    assert.ok(seen.size > 4, `the rules decide differently: ${[...seen].join(" ")}`);
  },
});

Deno.test("the exported C states its decision rule", () => {
  const header = (ticket: Ticket) => cSource(ticket, { name: "net", weights: "fp32" }).header;
  assert.match(header(madeTicket()), /Decision: most votes[^]* from before the rule was named\./);
  const decision = { decision: "mean", priorExponent: 0.5, priorUnit: "records" } as const;
  const text = header({ ...madeTicket(), decision, temperature: 1.5 }).replaceAll(/\s+/g, " ");
  assert.match(text, /Decision: largest mean softmax \/ prior\^0\.5 .* temperature 1\.500\./);
});

Deno.test({
  name: "8-bit weights give the logits of the rounded network",
  ignore,
  fn: async () => {
    const ticket = madeTicket({ density: 0.3, seed: 5 });
    ticket.network.tensors.get("block2.conv1.weight")!.fill(0); // a constant inside
    ticket.network.tensors.get("block2.norm2.beta")!.fill(1.5);
    using exact = new Predictor(ticket);
    using rounded = new Predictor({ ...ticket, network: quantiseNetwork(ticket.network) });
    const samples = trace(256 * 20);
    await withProgram({ ticket, weights: "int8" }, async (run) => {
      const { logits: got } = await run(samples);
      assert.ok(worst(got, rounded.logits(samples), 4) <= 2e-5);
      assert.ok(worst(got, exact.logits(samples), 4) > 1e-4); // it was rounded
    });
  },
});

Deno.test("a name that is not an identifier is refused", () => {
  assert.throws(
    () => cSource(madeTicket(), { name: "my-net", weights: "fp32" }),
    /Cannot name the C code "my-net": use a C identifier/,
  );
});
