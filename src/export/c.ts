/**
 * `--format c`: C99 without allocation, for samples as they arrive.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { UsageError } from "../core/errors.ts";
import { Predictor } from "../predict/predictor.ts";
import { type COptions, type CSource, cSource } from "../ticket/c_source.ts";
import { type Layout, LAYOUTS } from "./c_layouts.ts";
import { lossOfRun, lossOnRecords, namedRecords, recordsOfRun } from "./c_rounding.ts";
import type { Exporter, ExportRequest } from "./exporter.ts";
import { calibrate, fixedPoint, withRoundedWeights } from "./fixed_point.ts";

const ENDING = ".c";
const NAMES = Object.keys(LAYOUTS) as Layout[];

interface CFlags {
  readonly int8?: true;
  readonly int16?: true;
  readonly records?: string;
  readonly layout?: Layout;
  readonly name?: string;
}

export const c: Exporter<CFlags> = {
  ending: ENDING,
  isFolder: ({ layout }) => layout !== undefined,
  flags: {
    int8: {
      flags: "--int8",
      help: "8-bit weights; with --run the loss is measured on the run's test records",
    },
    int16: {
      flags: "--int16",
      help:
        "16-bit activations, and 16-bit weights without --int8; calibrated with the run's training " +
        "records, --records or the bundled sample",
    },
    records: {
      flags: "--records <path>",
      help: "recording or folder to calibrate --int16 and to measure the loss with, without --run",
    },
    layout: {
      flags: "--layout <kind>",
      help: `a folder instead of two files, with an example: ${NAMES.join(", ")}`,
      parse: layoutOf,
    },
    name: {
      flags: "--name <identifier>",
      help: "prefix of everything it declares (default: the file's name)",
    },
  },
  defaultName: (_base, { name = "ecg_ticket" }) => name,
  encode: (request) => {
    const { ticket, name: file, options: { layout, name = file } } = request;
    if (ticket.flipAverage) {
      throw new UsageError(
        `Cannot export ${ticket.provenance.run} as C: its scores are of the mean over each record ` +
          `and its negative, and the C code sees the record alone; use --format ticket`,
      );
    }
    const { numbers, lines } = numbersOf(request);
    const header = `${layout === undefined ? file : name}.h`;
    const source = cSource(ticket, { name, ...numbers, header });
    const files = layout === undefined
      ? [[".h", source.header], [ENDING, source.code]] as const
      : LAYOUTS[layout]({ name, source, ticket });
    return { files, lines: [...sizesOf(source), ...lines] };
  },
};

function layoutOf(text: string): Layout {
  const layout = NAMES.find((each) => each === text);
  if (layout !== undefined) return layout;
  throw new UsageError(`--layout must be one of ${NAMES.join(", ")}, got ${JSON.stringify(text)}`);
}

/** The numbers of the code, and what to say about them. */
function numbersOf(
  { ticket, dataset, options: { int8, int16, records: named } }: ExportRequest<CFlags>,
): { numbers: Omit<COptions, "name">; lines: string[] } {
  if (named !== undefined && dataset !== undefined) {
    throw new UsageError("--records goes with a ticket: a run has records of its own");
  }
  if (!int8 && !int16) {
    if (named === undefined) return { numbers: { weights: "fp32" }, lines: [] };
    throw new UsageError("--records goes with --int16 or --int8: 32-bit numbers lose nothing");
  }
  const weights = int8 ? "int8" : "int16";
  const rounded = withRoundedWeights(ticket, weights);
  if (!int16) {
    const what = "8-bit weights";
    if (dataset === undefined && named === undefined) {
      const why = "a ticket has no records; --run measures it";
      return { numbers: { weights }, lines: [`${what}: their loss was not measured, ${why}`] };
    }
    using predictor = new Predictor(rounded);
    const logits = (samples: ArrayLike<number>) => predictor.logits(samples);
    const loss = dataset
      ? lossOfRun(ticket, logits, dataset)
      : lossOnRecords(ticket, logits, namedRecords(named, ticket));
    return { numbers: { weights }, lines: [`${what} ${loss}`] };
  }
  const records = dataset ? recordsOfRun(dataset) : namedRecords(named, ticket);
  const units = calibrate(rounded, records.used);
  const logits = fixedPoint(rounded, units);
  const loss = dataset
    ? lossOfRun(ticket, logits, dataset)
    : lossOnRecords(ticket, logits, records);
  return {
    numbers: { weights, units },
    lines: [
      `16-bit activations, calibrated on ${
        counted(records.used.length, "recording")
      } ${records.source}`,
      `${int8 ? "8-bit" : "16-bit"} weights and 16-bit activations ${loss}`,
    ],
  };
}

function sizesOf({ romBytes, rom, ramBytes, macsPerSecond }: CSource): string[] {
  const count = (n: number) => Math.round(n).toLocaleString("en");
  const parts = Object.entries(rom).map(([what, bytes]) => `${what} ${count(bytes)}`);
  return [
    `tables ${count(romBytes)} bytes, state ${count(ramBytes)} bytes, ` +
    `${count(macsPerSecond)} multiplications per second of ECG`,
    `tables (ROM): ${parts.join(", ")}`,
  ];
}
