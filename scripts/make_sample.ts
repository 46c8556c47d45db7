/**
 * Makes data/sample/cinc2017-sample.zip from recordings of PhysioNet/CinC 2017:
 *
 *     deno run --allow-read --allow-write --allow-env --allow-sys scripts/make_sample.ts \
 *       --source training2017 --labels REFERENCE-v3.csv
 *
 * The same recordings give the same bytes.
 *
 * @module
 */
import { zipSync } from "fflate";
import * as fs from "node:fs";
import * as path from "node:path";
import { createCommand, integer, runMain } from "../src/cli/command.ts";
import { Failure } from "../src/core/errors.ts";
import { writeFileAtomic } from "../src/core/files.ts";
import { createRng, type Rng } from "../src/core/rng.ts";
import { listTable } from "../src/data/list_table.ts";
import { READING_DEFAULTS } from "../src/data/recording.ts";
import { SAMPLE_FOLDER, SAMPLE_LABELS, SAMPLE_ZIP } from "../src/data/sample.ts";
import { type ScannedRecord, scanRecords } from "../src/data/scan.ts";
import { equalRecordings } from "../src/data/split.ts";

/** Records per class: 40, 25, 25 and 10 % of 600. */
const COUNTS: Record<string, number> = { N: 240, A: 150, O: 150, "~": 60 };
/** Of these, this many are the shortest and this many the longest of the class. */
const EXTREMES = 3;
const MAX_BYTES = 8e6;

interface Options {
  source: string;
  labels: string;
  seed: number;
  out: string;
}

/** Chooses the extremes of a class by length, and the rest at random from all others. */
function choose(pool: ScannedRecord[], { count, rng }: { count: number; rng: Rng }) {
  const byLength = pool.toSorted((a, b) => a.length - b.length || (a.id < b.id ? -1 : 1));
  const extremes = [...byLength.slice(0, EXTREMES), ...byLength.slice(-EXTREMES)];
  const others = rng.shuffle(byLength.slice(EXTREMES, -EXTREMES));
  return [...extremes, ...others.slice(0, count - extremes.length)];
}

function main(args: string[]): Promise<void> {
  const { source, labels, seed, out } = createCommand("make-sample", "Make the bundled sample")
    .requiredOption("--source <folder>", "the official .mat and .hea files")
    .requiredOption("--labels <file>", "REFERENCE-v3.csv for them")
    .option("--seed <number>", "seed of the choice", integer(0), 2017)
    .option("--out <file>", "the archive", SAMPLE_ZIP)
    .parse(args, { from: "user" }).opts<Options>();
  const { records, problems } = scanRecords(listTable({ source, labels }), READING_DEFAULTS);
  if (problems.length > 0) throw new Failure(`${source} has ${problems.length} bad recordings`);

  const distinct = equalRecordings(records).map(([first]) => records[first!]!);
  const chosen = new Set(
    Object.entries(COUNTS).flatMap(([label, count]) => {
      const pool = distinct.filter((record) => record.label === label);
      return choose(pool, { count, rng: createRng(seed, "sample", label) });
    }),
  );
  const members = records.filter((record) => chosen.has(record));
  const files: Record<string, Uint8Array> = {
    [SAMPLE_LABELS]: new TextEncoder().encode(
      members.map(({ id, label }) => `${id},${label}\n`).join(""),
    ),
  };
  for (const { id } of members) {
    for (const name of [`${id}.mat`, `${id}.hea`]) {
      files[`${SAMPLE_FOLDER}/${name}`] = fs.readFileSync(path.join(source, name));
    }
  }
  // Zip stores local times without a zone; this constant is the same everywhere.
  const bytes = zipSync(files, { level: 9, mtime: new Date(2017, 10, 1) });
  if (bytes.length > MAX_BYTES) throw new Failure(`${bytes.length} bytes are over ${MAX_BYTES}`);
  writeFileAtomic(out, bytes);
  const lengths = members.map(({ length }) => length / 300).sort((a, b) => a - b);
  console.log(
    `${members.length} records, ${bytes.length} bytes, ${lengths[0]} to ${lengths.at(-1)} s, ` +
      `median ${lengths[lengths.length >> 1]} s: ${out}`,
  );
  return Promise.resolve();
}

if (import.meta.main) await runMain(main);
