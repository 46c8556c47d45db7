/**
 * Reads WFDB records: a header and its signal files, in one segment or several.
 *
 * @module
 */
import { counted } from "../../core/counted.ts";
import { BadRecord } from "../problem.ts";
import { isMat4, readMat4 } from "./mat4.ts";
import { isMat5, readMat5 } from "./mat5.ts";
import type { Lead, SignalFile, SourceFile } from "./signal_file.ts";
import { DEFAULT_RATE, parseWfdbHeader, type WfdbHeader, type WfdbSignal } from "./wfdb_header.ts";
import { COMPRESSED, SAMPLE_FORMATS, type SampleFormat } from "./wfdb_samples.ts";
import { joinSegments } from "./wfdb_segments.ts";

/** @throws {BadRecord} If the header is invalid, or a signal file is missing, cut off or of another format. */
export function readWfdb(source: SourceFile): SignalFile {
  const header = parseWfdbHeader(source.bytes);
  const leads = header.segments.length === 0
    ? leadsOfSegment(header, source)
    : joinSegments(header, (name) => {
      const bytes = source.beside(`${name}.hea`);
      if (bytes === null) throw new BadRecord("unreadable", `${name}.hea: there is no such file`);
      const own = parseWfdbHeader(bytes);
      const segment = { ...own, rate: own.rate ?? header.rate };
      if (segment.segments.length > 0) {
        throw new BadRecord("unreadable", `its segment ${name} has segments of its own`);
      }
      return { header: segment, leads: () => leadsOfSegment(segment, source) };
    });
  if (leads.length === 0) throw new BadRecord("no-signal", "its header lists no signals");
  return { leads, rateSource: "its header", defaultRate: DEFAULT_RATE };
}

/** The leads of a record with one segment, or of one segment. */
function leadsOfSegment(header: WfdbHeader, source: SourceFile): Lead[] {
  return groupsOf(header.signals).flatMap((group, _, groups) => {
    const first = groups.slice(0, groups.indexOf(group)).reduce(
      (sum, { length }) => sum + length,
      0,
    );
    return leadsOfGroup(group, { header, source, first });
  });
}

/** Groups signals by file: signals of one file are consecutive, and their samples are stored by frame. */
function groupsOf(signals: readonly WfdbSignal[]): WfdbSignal[][] {
  const groups: WfdbSignal[][] = [];
  for (const signal of signals) {
    const last = groups.at(-1);
    if (last && last[0]!.file === signal.file) last.push(signal);
    else groups.push([signal]);
  }
  return groups;
}

function leadsOfGroup(
  group: readonly WfdbSignal[],
  { header, source, first }: { header: WfdbHeader; source: SourceFile; first: number },
): Lead[] {
  const perFrame = group.reduce((sum, { samplesPerFrame }) => sum + samplesPerFrame, 0);
  let before = 0;
  return group.map((signal, i) => {
    const place = { index: i, perFrame, before };
    before += signal.samplesPerFrame;
    return {
      name: signal.description,
      number: first + i + 1,
      unit: signal.unit,
      gain: signal.gain,
      baseline: signal.baseline,
      rate: header.rate === null ? null : header.rate * signal.samplesPerFrame,
      numbers: () => numbersOf(signal, { place, group, length: header.length, source }),
    };
  });
}

interface Place {
  /** Index among the signals of its file. */
  index: number;
  /** Samples per frame of all signals of the file. */
  perFrame: number;
  /** Number of samples in a frame before those of this signal. */
  before: number;
}

function numbersOf(
  signal: WfdbSignal,
  { place, group, length, source }: {
    place: Place;
    group: readonly WfdbSignal[];
    length: number | null;
    source: SourceFile;
  },
): Float64Array {
  const format = formatOf(signal);
  const bytes = source.beside(signal.file);
  if (bytes === null) {
    throw new BadRecord("unreadable", `${signal.file}: there is no such file`);
  }
  const matrix = matrixOf(bytes, { signal, place, signals: group.length });
  if (matrix) return cutTo(matrix, { length, signal, format });
  const body = bytes.subarray(group[0]!.offset);
  const frames = Math.floor(format.count(body.length) / place.perFrame);
  const read = format.reader(body);
  const { samplesPerFrame } = signal;
  const numbers = new Float64Array(frames * samplesPerFrame);
  let sum = signal.initial;
  for (let frame = 0, i = 0; frame < frames; frame++) {
    for (let k = 0; k < samplesPerFrame; k++, i++) {
      const number = read(frame * place.perFrame + place.before + k);
      numbers[i] = format.differences ? (sum += number) : number;
    }
  }
  return cutTo(numbers, { length, signal, format });
}

function formatOf({ format, file }: WfdbSignal): SampleFormat {
  const found = SAMPLE_FORMATS.get(format);
  if (found) return found;
  throw new BadRecord(
    "unsupported",
    format === 0
      ? "its header describes a layout without samples"
      : COMPRESSED.has(format)
      ? `its samples have the compressed WFDB format ${format}: rewrite them with ` +
        `xform -i RECORD -o NEW, or as .csv`
      : `the samples of ${file} have the WFDB format ${format}, expected one of ` +
        [...SAMPLE_FORMATS.keys()].join(", "),
  );
}

/**
 * The signal's numbers if its file is a MATLAB file whose matrix has a row for each signal. Tools that
 * rewrite a record's `.mat` often do not change the header's format and byte offset.
 */
function matrixOf(
  bytes: Uint8Array,
  { signal, place, signals }: { signal: WfdbSignal; place: Place; signals: number },
): Float64Array | null {
  if (!/\.mat$/i.test(signal.file)) return null;
  const read = isMat5(bytes) ? readMat5 : isMat4(bytes) ? readMat4 : null;
  if (read === null) return null;
  const { leads } = read(bytes);
  if (leads.length === signals) return leads[place.index]!.numbers();
  throw new BadRecord(
    "not-one-column",
    `${signal.file} holds ${counted(leads.length, "lead")}, but its header says ${signals}`,
  );
}

/**
 * Removes the skew of a signal and cuts it to the header's number of samples. Missing samples become NaN, and
 * so do the last samples of a skewed signal.
 */
function cutTo(
  numbers: Float64Array,
  { length, signal, format }: {
    length: number | null;
    signal: WfdbSignal;
    format: SampleFormat;
  },
): Float64Array {
  const { samplesPerFrame, skew } = signal;
  const said = length === null ? numbers.length : length * samplesPerFrame;
  if (numbers.length < said) {
    throw new BadRecord("truncated", `${numbers.length} samples, but its header says ${said}`);
  }
  const shift = skew * samplesPerFrame;
  const out = new Float64Array(said).fill(NaN);
  out.set(numbers.subarray(shift, said + shift));
  if (format.missing !== null) {
    for (let i = 0; i < out.length; i++) if (out[i] === format.missing) out[i] = NaN;
  }
  return out;
}
