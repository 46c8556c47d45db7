/**
 * The result of a run in one sentence, for the terminal as for the page.
 *
 * @module
 */
import type { Summary } from "../experiment/summary.ts";
import { collect } from "./collect.ts";
import { headline } from "./headline.ts";

/** E.g. "At 12.2× fewer weights (8.2 % kept) the network scores CinC F1 0.612 on test against …". */
export function answer(summary: Summary): string {
  return headline(summary, collect(summary, null)).answer;
}
