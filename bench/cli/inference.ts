/**
 * The benchmark's table of inference latency, measured by src/ticket.
 *
 * @module
 */
import type { InferenceRow } from "../document.ts";
import type { BenchOptions } from "./options.ts";

/** Density of the ticket whose latency is measured. */
const DENSITY = 0.007;
/** Samples of 30 s in whole steps. */
const SAMPLES = 8960;

/** One record on one thread: the ticket, the dense network, onnxruntime. */
export async function inferenceTable(
  { filters, quick }: BenchOptions,
  { note }: { note: (text: string) => void },
): Promise<InferenceRow[]> {
  // Loaded only here, because it has native code that the other tables do not need.
  const { measureInference } = await import("../../src/ticket/latency.ts");
  const rows: InferenceRow[] = [];
  for (const maskKind of quick ? ["uniform"] as const : ["uniform", "global"] as const) {
    note(`inference, ${maskKind} masks`);
    const measured = await measureInference({
      ...{ filters, maskKind, density: DENSITY, samples: SAMPLES },
      ...(quick ? { repeats: 5 } : {}),
    });
    const { onnxruntimeDense: peer, ticketMs, denseMs, ticketMacs, denseMacs, engine } = measured;
    rows.push({
      masks: maskKind === "uniform" ? "uniform" : "global magnitude (He init)",
      density: DENSITY,
      samples: SAMPLES,
      onnxruntime: peer.ms,
      onnxruntimeDetail: peer.ms === null ? peer.reason : `${peer.version}, ${peer.form}, 1 thread`,
      ticket: ticketMs,
      dense: denseMs,
      macsShare: ticketMacs / denseMacs,
      engine,
    });
  }
  return rows;
}
