/**
 * Writing a run's report.
 *
 * @module
 */
import * as path from "node:path";
import { writeFileAtomic } from "../core/files.ts";
import { REPORTS } from "../core/paths.ts";
import type { Summary, Timing } from "../experiment/summary.ts";
import { collect } from "./collect.ts";
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
}

/**
 * Writes one self-contained HTML file. The run may have any number of finished rounds, none included.
 * A report that goes to `reports/` also renews the list of runs there.
 */
export function writeReport({ summary, timing, environment, file }: ReportInput): void {
  writeFileAtomic(file, reportPage(summary, collect(summary, timing), environment));
  if (path.dirname(path.resolve(file)) === REPORTS) rebuildIndex();
}
