/**
 * Writing a run's report.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { writeFileAtomic } from "../core/files.ts";
import { REPORTS } from "../core/paths.ts";
import type { Summary, Timing } from "../results/summary.ts";
import { collect } from "./collect.ts";
import { ecgFile, ecgLink } from "./ecg/place.ts";
import type { Extras } from "./extras.ts";
import { headline } from "./headline.ts";
import { rebuildIndex } from "./index_page.ts";
import { reportPage } from "./page.ts";

/** The input of a report, and the file to write. */
export interface ReportInput {
  summary: Summary;
  /** Contents of `timing.json`; null if there is none, and seconds are left out. */
  timing: Timing | null;
  /** Contents of `environment.json`; null if none was recorded. */
  environment: Record<string, unknown> | null;
  /** The HTML file to write. */
  file: string;
  /** Further results of the run. */
  extras?: Extras;
}

/**
 * Writes one self-contained HTML file. The run may have any number of finished rounds, even none. The report
 * links to the page of recordings if there is one. A report in `reports/` also rewrites the list there.
 *
 * @returns The result in one sentence, as the page begins with.
 */
export function writeReport(
  { summary, timing, environment, file, extras = {} }: ReportInput,
): string {
  const data = collect(summary, timing, extras);
  const ecg = fs.existsSync(ecgFile(file)) ? ecgLink(file) : null;
  writeFileAtomic(file, reportPage({ summary, data, environment, extras, ecg }));
  if (path.dirname(path.resolve(file)) === REPORTS) rebuildIndex();
  return headline(summary, data, extras).answer;
}
