/**
 * EDF and EDF+ (Kemp et al. 1992, Kemp and Olivan 2003; https://www.edfplus.info/specs) and their 24-bit
 * variants BDF and BDF+. A file has a header in ASCII, then data records of equal duration, each with a part
 * of every signal.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";
import { ascii, viewOf } from "./bytes.ts";
import { decodeText } from "./text.ts";
import type { Lead, SignalFile } from "./signal_file.ts";

const FIXED = 256;
const PER_SIGNAL = 256;
const MOST_SIGNALS = 4096;
const EDF_VERSION = "0       ";
const BDF_VERSION = "\xffBIOSEMI";
/** Name of the annotation signal of EDF+ and BDF+. */
const ANNOTATIONS = /^(EDF|BDF) Annotations$/i;
/** Most samples in all gaps of a discontinuous file together; gaps need memory but no bytes in the file. */
const MOST_MISSING = 10_000_000;

/** Whether the file begins like EDF or BDF. */
export function isEdf(bytes: Uint8Array): boolean {
  const version = ascii(bytes, 0, 8);
  if (version === BDF_VERSION) return true;
  return version === EDF_VERSION && /^\d+ *$/.test(ascii(bytes, 184, 8));
}

interface Signal {
  readonly label: string;
  readonly unit: string;
  readonly gain: number;
  readonly baseline: number;
  /** Samples in a record, and bytes of a record before them. */
  readonly count: number;
  readonly offset: number;
}

interface Layout {
  readonly bytes: Uint8Array;
  readonly width: number;
  readonly start: number;
  readonly recordBytes: number;
  readonly records: number;
  /** Duration of a data record in seconds; 0 if time has no meaning in the file. */
  readonly duration: number;
}

/** @throws {BadRecord} If the file is cut off or its header contradicts itself. */
export function readEdf(bytes: Uint8Array): SignalFile {
  if (bytes.length < FIXED) {
    throw new BadRecord("truncated", `${bytes.length} bytes, fewer than a header of ${FIXED}`);
  }
  const width = ascii(bytes, 0, 8) === BDF_VERSION ? 3 : 2;
  const headerBytes = whole(bytes, { at: 184, what: "size of the header" });
  const count = whole(bytes, { at: 252, length: 4, what: "number of signals" });
  if (count < 1 || count > MOST_SIGNALS || headerBytes !== FIXED + PER_SIGNAL * count) {
    throw damaged(`its header of ${headerBytes} bytes has ${count} signals`);
  }
  if (bytes.length < headerBytes) {
    throw new BadRecord("truncated", `${bytes.length} bytes, but its header has ${headerBytes}`);
  }
  const signals = signalsOf(bytes, { count, width });
  const recordBytes = signals.reduce((sum, { count }) => sum + count * width, 0);
  if (recordBytes === 0) throw damaged("its records are empty");
  const there = Math.floor((bytes.length - headerBytes) / recordBytes);
  const said = whole(bytes, { at: 236, what: "number of records", least: -1 });
  if (said > there) {
    throw new BadRecord("truncated", `${there} data records, but its header says ${said}`);
  }
  const duration = decimal(ascii(bytes, 244, 8), "duration of a record");
  if (duration < 0) throw damaged(`a record lasts ${duration} s`);
  // The number is -1 while a file is being written.
  const records = said === -1 ? there : said;
  const layout = { bytes, width, start: headerBytes, recordBytes, records, duration };
  const isDiscontinuous = /^(EDF|BDF)\+D/.test(ascii(bytes, 192, 5));
  const onsets = isDiscontinuous ? onsetsOf(layout, signals) : null;
  const leads = signals.flatMap((signal, i): Lead[] =>
    ANNOTATIONS.test(signal.label) ? [] : [{
      name: signal.label,
      number: i + 1,
      unit: signal.unit === "" ? null : signal.unit,
      gain: signal.gain,
      baseline: signal.baseline,
      rate: duration > 0 ? signal.count / duration : null,
      numbers: () => numbersOf(signal, { layout, onsets }),
    }]
  );
  if (leads.length === 0) throw new BadRecord("no-signal", "it holds annotations only");
  return { leads, rateSource: "its header", defaultRate: null };
}

function signalsOf(
  bytes: Uint8Array,
  { count, width }: { count: number; width: number },
): Signal[] {
  /** The header stores a field of all signals, then the next field: 16 bytes per label, 80 per transducer ... */
  const field = (i: number, at: number, length: number) =>
    FIXED + at * count + i * length <= bytes.length
      ? bytes.subarray(FIXED + at * count + i * length, FIXED + at * count + (i + 1) * length)
      : new Uint8Array();
  const text = (i: number, at: number, length: number) =>
    decodeText(field(i, at, length)).replace(/\0[^]*$/, "").trim();
  let offset = 0;
  return Array.from({ length: count }, (_, i): Signal => {
    const label = text(i, 0, 16);
    const number = (at: number, what: string) => decimal(text(i, at, 8), `${what} of ${label}`);
    const samples = number(216, "samples in a record");
    if (!Number.isInteger(samples) || samples < 0) {
      throw damaged(`${label} has ${samples} samples in a record`);
    }
    const start = offset;
    offset += samples * width;
    const signal = { label, unit: text(i, 96, 8), count: samples, offset: start };
    if (ANNOTATIONS.test(label)) return { ...signal, gain: 1, baseline: 0 };
    const [low, high] = [number(104, "physical minimum"), number(112, "physical maximum")];
    const [least, most] = [number(120, "digital minimum"), number(128, "digital maximum")];
    if (low === high || !(least < most)) {
      throw damaged(`${label} reaches from ${low} to ${high}, digital ${least} to ${most}`);
    }
    const gain = (most - least) / (high - low);
    return { ...signal, gain, baseline: least - low * gain };
  });
}

function decimal(text: string, what: string): number {
  const plain = text.replace(/\0[^]*$/, "").trim().replace(",", ".");
  const value = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
  if (Number.isFinite(value)) return value;
  throw damaged(`its ${what} is ${JSON.stringify(text.slice(0, 20))}`);
}

function whole(
  bytes: Uint8Array,
  { at, length = 8, what, least = 0 }: {
    at: number;
    length?: number;
    what: string;
    least?: number;
  },
): number {
  const value = decimal(ascii(bytes, at, length), what);
  if (Number.isInteger(value) && value >= least) return value;
  throw damaged(`its ${what} is ${value}`);
}

function damaged(what: string): BadRecord {
  return new BadRecord("unreadable", `its EDF header is damaged: ${what}`);
}

function numbersOf(
  { count, offset }: Signal,
  { layout, onsets }: { layout: Layout; onsets: readonly number[] | null },
): Float64Array {
  const { bytes, width, start, recordBytes, records, duration } = layout;
  const view = viewOf(bytes);
  const places = onsets === null
    ? Array.from({ length: records }, (_, r) => r * count)
    : placesOf(onsets, { count, duration });
  const numbers = new Float64Array(records === 0 ? 0 : places[records - 1]! + count).fill(NaN);
  for (let r = 0; r < records; r++) {
    const from = start + r * recordBytes + offset;
    const to = places[r]!;
    for (let i = 0; i < count; i++) {
      const at = from + i * width;
      numbers[to + i] = width === 2
        ? view.getInt16(at, true)
        : view.getUint16(at, true) | view.getInt8(at + 2) << 16;
    }
  }
  return numbers;
}

/** Position of each data record's first sample, with space for the gaps between records. */
function placesOf(
  onsets: readonly number[],
  { count, duration }: { count: number; duration: number },
): number[] {
  const rate = count / duration;
  let [end, missing] = [0, 0];
  return onsets.map((onset, r) => {
    const place = Math.round((onset - onsets[0]!) * rate);
    if (place < end - 1) { // A difference of one sample is rounding.
      throw damaged(`its data record ${r + 1} begins before the one before it ends`);
    }
    const from = Math.max(end, place);
    missing += from - end;
    if (missing > MOST_MISSING) {
      throw new BadRecord("missing-samples", `gaps of ${missing} samples between its data records`);
    }
    end = from + count;
    return from;
  });
}

/** Start of each data record of a discontinuous file in seconds, from its first annotation. */
function onsetsOf(
  { bytes, start, recordBytes, records, duration, width }: Layout,
  signals: readonly Signal[],
): number[] {
  const times = signals.find(({ label }) => ANNOTATIONS.test(label));
  if (!times || !(duration > 0)) {
    throw damaged("it is discontinuous, and has no start times of its data records");
  }
  return Array.from({ length: records }, (_, r) => {
    const at = start + r * recordBytes + times.offset;
    // deno-lint-ignore no-control-regex
    const onset = /^[+-]\d+(\.\d*)?(?=[\x14\x15])/.exec(ascii(bytes, at, times.count * width));
    if (!onset) throw damaged(`its data record ${r + 1} has no start time`);
    return Number(onset[0]);
  });
}
