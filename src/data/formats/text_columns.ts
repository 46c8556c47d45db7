/**
 * Reads names, units and the rate of a text file's columns from its header lines and preamble.
 *
 * @module
 */
import { cellsOf, type Delimiter, numberIn, type TextBlock } from "./text_lines.ts";
import { millivoltsIn, secondsIn } from "./units.ts";

/** A column's title. */
export interface Title {
  /** The title without the unit; the unit if there is nothing else. */
  readonly name: string;
  /** Unit of voltage or time, as written; null if none is named. */
  readonly unit: string | null;
}

/** The contents of the lines before the data. */
export interface Preamble {
  /** One title per column; a name is empty if it is not known. */
  readonly titles: readonly Title[];
  /** Samples per second; null if none or several are named. */
  readonly rate: number | null;
  /** Unit of voltage, as written, for columns that name none. */
  readonly unit: string | null;
}

/** Reads the lines before the data, and comments. */
export function readPreamble(block: TextBlock): Preamble {
  const lines = block.lines.slice(0, block.first)
    .map((line) => line.replace(/^\s*(#+|%+|\/\/+)\s*/, "").trim())
    .filter((line) => line !== "");
  return { titles: titlesOf(block, lines), rate: rateIn(lines), unit: unitIn(lines) };
}

const DELIMITERS: readonly Delimiter[] = ["\t", ";", ",", " "];

/** The last line that can be a header, and one of units below it. */
function titlesOf({ width, delimiter }: TextBlock, lines: readonly string[]): Title[] {
  const headers = lines.slice(-2).map((line) => {
    // Above a single column, a line with a separator is a setting: `Unit,µV`.
    if (width === 1 && /[,;:=\t]/.test(line)) return null;
    const fits = [delimiter, ...DELIMITERS].map((each) => cellsOf(line, each))
      .find((cells) => cells.length === width);
    return fits && !fits.every((cell) => cell === "" || isNumber(cell)) ? fits : null;
  });
  const last = headers.at(-1);
  if (!last) return Array.from({ length: width }, () => ({ name: "", unit: null }));
  const above = headers.length === 2 ? headers[0] : null;
  const units = above && last.every(isUnit) ? last.map(withoutBrackets) : null;
  return (units ? above! : last).map((cell, c) => {
    const title = titleOf(cell);
    const unit = units?.[c] ?? null;
    return unit !== null && isUnit(unit) ? { name: title.name, unit: title.unit ?? unit } : title;
  });
}

function isNumber(cell: string): boolean {
  return !Number.isNaN(numberIn(cell) ?? NaN);
}

function isUnit(cell: string): boolean {
  const unit = withoutBrackets(cell);
  return known(unit) || /^(hh?:)?mm?:ss(\.m+)?$|^(sample|#|count|adu|au|a\.u\.)s?$/i.test(unit);
}

function withoutBrackets(cell: string): string {
  return cell.replace(/^[[(](.*)[\])]$/, "$1").trim();
}

function known(unit: string): boolean {
  return millivoltsIn(unit) !== null || secondsIn(unit) !== null;
}

/** `ecg [uV]`, `ECG (mV)`, `ecg/mV`, `ecg_uV`, `time ms`, `mV`. */
export function titleOf(cell: string): Title {
  const bracketed = /^(.*?)\s*[[(]\s*([^\])]*)\s*[\])]\s*$/.exec(cell);
  if (bracketed) {
    const [, name = "", unit = ""] = bracketed;
    if (/hz|hertz|sps/i.test(unit)) return { name: name || cell, unit: null };
    // A unit other than voltage or time means that the column is neither.
    if (known(unit)) return { name: name || unit, unit };
    return { name: name || cell, unit: name === "" || unit === "" ? null : unit };
  }
  if (known(cell) && cell.length > 1) return { name: cell, unit: cell };
  const tail = /^(.+?)[\s_/,.-]+([^\s_/,.-]+)$/.exec(cell);
  // A single letter after a name may be a unit, but also a lead or an axis.
  if (tail && known(tail[2]!) && (tail[2]!.length > 1 || cell.includes("/"))) {
    return { name: tail[1]!, unit: tail[2]! };
  }
  return { name: cell, unit: null };
}

const HERTZ = /(\d+(?:[.,]\d+)?)\s*(?:hz|hertz|sps)\b/gi;
const NAMED =
  /(?:sampl\w*[ _-]*(?:rate|freq\w*)|\bfs\b|\bsfreq\b|abtastrate)\W*(\d+(?:[.,]\d+)?)/gi;
const FILTER = /filter|notch|pass|mains|cut|artefa|artifa/i;
const ABOUT_RATE = /sampl|rate|freq|fs\b|abtast|frequen|muestreo|taux|campion|hz|hertz/i;

function rateIn(lines: readonly string[]): number | null {
  const found = new Set<number>();
  // A comma separates settings, unless it is a decimal comma or part of a setting's value.
  for (const line of lines.flatMap((line) => line.split(/[,;](?!\s*\d)/))) {
    if (FILTER.test(line) || !ABOUT_RATE.test(line)) continue;
    for (const pattern of [HERTZ, NAMED]) {
      for (const [, digits] of line.matchAll(pattern)) {
        const rate = Number(digits!.replace(",", "."));
        if (rate > 0 && Number.isFinite(rate)) found.add(rate);
      }
    }
  }
  return found.size === 1 ? [...found][0]! : null;
}

/** A cell with a unit of voltage after a cell without one: `Unit,µV`, `unit: mV`. */
function unitIn(lines: readonly string[]): string | null {
  const found = new Set<string>();
  for (const line of lines) {
    const cells = line.split(/[,;\t:=]/).map((cell) => cellsOf(cell, null)[0]!);
    const unit = cells.length === 2 ? withoutBrackets(cells[1]!) : "";
    if (millivoltsIn(unit) !== null) found.add(unit);
  }
  return found.size === 1 ? [...found][0]! : null;
}
