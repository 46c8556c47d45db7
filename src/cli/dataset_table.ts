/**
 * A data set's description as a short table for the terminal.
 *
 * @module
 */
import * as path from "node:path";
import type { Description } from "../data/description.ts";
import { FILES, SIDES } from "../data/format.ts";
import { countReasons, type Problem, REASONS } from "../data/problem.ts";

/** Records and classes per side, statistics, label revision, what was refused, and the files. */
export function datasetTable(description: Description, directory: string): string {
  const { classes, splits, labels, duplicates, refused } = description;
  const rows = [
    ["", "records", ...classes, "hours"],
    ...SIDES.filter((side) => splits[side].records > 0).map((side) => {
      const { records, samples, classes: counts } = splits[side];
      const hours = samples / description.sampleRate / 3600;
      return [side, records, ...classes.map((name) => counts[name] ?? 0), hours.toFixed(2)];
    }),
  ].map((row) => row.map(String));
  const lines = aligned(rows);
  lines.push("");
  const { mean, std } = description;
  lines.push(`training samples: mean ${mean.toFixed(3)}, standard deviation ${std.toFixed(3)}`);
  lines.push(`labels: ${labels.revision} (${labels.evidence})`);
  const { groups } = description;
  if (groups) {
    const sides = SIDES.filter((side) => groups.perSide[side] > 0)
      .map((side) => `${groups.perSide[side]} in ${side}`).join(", ");
    lines.push(`groups (${groups.by}): ${groups.count}, ${sides}, none on both sides`);
  }
  const apart = duplicates.filter((group) => new Set(group.map(({ side }) => side)).size > 1);
  if (duplicates.length > 0) {
    lines.push(
      `equal recordings: ${
        duplicates.map((group) => group.map(({ id }) => id).join(" = ")).join(", ")
      }` +
        (apart.length > 0 ? `; ${apart.length} of these on two sides of the split` : ""),
    );
  }
  if (refused.length > 0) {
    const reasons = countReasons(refused as Problem[]).map(([reason, count]) =>
      `${count} ${REASONS[reason]}`
    );
    lines.push(`left out: ${refused.length} (${reasons.join(", ")}), see ${FILES.description}`);
  }
  const written = [...Object.keys(description.manifests), FILES.description, FILES.cache];
  lines.push(`written: ${written.map((name) => path.join(directory, name)).join(", ")}`);
  return lines.join("\n");
}

/** Rows with the first column to the left and the others to the right. */
function aligned(rows: string[][]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) =>
    row.map((cell, column) =>
      column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]! + 2)
    ).join("")
  );
}
