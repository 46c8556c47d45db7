/**
 * Finds the revision of the PhysioNet/CinC 2017 labels in a label file. Three were published; they differ
 * in a few hundred labels. A revision is named only if it can be checked, together with the evidence.
 *
 * @module
 */
import { createHash } from "node:crypto";
import type { LabelRow } from "./labels.ts";

/** Normal, atrial fibrillation, other rhythm, too noisy. */
export const CINC_CLASSES: readonly string[] = ["A", "N", "O", "~"];

/** The published revisions; `unknown`: cannot be determined; `own`: not labels of CinC 2017. */
export type RevisionName = "v3" | "intermediate" | "original" | "unknown" | "own";

/** A label file's revision and the evidence for it. */
export interface Revision {
  name: RevisionName;
  evidence: string;
}

/** Labels per class of each revision's 8,528 records. */
const COUNTS: Record<"v3" | "intermediate" | "original", Record<string, number>> = {
  v3: { N: 5076, A: 758, O: 2415, "~": 279 },
  intermediate: { N: 5050, A: 738, O: 2456, "~": 284 },
  original: { N: 5154, A: 771, O: 2557, "~": 46 },
};
const OFFICIAL_RECORDS = 8528;

/** SHA-256 of {@linkcode normalised} contents whose revision is known. */
const DIGESTS: Record<string, { name: "v3"; what: string }> = {
  "2a8bee2b7fe8436c4ae200a0293efb239b2b5276d1896c31ba09ea859cdd58b3": {
    name: "v3",
    what: "7,674 of the 8,528 records",
  },
};

/**
 * Whether these are labels of PhysioNet/CinC 2017: ids A00001 to A08528, and most labels among its
 * four. Then every other label is a mistake. With other ids, any class name is allowed.
 */
export function isCinc(rows: readonly LabelRow[]): boolean {
  const ids = rows.every(({ id }) => /^A0[0-8]\d{3}$/.test(lastPart(id)));
  const labels = rows.filter(({ label }) => CINC_CLASSES.includes(label)).length;
  return ids && labels * 2 > rows.length;
}

/**
 * Finds the revision of a label file.
 *
 * @param rows All rows of the file, including those that are refused later.
 * @param fileName The name of the file, without the directory.
 */
export function detectRevision(rows: readonly LabelRow[], fileName: string): Revision {
  if (!isCinc(rows)) return { name: "own", evidence: "not the ids and classes of CinC 2017" };
  const known = DIGESTS[createHash("sha256").update(normalised(rows)).digest("hex")];
  if (known) return { name: known.name, evidence: `SHA-256 of the labels of ${known.what}` };

  const counts = new Map<string, number>();
  for (const { label } of rows) counts.set(label, (counts.get(label) ?? 0) + 1);
  const complete = new Set(rows.map(({ id }) => lastPart(id))).size === OFFICIAL_RECORDS &&
    rows.length === OFFICIAL_RECORDS;
  const names = ["v3", "intermediate", "original"] as const;
  const possible = names.filter((name) =>
    CINC_CLASSES.every((label) => {
      const [found, published] = [counts.get(label) ?? 0, COUNTS[name][label]!];
      return complete ? found === published : found <= published;
    })
  );
  if (complete) {
    const [name] = possible;
    return name
      ? { name, evidence: `labels per class of all ${OFFICIAL_RECORDS} records` }
      : { name: "unknown", evidence: "labels per class are not those of any published revision" };
  }
  const claimed = names.find((name) => new RegExp(`(^|[-_.])${name}([-_.]|$)`, "i").test(fileName));
  const among = `by labels per class of ${rows.length} records: ${possible.join(" or ") || "none"}`;
  if (claimed && possible.includes(claimed)) {
    return { name: claimed, evidence: `file name ${fileName}; possible ${among}` };
  }
  return { name: "unknown", evidence: `possible ${among}` };
}

/** An id may have folders before it, as in PhysioNet's "A00/A00012". */
function lastPart(id: string): string {
  return id.slice(id.lastIndexOf("/") + 1);
}

/** The rows as `id,label` lines, sorted by id: the same for any order, header or line ending. */
function normalised(rows: readonly LabelRow[]): string {
  return rows.map(({ id, label }) => `${lastPart(id)},${label}\n`).sort().join("");
}
