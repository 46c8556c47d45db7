import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { inTemporaryDirectory, mat4 } from "../data/testing.ts";
import { readSampleRecordings } from "../data/sample.ts";
import { judgementOf } from "../predict/judge.ts";
import { judgingOf, Predictor } from "../predict/predictor.ts";
import { madeTicket } from "../ticket/testing.ts";
import { COMPILER, hasTarget, withProgram } from "../ticket/testing_c.ts";
import type { ActivationUnits } from "../ticket/fixed_point.ts";
import { DEFAULT_TICKET, readTicket } from "../ticket/ticket_file.ts";
import type { Ticket } from "../ticket/ticket.ts";
import { c } from "./c.ts";
import { namedRecords } from "./c_rounding.ts";
import { calibrate, fixedPoint, withRoundedWeights } from "./fixed_point.ts";

if (COMPILER === undefined) console.warn("SKIPPED: exported C is not compiled: there is no cc");
const ignore = COMPILER === undefined;
const has32Bits = await hasTarget("32 bits");
const hasCortex = await hasTarget("Cortex-M4");

const SHIPPED = readTicket(DEFAULT_TICKET);

/** Recordings of the sample, whole steps alone: the C code takes no others. */
function recordings(count: number): Int16Array[] {
  return readSampleRecordings(count).map(({ bytes }) => {
    const samples = new Int16Array(bytes.slice(24).buffer);
    return samples.subarray(0, samples.length - samples.length % 256);
  });
}

/** [steps, classes] as [classes, steps]. */
function byClass(logits: Float32Array, classes: number): Float32Array {
  const steps = logits.length / classes;
  return logits.map((_, i) => logits[i % steps * classes + Math.floor(i / steps)]!);
}

/** Largest difference over the largest of `expected`. */
function worst(got: Float32Array, expected: Float32Array): number {
  assert.equal(got.length, expected.length);
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  return expected.reduce((most, x, i) => Math.max(most, Math.abs(x - got[i]!)), 0) / largest;
}

const calibrated = new Map<string, ActivationUnits>();

/** The units of the ticket that ships. */
function unitsOf(weights: "int8" | "int16"): ActivationUnits {
  const known = calibrated.get(weights);
  if (known) return known;
  const { used } = namedRecords(undefined, SHIPPED);
  const units = calibrate(withRoundedWeights(SHIPPED, weights), used);
  calibrated.set(weights, units);
  return units;
}

Deno.test({
  name: "C with 16-bit activations labels the sample's recordings as predict does",
  ignore,
  fn: async () => {
    using predictor = new Predictor(SHIPPED);
    const judging = judgingOf(SHIPPED);
    const records = recordings(40);
    for (const [weights, most, mostChanged] of [["int16", 0.01, 0], ["int8", 0.1, 1]] as const) {
      const units = unitsOf(weights);
      const simulated = fixedPoint(withRoundedWeights(SHIPPED, weights), units);
      const labels = new Set<string>();
      let changed = 0;
      await withProgram({ ticket: SHIPPED, weights, units }, async (run) => {
        for (const samples of records) {
          const expected = predictor.logits(samples);
          const answer = await run(samples);
          const logits = byClass(answer.logits, 4);
          const loss = worst(logits, expected);
          assert.ok(loss <= most, `${weights}: ${loss}`);
          // What the command reports is what the code does.
          assert.deepEqual(simulated(samples), logits, weights);
          const { label } = judgementOf(expected, judging);
          assert.equal(SHIPPED.classes[answer.labels.at(-1)!], judgementOf(logits, judging).label);
          if (SHIPPED.classes[answer.labels.at(-1)!] !== label) changed += 1;
          labels.add(label);
        }
      });
      assert.ok(changed <= mostChanged, `${weights}: ${changed} labels changed`);
      assert.equal(labels.size, 4);
    }
  },
});

Deno.test({
  name: "C gives the same bits on 32-bit x86 and on a Cortex-M4",
  ignore: ignore || !(has32Bits || hasCortex),
  fn: async () => {
    const made = madeTicket({ density: 0.3, seed: 5 });
    const [samples] = recordings(1) as [Int16Array];
    const short = samples.subarray(0, 256 * 12);
    const cases = [
      { ticket: made, weights: "fp32" },
      { ticket: SHIPPED, weights: "int16", units: unitsOf("int16") },
      { ticket: SHIPPED, weights: "int8", units: unitsOf("int8") },
    ] as const;
    for (const each of cases) {
      let expected = new Float32Array();
      await withProgram(each, async (run) => {
        expected = Float32Array.from((await run(short)).logits);
      });
      assert.ok(expected.length > 0);
      for (const target of ["32 bits", "Cortex-M4"] as const) {
        if (!(target === "32 bits" ? has32Bits : hasCortex)) continue;
        await withProgram({ ...each, target }, async (run) => {
          assert.deepEqual((await run(short)).logits, expected, `${target}, ${each.weights}`);
        });
      }
    }
  },
});

Deno.test({
  name: "the object has the printed tables as constants, and no other memory",
  ignore: !hasCortex,
  fn: () =>
    inTemporaryDirectory((directory) => {
      for (const options of [{}, { int8: true }, { int16: true }] as const) {
        const { files, lines } = c.encode({ ticket: SHIPPED, options, name: "net" });
        for (const [ending, text] of files) {
          fs.writeFileSync(path.join(directory, `net${ending}`), text);
        }
        const tool = (name: string, ...args: string[]) => {
          const { success, stdout, stderr } = new Deno.Command(`arm-none-eabi-${name}`, {
            ...{ args, cwd: directory },
          }).outputSync();
          assert.ok(success, new TextDecoder().decode(stderr));
          return new TextDecoder().decode(stdout);
        };
        tool("gcc", "-std=c99", "-Os", "-mcpu=cortex-m4", "-mthumb", "-c", "net.c");
        const sections = new Map(
          [...tool("size", "-A", "net.o").matchAll(/^\.(\w+)\S* +(\d+)/gm)].reduce(
            (sums, [, name, bytes]) => sums.set(name!, (sums.get(name!) ?? 0) + Number(bytes)),
            new Map<string, number>(),
          ),
        );
        const tables = Number(/^tables ([\d,]+) bytes/.exec(lines[0]!)![1]!.replaceAll(",", ""));
        const parts = lines[1]!.match(/\d[\d,]*/g)!.map((part) => Number(part.replaceAll(",", "")));
        assert.equal(parts.reduce((sum, part) => sum + part, 0), tables);
        // Class names, priors and the decision's weights come with them.
        const rodata = sections.get("rodata")!;
        assert.ok(rodata >= tables && rodata < tables + 200, `${rodata} for ${tables}`);
        assert.deepEqual([sections.get("data"), sections.get("bss")], [0, 0]);
        assert.ok(sections.get("text")! < 4000, `${sections.get("text")}`);
      }
    }),
});

Deno.test("16-bit activations halve the state, and the command says what rounding costs", () => {
  const lines = (options: object) => c.encode({ ticket: SHIPPED, options, name: "net" }).lines;
  const state = (said: readonly string[]) =>
    Number(/state ([\d,]+) bytes/.exec(said[0]!)![1]!.replaceAll(",", ""));
  const int16 = lines({ int16: true });
  assert.ok(state(int16) < 0.51 * state(lines({})));
  assert.match(
    int16[2]!,
    /^16-bit activations, calibrated on 100 recordings of the bundled sample$/,
  );
  assert.match(
    int16[3]!,
    /^16-bit weights and 16-bit activations on 100 recordings .*: 0 labels differ, logits by 0\.0\d+ at/,
  );
});

Deno.test("recordings that cannot calibrate are refused in one sentence", () =>
  inTemporaryDirectory((directory) => {
    const refused = (ticket: Ticket, options: object, pattern: RegExp) =>
      assert.throws(
        () => c.encode({ ticket, options, name: "net" }),
        (error) => error instanceof UsageError && pattern.test(error.message),
        String(pattern),
      );
    const at = (name: string, text: string | Uint8Array) => {
      fs.writeFileSync(path.join(directory, name), text);
      return path.join(directory, name);
    };
    const made = madeTicket();
    const rows = Array.from({ length: 900 }, (_, i) => `${i / 500},${Math.sin(i) / 2}`).join("\n");
    const other = at("other.csv", `time [s],ecg [mV]\n${rows}\n`);
    const int16 = true;
    refused(
      made,
      { int16, records: other },
      /other\.csv: it has 500 samples per second, .* takes 300/,
    );
    refused(
      made,
      { int16, records: at("short.mat", mat4(new Int16Array(9))) },
      /short\.mat: 9 samples/,
    );
    refused(
      made,
      { int16, records: at("norate.csv", "1\n2\n3\n") },
      /norate\.csv: it does not say its samples per second: name recordings that say their samples per second$/,
    );
    refused(made, { int16, records: `${directory}/none` }, /there is no such file/);
    const slow = { ...made, normalisation: { ...made.normalisation, rate: 128 } };
    refused(slow, { int16 }, /bundled sample: it has 300 .* takes 128; name recordings with --rec/);
    refused(made, { records: other }, /--records goes with --int16 or --int8/);
  }));
