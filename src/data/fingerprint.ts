/**
 * One hash over the parts of a data set that a training run can see.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** What is hashed of one record. */
export interface FingerprintRecord {
  id: string;
  label: string;
  /** `train`, `dev` or `test`. */
  side: string;
  /** SHA-256 of its samples. */
  digest: string;
  /** Its group, if known. */
  group?: string;
}

/**
 * SHA-256 over one line per record, sorted by id: id, class, side, SHA-256 of the samples and,
 * if there is one, the group, separated by tabs. Paths, times and the order of files have no effect.
 */
export function fingerprint(records: readonly FingerprintRecord[]): string {
  const lines = records.map(({ id, label, side, digest, group }) => {
    const last = group === undefined ? "" : `\t${JSON.stringify(group)}`;
    return `${JSON.stringify(id)}\t${JSON.stringify(label)}\t${side}\t${digest}${last}\n`;
  });
  return sha256(lines.sort().join(""));
}

/** SHA-256 in hexadecimal, of text as UTF-8. */
export function sha256(contents: string | Uint8Array): string {
  return createHash("sha256").update(contents).digest("hex");
}
