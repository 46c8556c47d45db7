/**
 * Converts a file to a signal in physical units. Lead, unit and rate come from the file or from the user's
 * options. If neither states one of them, it is assumed and reported, or the file is refused.
 *
 * @module
 */
import type { Finding } from "../advice.ts";
import { BadRecord } from "../problem.ts";
import { chooseLead } from "./choose_lead.ts";
import type { FormatName, ReadFile } from "./registry.ts";
import type { Lead } from "./signal_file.ts";
import { isArbitrary, millivoltsIn, type Units, UNITS_PER_MILLIVOLT } from "./units.ts";

/** The user's options about recordings. */
export interface ReadingOptions {
  /** Samples per second of files that do not state it; a file that states another rate is refused. */
  readonly rate?: number | undefined;
  /** The unit of the numbers, overrides the file; `auto`: the file's unit, or one inferred from numbers. */
  readonly units: Units | "auto";
  /** Numbers per unit; overrides the file. */
  readonly gain?: number | undefined;
  /** The number that means 0; overrides the file. */
  readonly baseline?: number | undefined;
  /** Name or number of the lead, or of the column of a text file. */
  readonly lead?: string | undefined;
}

/** Smallest and largest value of the options that are numbers; a gain is not 0. */
export const READING_LIMITS = {
  rate: [1, 100_000],
  gain: [-1e12, 1e12],
  baseline: [-1e9, 1e9],
  "max-gap": [0, 3600],
} as const;

/** The source of a property. */
export type Origin = "file" | "option" | "assumed";

/** How a recording was read. */
export interface Understood {
  /** The format of the file. */
  readonly format: FormatName;
  /** Name of the lead, or its number if it has no name. */
  readonly lead: string;
  /** Number of leads in the file. */
  readonly leads: number;
  /** Samples per second of the source. */
  readonly rate: number;
  /** Whether the file, an option or an assumption says the rate. */
  readonly rateFrom: Origin;
  /** The unit of its numbers. */
  readonly unit: string;
  /** Whether the file, an option or an assumption says the unit. */
  readonly unitFrom: Origin;
  /** Numbers per unit. */
  readonly gain: number;
  /** The number that means 0. */
  readonly baseline: number;
  /** Assumptions, with what changes them. */
  readonly assumed: readonly Finding[];
}

/** A lead in stored units. */
export interface Reading {
  /** Samples in units of 1000 per mV at the source's rate; NaN if missing [length]. */
  readonly signal: Float64Array;
  /** Samples per second of the source. */
  readonly rate: number;
  /** How lead, unit and rate were found. */
  readonly understood: Understood;
}

/** Rates with a smaller relative difference count as equal. */
const SAME_RATE = 0.001;
/** The gain that header(5) assumes for an uncalibrated signal. */
const WFDB_GAIN = 200;

/**
 * Converts a file's lead to stored units.
 *
 * @throws {BadRecord} If lead, unit or rate are not known, or contradict each other.
 */
export function understand(file: ReadFile, options: ReadingOptions): Reading {
  const { lead, assumed: chosen } = chooseLead(file.leads, options.lead);
  const rate = rateOf(lead, { file, given: options.rate });
  const numbers = lead.numbers();
  if (numbers.length === 0) throw new BadRecord("empty", "it holds no samples");
  const infinite = numbers.findIndex((number) => !Number.isFinite(number) && !Number.isNaN(number));
  if (infinite >= 0) throw new BadRecord("not-a-number", `sample ${infinite} is infinite`);
  const scale = scaleOf(lead, { numbers, options });
  const { factor, baseline } = scale;
  const signal = numbers.map((number) => (number - baseline) * factor);
  return {
    signal,
    rate: rate.rate,
    understood: {
      format: file.format,
      lead: lead.name === "" ? `${lead.number}` : lead.name,
      leads: file.leads.length,
      rate: rate.rate,
      rateFrom: rate.from,
      unit: scale.unit,
      unitFrom: scale.from,
      gain: scale.gain,
      baseline,
      assumed: [
        ...(chosen === null ? [] : [{ fact: chosen, remedy: { kind: "another-lead" } } as const]),
        ...rate.assumed,
        ...scale.assumed,
      ],
    },
  };
}

function rateOf(
  lead: Lead,
  { file, given }: { file: ReadFile; given: number | undefined },
): { rate: number; from: Origin; assumed: Finding[] } {
  if (lead.rate !== null) {
    const { rateSource, rateTakenFor } = file;
    const source = rateTakenFor === undefined
      ? rateSource
      : `${rateSource}, taken for ${rateTakenFor}`;
    const [least, most] = READING_LIMITS.rate;
    if (!(lead.rate >= least && lead.rate <= most)) {
      throw new BadRecord(
        "other-rate",
        `${source} says ${lead.rate} Hz, expected ${least} to ${most}`,
      );
    }
    if (given !== undefined && Math.abs(lead.rate - given) > SAME_RATE * given) {
      throw new BadRecord("other-rate", {
        fact: `${source} says ${lead.rate} Hz, not ${given} Hz`,
        remedy: { kind: "omit-rate" },
      });
    }
    const assumed = rateTakenFor === undefined ? [] : [{ fact: `${lead.rate} Hz by ${source}` }];
    return { rate: given ?? lead.rate, from: "file", assumed };
  }
  if (given !== undefined) return { rate: given, from: "option", assumed: [] };
  if (file.defaultRate === null) {
    const fact = file.noRate ?? "it does not say its samples per second";
    throw new BadRecord("no-rate", { fact, remedy: { kind: "give-rate" } });
  }
  const { rate, why } = file.defaultRate;
  const assumed: Finding[] = [{ fact: `${rate} Hz, ${why}`, remedy: { kind: "another-rate" } }];
  return { rate, from: "assumed", assumed };
}

interface Scale {
  /** Stored units per number. */
  readonly factor: number;
  readonly unit: string;
  readonly from: Origin;
  readonly gain: number;
  readonly baseline: number;
  readonly assumed: readonly Finding[];
}

function scaleOf(
  lead: Lead,
  { numbers, options }: { numbers: Float64Array; options: ReadingOptions },
): Scale {
  const stated = lead.unit !== null && !isArbitrary(lead.unit) ? lead.unit : null;
  const baseline = options.baseline ?? lead.baseline;
  const says = (
    unit: string,
    from: Origin,
    gain: number,
    assumed: readonly Finding[] = [],
  ): Scale => {
    const millivolts = millivoltsIn(unit);
    if (millivolts === null) {
      throw new BadRecord("other-unit", {
        fact: `its lead ${lead.name || lead.number} is in ${
          JSON.stringify(unit)
        }, which is no voltage`,
        remedy: { kind: "lead-or-unit" },
      });
    }
    return { factor: UNITS_PER_MILLIVOLT * millivolts / gain, unit, from, gain, baseline, assumed };
  };
  const { units } = options;
  if (units === "raw") return raw("option", baseline, []);
  const gain = options.gain ?? lead.gain;
  if (units !== "auto") return says(units, "option", gain ?? 1);
  if (options.gain !== undefined) return says(stated ?? "mV", "option", options.gain);
  if (stated !== null) {
    return gain !== null ? says(stated, "file", gain) : says(stated, "assumed", WFDB_GAIN, [{
      fact: `${WFDB_GAIN} per ${stated}, WFDB's default for a signal without a gain`,
      remedy: { kind: "another-gain" },
    }]);
  }
  const isWhole = numbers.every((number) => Number.isNaN(number) || Number.isInteger(number));
  const assumed = (fact: string): Finding[] => [{ fact, remedy: { kind: "another-scale" } }];
  return isWhole
    ? raw("assumed", baseline, assumed("whole numbers are 1000 per mV"))
    : says("mV", "assumed", 1, assumed("the numbers are mV"));
}

function raw(from: Origin, baseline: number, assumed: readonly Finding[]): Scale {
  return { factor: 1, unit: "raw", from, gain: 1, baseline, assumed };
}
