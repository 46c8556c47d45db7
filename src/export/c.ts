/**
 * `--format c`: C99 without allocation, for samples as they arrive.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { roundingLoss } from "../predict/rounding_loss.ts";
import { cSource } from "../ticket/c_source.ts";
import type { Exporter, ExportRequest } from "./exporter.ts";

const ENDING = ".c";

interface COptions {
  readonly int8?: true;
  readonly name?: string;
}

export const c: Exporter<COptions> = {
  ending: ENDING,
  flags: {
    int8: {
      flags: "--int8",
      help: "8-bit weights; with --run the loss is measured on the run's test records",
    },
    name: {
      flags: "--name <identifier>",
      help: "prefix of everything it declares (default: the file's name)",
    },
  },
  defaultName: (_base, { name = "ecg_ticket" }) => name,
  encode: (request) => {
    const { ticket, name: file, options: { int8, name = file } } = request;
    if (ticket.flipAverage) {
      throw new UsageError(
        `Cannot export ${ticket.provenance.run} as C: its scores are of the mean over each record ` +
          `and its negative, and the C code sees the record alone; use --format ticket`,
      );
    }
    const source = cSource(ticket, { name, weights: int8 ? "int8" : "fp32", header: `${file}.h` });
    const count = (n: number) => Math.round(n).toLocaleString("en");
    const sizes =
      `tables ${count(source.romBytes)} bytes, state ${count(source.ramBytes)} bytes, ` +
      `${count(source.macsPerSecond)} multiplications per second of ECG`;
    return {
      files: [[".h", source.header], [ENDING, source.code]],
      lines: int8 ? [sizes, lossLine(request)] : [sizes],
    };
  },
};

function lossLine({ ticket, dataset }: ExportRequest<COptions>): string {
  if (dataset === undefined) {
    return "8-bit weights: their loss was not measured, a ticket has no records; --run measures it";
  }
  const loss = roundingLoss(ticket, dataset);
  return `8-bit weights on ${loss.records} ${loss.split} records: ${loss.metric} ` +
    `${loss.exact.toFixed(3)} -> ${loss.rounded.toFixed(3)}, ${loss.changed} labels differ, ` +
    `logits by ${loss.largestDifference.toPrecision(2)} at most`;
}
