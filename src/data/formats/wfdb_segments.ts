/**
 * Joins the segments of a WFDB record.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";
import { sameName } from "./lead_name.ts";
import type { Lead } from "./signal_file.ts";
import type { WfdbHeader } from "./wfdb_header.ts";

/** A segment's header, and its leads when they are needed. */
export interface Segment {
  readonly header: WfdbHeader;
  readonly leads: () => readonly Lead[];
}

/** Most frames without samples in a record; such frames need memory but no bytes in the file. */
const MOST_MISSING = 10_000_000;

/**
 * The leads of the whole record. In a fixed layout every segment has the same signals. In a variable layout
 * the first segment has no samples and lists all signals, and each other segment has some of them, by name.
 * Gaps, and signals that a segment lacks, become missing samples.
 *
 * @throws {BadRecord} If the segments do not belong together.
 */
export function joinSegments(
  whole: WfdbHeader,
  open: (name: string) => Segment,
): Lead[] {
  const segments = whole.segments.map((said) => {
    const found = said.name === null ? null : open(said.name);
    const { length } = found?.header ?? said;
    if (length !== null && length !== said.length && said.length > 0) {
      throw new BadRecord(
        "truncated",
        `its segment ${said.name} has ${length} samples, but its header says ${said.length}`,
      );
    }
    return { ...said, found };
  });
  const [first] = segments.filter(({ found }) => found !== null);
  if (!first?.found) return [];
  const variable = segments[0] === first && first.length === 0;
  const parts = variable ? segments.slice(1) : segments;
  return first.found.leads().map((lead, i) => ({
    ...lead,
    numbers: () =>
      joined(lead, {
        parts,
        index: variable ? null : i,
        perFrame: Math.max(1, Math.round((lead.rate ?? 1) / (whole.rate ?? lead.rate ?? 1))),
      }),
  }));
}

function joined(
  lead: Lead,
  { parts, index, perFrame }: {
    parts: readonly { length: number; found: Segment | null }[];
    /** The lead's index in every segment; null to find it by name. */
    index: number | null;
    /** Samples of the lead in a frame. */
    perFrame: number;
  },
): Float64Array {
  let missing = 0;
  const pieces = parts.map(({ length, found }) => {
    const leads = found?.leads() ?? [];
    const own = index === null ? leads.find(({ name }) => sameName(name, lead.name)) : leads[index];
    if (!own) {
      missing += length * perFrame;
      if (missing > MOST_MISSING) {
        throw new BadRecord("missing-samples", `${missing} samples without the lead ${lead.name}`);
      }
      return new Float64Array(length * perFrame).fill(NaN);
    }
    if (own.rate !== lead.rate) {
      throw new BadRecord("other-rate", `its segments have ${lead.rate} and ${own.rate} Hz`);
    }
    if (own.unit !== lead.unit) {
      throw new BadRecord("other-unit", `its segments are in ${lead.unit} and in ${own.unit}`);
    }
    // Segments may have gains of their own.
    const numbers = own.numbers();
    const [from, to] = [own.gain ?? 1, lead.gain ?? 1];
    if (from === to && own.baseline === lead.baseline) return numbers;
    return numbers.map((number) => (number - own.baseline) / from * to + lead.baseline);
  });
  const total = pieces.reduce((sum, { length }) => sum + length, 0);
  const numbers = new Float64Array(total);
  let at = 0;
  for (const piece of pieces) {
    numbers.set(piece, at);
    at += piece.length;
  }
  return numbers;
}
