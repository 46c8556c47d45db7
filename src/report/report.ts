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

/** What a report is made from, and where it goes. */
export interface ReportInput {
  summary: Summary;
  /** Contents of `timing.json`; null leaves the seconds out. */
  timing: Timing | null;
  /** Contents of `environment.json`; null says that none was recorded. */
  environment: Record<string, unknown> | null;
  /** The HTML file to write. */
  file: string;
  /** What else is known about the run. */
  extras?: Extras;
}

/**
 * Writes one self-contained HTML file. The run may have any number of finished rounds, none included. It
 * links the page of recordings if there is one. A report that goes to `reports/` also renews the list
 * there.
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
