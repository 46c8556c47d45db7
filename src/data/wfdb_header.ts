/**
 * The one number that is taken from a recording's WFDB header, `<id>.hea`. Its checksum and initial
 * value are not looked at: in PhysioNet/CinC 2017 the first is always 0 and the second often wrong.
 *
 * @module
 */
import * as fs from "node:fs";

/** The samples per second that the header file states; undefined if it is absent or says none. */
export function statedRate(file: string): number | undefined {
  let text: string;
  try {
    text = fs.readFileSync(file, "latin1");
  } catch {
    return undefined;
  }
  const record = text.split(/\r?\n/).find((line) => line !== "" && !line.startsWith("#")) ?? "";
  const rate = Number.parseFloat(record.split(/\s+/)[2] ?? "");
  return rate > 0 ? rate : undefined;
}
