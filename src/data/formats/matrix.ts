/**
 * Makes leads from the variables of a MATLAB file.
 *
 * @module
 */
import { BadRecord } from "../problem.ts";
import type { Lead, SignalFile } from "./signal_file.ts";

/** A real numeric matrix of a MATLAB file. */
export interface Matrix {
  readonly name: string;
  readonly rows: number;
  readonly columns: number;
  /** Element `i` in column-major order. */
  readonly at: (i: number) => number;
  /** The number that marks a missing sample: -32768 for int16, as in WFDB. */
  readonly missing: number | null;
}

/** The variable that WFDB's and PhysioNet's tools write. */
const PREFERRED = "val";
const TIME = /^(t|tm|time|times|timestamps?|x_?axis)$/i;
const RATE = /^(fs|sf|sfreq|freq|frequency|rate|srate|fsamp|sampl(e|ing)_?(rate|freq(uency)?))$/i;
/** Shorter variables are taken as settings, not signals. */
const SHORTEST = 16;

/** The rate of PhysioNet/CinC 2017 recordings, whose `val` has no rate in the file. */
const CINC = { rate: 300, why: "the rate of PhysioNet/CinC 2017's .mat files" };

/**
 * The leads of a file: those of `val`, or else of all variables that can be a signal. A matrix has one lead
 * per row or column of its shorter side. A single number called `fs` or similar is the rate.
 *
 * @throws {BadRecord} If no variable can be a signal.
 */
export function leadsOfMatrices(matrices: readonly Matrix[]): SignalFile {
  const preferred = matrices.filter(({ name, rows, columns }) =>
    lastPart(name) === PREFERRED && rows * columns > 0
  );
  const signals = preferred.length > 0 ? preferred : matrices.filter(isSignal);
  if (signals.length === 0) {
    const found = matrices.map(({ name, rows, columns }) => `${name} ${rows} x ${columns}`);
    throw new BadRecord(
      "no-signal",
      found.length === 0
        ? "it holds no numeric matrix"
        : `none of its variables is a signal: ${found.slice(0, 8).join(", ")}`,
    );
  }
  const rate = rateIn(matrices);
  const several = signals.length > 1;
  const leads = signals.flatMap((matrix) => leadsOf(matrix, { rate, several }));
  return {
    leads: leads.map((lead, i) => ({ ...lead, number: i + 1 })),
    rateSource: "its variable for the rate",
    defaultRate: preferred.length > 0 ? CINC : null,
  };
}

function isSignal({ name, rows, columns }: Matrix): boolean {
  return Math.max(rows, columns) >= SHORTEST && Math.min(rows, columns) >= 1 &&
    !TIME.test(lastPart(name));
}

function lastPart(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

function rateIn(matrices: readonly Matrix[]): number | null {
  const found = matrices.filter(({ name, rows, columns }) =>
    rows === 1 && columns === 1 && RATE.test(lastPart(name))
  ).map(({ at }) => at(0));
  return new Set(found).size === 1 ? found[0]! : null;
}

function leadsOf(
  { name, rows, columns, at, missing }: Matrix,
  { rate, several }: { rate: number | null; several: boolean },
): Omit<Lead, "number">[] {
  if (rows === columns && rows > 1) {
    throw new BadRecord(
      "not-one-column",
      `its variable ${name} is ${rows} x ${columns}: which side are the leads?`,
    );
  }
  const [count, length] = rows < columns ? [rows, columns] : [columns, rows];
  const [stride, step] = rows < columns ? [1, rows] : [rows, 1];
  return Array.from({ length: count }, (_, lead) => ({
    name: several ? (count === 1 ? name : `${name} ${lead + 1}`) : "",
    unit: null,
    gain: null,
    baseline: 0,
    rate,
    numbers: () => {
      const numbers = new Float64Array(length);
      for (let i = 0; i < length; i++) {
        const number = at(lead * stride + i * step);
        numbers[i] = number === missing ? NaN : number;
      }
      return numbers;
    },
  }));
}
