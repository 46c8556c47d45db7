/**
 * dataset.json describes a data set: its contents, its origin and what was left out.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { whyUnreadable } from "../core/files.ts";
import { DATASET_FORMAT, FILES, HOP } from "./format.ts";

const count = z.number().int().nonnegative();
const side = z.object({
  records: count,
  /** Samples, each record truncated to a multiple of the hop. */
  samples: count,
  /** Records per class. */
  classes: z.record(z.string(), count),
});

/** Numbers of records by a property that the file stated or that was assumed. */
const counts = z.record(z.string(), count);
const reading = z.object({
  formats: counts,
  leads: counts,
  /** Number of records by samples per second of the source. */
  rates: counts,
  units: counts,
  /** Each assumption as a sentence, with the number of records it was made for. */
  assumed: z.array(z.object({ what: z.string(), recordings: count })),
  /** Records with bridged gaps: missing samples of the source, and number of gaps. */
  bridged: z.array(z.object({ id: z.string(), missing: count, gaps: count })),
  options: z.object({
    gain: z.number().nullable(),
    baseline: z.number().nullable(),
    lead: z.string().nullable(),
    maxGap: z.number(),
    force: z.boolean(),
  }),
});

const sideName = z.enum(["train", "dev", "test"]);

const schema = z.object({
  format: z.literal(DATASET_FORMAT),
  /** Class names in the order of their codes. */
  classes: z.array(z.string()).min(2),
  records: count,
  /** Samples per second of the network's input. */
  sampleRate: z.number().int().positive(),
  hop: z.literal(HOP),
  /** Mean of the training samples, in stored units. */
  mean: z.number(),
  std: z.number().positive(),
  /** See fingerprint.ts. */
  sha256: z.string(),
  splits: z.object({ train: side, dev: side, test: side }),
  split: z.union([
    z.object({
      method: z.enum(["stratified", "awni"]),
      dev: z.number(),
      test: z.number(),
      seed: z.number(),
    }),
    /** Folds of the data set's authors, by name. */
    z.object({
      method: z.literal("published"),
      dev: z.array(z.string()).readonly(),
      test: z.array(z.string()).readonly(),
    }),
  ]),
  labels: z.object({
    file: z.string(),
    revision: z.enum(["v3", "intermediate", "original", "unknown", "own"]),
    evidence: z.string(),
  }),
  source: z.object({ directory: z.string(), rate: z.number().nullable(), units: z.string() }),
  /** How the recordings were read; absent in older data sets. */
  reading: reading.optional(),
  /** Groups of records with equal samples, with the side of each. */
  duplicates: z.array(
    z.array(z.object({ id: z.string(), side: sideName })),
  ),
  refused: z.array(z.object({ id: z.string(), reason: z.string(), detail: z.string() })),
  /** The name of the published data set; absent for the user's own recordings. */
  dataset: z.string().optional(),
  /** Groups of records and their sides; absent if groups are not known. */
  groups: z.object({
    by: z.string(),
    count,
    /** Number of groups on each side; the sum is `count`, because no group is on two sides. */
    perSide: z.object({ train: count, dev: count, test: count }),
    /** Groups on more than one side: always none. */
    shared: z.array(z.string()),
    list: z.array(
      z.object({ group: z.string(), sides: z.array(sideName), records: z.array(z.string()) }),
    ),
  }).optional(),
  /** What was assumed or left out, one sentence each. */
  notes: z.array(z.string()).optional(),
  /** Warnings that limit how far scores can be trusted, one sentence each. */
  warnings: z.array(z.string()).optional(),
  /** SHA-256 of the manifests. */
  manifests: z.record(z.string(), z.string()),
});

/** The contents of dataset.json. */
export type Description = z.infer<typeof schema>;

/**
 * Reads a data set's dataset.json.
 *
 * @throws {UsageError} If it is absent, of another format or damaged.
 */
export function readDescription(directory: string): Description {
  const file = path.join(directory, FILES.description);
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new UsageError(
      `There is no data set in ${directory} ` +
        `(${FILES.description}: ${whyUnreadable(error)}): ` +
        `make one with deno task build-datasets`,
    );
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw damaged(file, "it is not JSON");
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (format !== DATASET_FORMAT) {
    throw damaged(file, `its format is ${JSON.stringify(format)}, expected "${DATASET_FORMAT}"`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw damaged(file, `${issue?.path.join(".")}: ${issue?.message}`);
}

function damaged(file: string, why: string): UsageError {
  return new UsageError(`Cannot use ${file}: ${why}. Make it again with deno task build-datasets`);
}
