/**
 * The exports of the ticket that ships label the sample's recordings as predict does. The page's engine and
 * lth_ecg.py have tests of their own for this.
 */
import assert from "node:assert/strict";
import { prepare } from "../data/formats/prepare.ts";
import { understand } from "../data/formats/reading.ts";
import { readSignalFile } from "../data/formats/registry.ts";
import { READING_DEFAULTS } from "../data/recording.ts";
import { readSampleRecordings } from "../data/sample.ts";
import { judgementOf } from "../predict/judge.ts";
import { judgingOf, Predictor } from "../predict/predictor.ts";
import { loadOnnxRuntime } from "../ticket/onnxruntime.ts";
import { DEFAULT_TICKET, readTicket } from "../ticket/ticket_file.ts";
import { onnx } from "./onnx.ts";

const runtime = loadOnnxRuntime();
if (!runtime.available) console.warn(`SKIPPED: ONNX models are not verified: ${runtime.reason}`);

const TICKET = readTicket(DEFAULT_TICKET);

/** Recordings of the sample with the logits and the label of predict. */
function labelled(): { samples: Int16Array; logits: Float32Array; label: string }[] {
  using predictor = new Predictor(TICKET);
  return readSampleRecordings(40).map(({ name, bytes }) => {
    const file = readSignalFile({ name, bytes, beside: () => null });
    const { samples } = prepare(understand(file, READING_DEFAULTS), READING_DEFAULTS);
    return {
      samples,
      logits: predictor.logits(samples),
      label: predictor.predict(samples).label,
    };
  });
}

Deno.test({
  name: "ONNX: the same labels, also with 16-bit and with sparse weights",
  ignore: !runtime.available,
  fn: async () => {
    assert.ok(runtime.available);
    const records = labelled();
    assert.equal(new Set(records.map(({ label }) => label)).size, 4);
    // Of the largest logit of the record; on all 600 recordings 16-bit weights change logits by 0.0026.
    for (
      const [options, most] of [
        [{}, 1e-5],
        [{ sparseWeights: true }, 1e-5],
        [{ float16: true }, 1e-2],
        [{ float16: true, sparseWeights: true }, 1e-2],
      ] as const
    ) {
      const { files } = onnx.encode({ ticket: TICKET, options, name: "x" });
      const model = await runtime.open(files[0]![1] as Uint8Array, { threads: 1 });
      for (const { samples, logits, label } of records) {
        const got = await model.run(Float32Array.from(samples), { batch: 1 });
        const largest = logits.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
        got.forEach((x, i) => assert.ok(Math.abs(x - logits[i]!) <= most * largest));
        assert.equal(judgementOf(got, judgingOf(TICKET)).label, label);
      }
      await model.close();
    }
  },
});
