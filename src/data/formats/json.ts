/**
 * A trial: recordings as JSON, {"rate": 300, "unit": "mV", "samples": [...]}.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";
import type { SignalFile } from "./signal_file.ts";

/** @throws {BadRecord} If it is no such object. */
export function readJson(bytes: Uint8Array): SignalFile {
  let value: { rate?: unknown; unit?: unknown; samples?: unknown };
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw new BadRecord("unreadable", "it is not JSON");
  }
  const { rate, unit, samples } = value ?? {};
  if (!Array.isArray(samples) || !samples.every((x) => typeof x === "number")) {
    throw new BadRecord("no-signal", 'it has no list of numbers "samples"');
  }
  const lead = {
    name: "",
    number: 1,
    unit: typeof unit === "string" ? unit : null,
    gain: typeof unit === "string" ? 1 : null,
    baseline: 0,
    rate: typeof rate === "number" && rate > 0 ? rate : null,
    numbers: () => Float64Array.from(samples),
  };
  return { leads: [lead], rateSource: 'its field "rate"', defaultRate: null };
}
