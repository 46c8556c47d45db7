/**
 * Lists windows of one rhythm each from a folder of long recordings with rhythm annotations.
 *
 * @module
 */
import { readAnnotations, rhythmsOf } from "./annotations.ts";
import { DEFAULT_RATE, parseWfdbHeader } from "./formats/wfdb_header.ts";
import { groupInId, groupRule } from "./groups.ts";
import { unlistedNote } from "./list_table.ts";
import { inOptions } from "./advice.ts";
import { BadRecord, type Problem } from "./problem.ts";
import type { RecordList, WantedRecord } from "./record_list.ts";
import { readFile } from "./recording.ts";
import { listSource } from "./source.ts";

/** The folder of the recordings and how to cut them. */
export interface RhythmListing {
  source: string;
  /** The ending of the annotation files, "atr". */
  annotator: string;
  /** Length of a window in seconds. */
  window: number;
  /** The class of a rhythm as WFDB writes it, "(AFIB"; null for one that is not used. */
  classOf: (rhythm: string) => string | null;
  /** A regular expression on the recordings' ids; by default every recording is a group. */
  group?: string | undefined;
}

/**
 * Lists the windows of all recordings, ordered by recording and time. Each rhythm is cut from its beginning into
 * as many whole windows as fit; the rest at its end is in no window. The id of a window is the recording's id
 * and the second at which the window begins, "04015/00030.00".
 *
 * @throws {UsageError} If the folder cannot be read, or the group is not a pattern.
 */
export function listRhythms(options: RhythmListing): RecordList {
  const { source, group } = options;
  const found = listSource(source);
  const rule = group === undefined
    ? undefined
    : groupRule(group, { isColumn: false, header: undefined });
  const pattern = rule?.kind === "pattern" ? rule.pattern : undefined;
  const without: string[] = [];
  let [cut, whole] = [0, 0];
  const entries = [...found.files].flatMap(([id, [file]]): (WantedRecord | Problem)[] => {
    try {
      if (file === undefined) throw new BadRecord("missing", "RECORDS names it");
      const own = pattern ? groupInId(id, pattern) : id;
      if (own === undefined) {
        throw new BadRecord("no-group", `${pattern!.source} finds none in the id`);
      }
      const windows = windowsOf(id, file, options);
      if (windows === null) {
        without.push(id);
        return [];
      }
      cut += windows.cut;
      whole += windows.whole;
      return windows.wanted.map((each) => ({ ...each, group: own, file }));
    } catch (error) {
      if (!(error instanceof BadRecord)) throw error;
      return [{ id, reason: error.reason, detail: error.explain(inOptions) }];
    }
  });
  const notes = unlistedNote(found, source);
  if (without.length > 0) notes.push(`Without signals, so not used: ${without.join(", ")}`);
  const share = whole > 0 ? (100 * cut / whole).toFixed(1) : "0";
  notes.push(
    `Cut into windows of ${options.window} s: ${share} % of the time annotated is in them`,
  );
  return {
    entries,
    rows: [],
    notes,
    groupedBy: pattern ? `pattern ${pattern.source}` : "recording",
  };
}

/** A recording's windows, the seconds in windows and the seconds that are annotated. */
interface Windows {
  wanted: Omit<WantedRecord, "file">[];
  cut: number;
  whole: number;
}

/** @returns null for a record without signals. @throws {BadRecord} If a file of the record is damaged. */
function windowsOf(
  id: string,
  file: string,
  { annotator, window, classOf }: RhythmListing,
): Windows | null {
  const stem = file.replace(/\.[^.]+$/, "");
  const { signals, length, ...header } = parseWfdbHeader(readFile(`${stem}.hea`));
  const rate = header.rate ?? DEFAULT_RATE.rate;
  if (signals.length === 0) return null;
  if (length === null) {
    throw new BadRecord("unreadable", "its header does not say how many samples it has");
  }
  const windows: Windows = { wanted: [], cut: 0, whole: 0 };
  for (
    const { name, from, to } of rhythmsOf(readAnnotations(readFile(`${stem}.${annotator}`)), length)
  ) {
    const label = classOf(name);
    const seconds = (to - from) / rate;
    windows.whole += seconds;
    if (label === null) continue;
    for (let i = 0; (i + 1) * window <= seconds + 1e-9; i++) {
      const begin = from / rate + i * window;
      windows.wanted.push({
        id: `${id}/${begin.toFixed(2).padStart(8, "0")}`,
        label,
        window: { from: begin, to: begin + window },
      });
      windows.cut += window;
    }
  }
  return windows;
}
