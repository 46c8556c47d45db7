/**
 * Formats numbers for people. Every formatter shows null as an en dash.
 *
 * @module
 */
import { nounOf } from "../core/counted.ts";
import { decimals } from "../core/decimals.ts";
import type { Value } from "./data.ts";

/** Shown where there is no value. */
export const NONE = "–";

const NARROW_SPACE = "\u202f";

/** The kind of values in a table column or on an axis. */
export type Kind =
  | "text"
  | "integer"
  | "epochs"
  | "score"
  | "signed"
  | "percent"
  | "factor"
  | "bytes"
  | "macs"
  | "seconds"
  | "loss"
  | "rate";

const FORMATTERS: Record<Kind, (value: number) => string> = {
  text: String,
  integer: formatInteger,
  // Rounds may end early, so the mean epochs of several runs have fractions: to a tenth.
  epochs: (value) => formatInteger(Math.round(10 * value) / 10),
  score: (value) => decimals(value),
  signed: (value) => {
    const text = decimals(value);
    return Number(text) === 0 ? `±${text}` : value < 0 ? text : `+${text}`;
  },
  percent: formatPercent,
  factor: (value) => (value >= 99.95 ? formatInteger(Math.round(value)) : short(value)) + "×",
  bytes: (value) => scaled(value, ["B", "kB", "MB", "GB"]),
  macs: (value) => scaled(value, ["", "k", "M", "G", "T"]).trimEnd(),
  seconds: formatSeconds,
  loss: (value) =>
    (Math.abs(value) >= 1e-3 || value === 0) ? value.toFixed(4) : value.toExponential(1),
  rate: (value) =>
    value === 0 ? "0" : value.toExponential(1).replace(".0e", "e").replace("e-", "e−"),
};

/** `value` as text of the given kind; strings pass through, null and non-finite become a dash. */
export function format(value: Value | string | undefined, kind: Kind): string {
  if (typeof value === "string") return value;
  if (value === null || value === undefined || !Number.isFinite(value)) return NONE;
  return FORMATTERS[kind](value);
}

/** E.g. "1 epoch", "24 epochs", "0.5 epochs"; "– epochs" if the number is not known. */
export function epochsText(epochs: number | null | undefined): string {
  const text = format(epochs, "epochs");
  return `${text} ${nounOf(Number(text), "epoch")}`;
}

/** Three significant digits, without an exponent below 1e6: 1.25, 12.2, 122. */
function short(value: number): string {
  if (value >= 99.95) return String(Math.round(value));
  return value.toFixed(value >= 9.995 ? 1 : 2).replace(/\.0+$/, "");
}

function formatInteger(value: number): string {
  const [whole = "", fraction] = String(Math.abs(value)).split(".");
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ",");
  return (value < 0 ? "−" : "") + grouped + (fraction === undefined ? "" : `.${fraction}`);
}

/** A fraction as a percentage: 100 %, 20.9 %, 8.2 %, 0.71 %. */
function formatPercent(fraction: number): string {
  const percent = fraction * 100;
  const size = Math.abs(percent);
  const text = size === 0 || size >= 99.95
    ? percent.toFixed(0)
    : size >= 0.995
    ? percent.toFixed(1).replace(/\.0$/, "")
    : Number(percent.toPrecision(2)).toString();
  return text.replace("-", "−") + NARROW_SPACE + "%";
}

function scaled(value: number, units: string[]): string {
  let unit = 0;
  while (Math.abs(value) >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 ? String(Math.round(value)) : short(value)}${NARROW_SPACE}${
    units[unit] ?? ""
  }`;
}

function formatSeconds(value: number): string {
  if (value < 99.95) return `${short(value)}${NARROW_SPACE}s`;
  const whole = Math.round(value);
  const minutes = Math.floor(whole / 60);
  const rest = whole % 60;
  if (minutes < 60) return `${minutes}${NARROW_SPACE}min ${rest}${NARROW_SPACE}s`;
  return `${Math.floor(minutes / 60)}${NARROW_SPACE}h ${minutes % 60}${NARROW_SPACE}min`;
}
