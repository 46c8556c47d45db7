/**
 * WFDB annotation files in MIT format (https://physionet.org/physiotools/wag/annot-5.htm): two bytes an
 * annotation, the type in the upper six bits and the samples since the last one in the lower ten.
 *
 * @module
 */
import { BadRecord } from "./problem.ts";

/** One annotation. */
export interface Annotation {
  /** The sample that the annotation belongs to, counted from the start of the record. */
  sample: number;
  /** WFDB's type code: 1 a normal beat, 28 a change of rhythm ... */
  type: number;
  /** Its text, e.g. "(AFIB"; empty if it has none. */
  text: string;
}

/** Type codes that are not annotations. */
const [SKIP, NUM, SUB, CHN, AUX] = [59, 60, 61, 62, 63];
/** A change of rhythm; its text names the new one. */
const RHYTHM = 28;
/** The largest type code that an annotation can have. */
const LARGEST = 49;

/**
 * The annotations of a file in its order.
 *
 * @param bytes The whole file.
 * @throws {BadRecord} If the file is empty, is cut off, or contains codes that the format does not define.
 */
export function readAnnotations(bytes: Uint8Array): Annotation[] {
  if (bytes.length === 0) throw new BadRecord("empty", "0 bytes of annotations");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const word = (at: number) => {
    if (at + 2 > bytes.length) throw cutOff(bytes.length);
    return view.getUint16(at, true);
  };
  const annotations: Annotation[] = [];
  let sample = 0;
  let at = 0;
  for (;;) {
    const [type, value] = [word(at) >> 10, word(at) & 0x3ff];
    at += 2;
    if (type === 0 && value === 0) return annotations;
    if (type === SKIP) {
      // The upper half comes first, each half with its lower byte first. The interval may be negative.
      sample += (word(at) << 16) | word(at + 2);
      at += 4;
    } else if (type === AUX) {
      if (at + value > bytes.length) throw cutOff(bytes.length);
      const last = annotations.at(-1);
      if (!last) throw new BadRecord("unreadable", "a text before the first annotation");
      last.text = textOf(bytes.subarray(at, at + value));
      at += value + (value % 2);
    } else if (type === NUM || type === SUB || type === CHN) {
      continue; // The signal of an annotation does not matter here.
    } else {
      if (type > LARGEST) {
        throw new BadRecord("unreadable", `annotation type ${type}, which WFDB does not define`);
      }
      sample += value;
      if (sample < 0) throw new BadRecord("unreadable", `an annotation at sample ${sample}`);
      annotations.push({ sample, type, text: "" });
    }
  }
}

function cutOff(length: number): BadRecord {
  return new BadRecord("truncated", `${length} bytes of annotations without the mark of their end`);
}

/** The text up to the first zero byte, because some writers include a terminating zero. */
function textOf(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder("latin1").decode(end < 0 ? bytes : bytes.subarray(0, end));
}

/** A stretch of one rhythm, in samples of the record. */
export interface Rhythm {
  /** As WFDB writes it, with its parenthesis: "(AFIB". */
  name: string;
  from: number;
  /** The first sample of the next rhythm, or the record's length. */
  to: number;
}

/** The rhythms among annotations; the stretch before the first change of rhythm has no name. */
export function rhythmsOf(annotations: readonly Annotation[], length: number): Rhythm[] {
  const changes = annotations
    .filter(({ type, text }) => type === RHYTHM && text.startsWith("("))
    .sort((a, b) => a.sample - b.sample);
  return changes.map(({ sample, text }, i) => ({
    name: text.trim(),
    from: Math.min(sample, length),
    to: Math.min(changes[i + 1]?.sample ?? length, length),
  })).filter(({ from, to }) => to > from);
}
