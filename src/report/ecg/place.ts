/**
 * The path of a run's ECG page.
 *
 * @module
 */
import * as path from "node:path";

/** `reports/NAME/ecg.html` for the report `reports/NAME.html`, a name that no other run's report has. */
export function ecgFile(report: string): string {
  return `${report.replace(/\.html$/, "")}/ecg.html`;
}

/** The same page's address as the report writes it. */
export function ecgLink(report: string): string {
  return `${encodeURIComponent(path.basename(report).replace(/\.html$/, ""))}/ecg.html`;
}
