/**
 * `deno task torture`: simulates the accidents that can happen to a long study. Prints a line per part and
 * ends with exit code 1 if there are findings.
 *
 * @module
 */
import { InvalidArgumentError } from "commander";
import * as fs from "node:fs";
import * as path from "node:path";
import { createCommand, integer, number, runMain } from "../../src/cli/command.ts";
import { createRng } from "../../src/core/rng.ts";
import { inTemporaryDirectory } from "../../src/data/testing.ts";
import { writeToyDataset } from "../../src/run/testing.ts";
import { addonPart } from "./addon.ts";
import { corruptPart } from "./corrupt.ts";
import { diskPart } from "./disk.ts";
import { fuzzPart } from "./fuzz_part.ts";
import { killsPart } from "./kills.ts";
import { leaksPart } from "./leaks.ts";
import type { TorturePart, TortureRow } from "./part.ts";
import { sanitizersPart } from "./sanitizers.ts";
import { soakPart } from "./soak.ts";

const PARTS: Readonly<Record<string, TorturePart>> = {
  kills: killsPart,
  disk: diskPart,
  corrupt: corruptPart,
  fuzz: fuzzPart,
  addon: addonPart,
  leaks: leaksPart,
  sanitizers: sanitizersPart,
  soak: soakPart,
};

interface TortureOptions {
  kills: number;
  inputs: number;
  parsers: string[];
  minutes: number;
  repeats: number;
  jobs: number;
  only: string[];
  seed: number;
}

const CORES = navigator.hardwareConcurrency;

/** Option parser for names of parts with commas. */
function partList(text: string): string[] {
  const names = text.split(",");
  const unknown = names.find((name) => !(name in PARTS));
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(
    `There is no part ${unknown}; expected some of ${Object.keys(PARTS).join(",")}.`,
  );
}

/** Does the requested parts. Returns the exit code: 1 if there is any finding. */
export async function main(args: string[]): Promise<number> {
  const options = createCommand(
    "torture",
    "Kill, fill, damage, fuzz and soak, and count what fails",
  )
    .option("--kills <n>", "signals to send", integer(1), 300)
    .option("--inputs <n>", "inputs for the parsers", integer(1), 10_000_000)
    .option(
      "--parsers <names>",
      "give inputs only to these parsers, e.g. EDF,text table (default: all)",
      (text: string) => text.split(","),
      [],
    )
    .option("--minutes <m>", "of soaking", number(0), 30)
    .option("--repeats <n>", "times that each damage is done to each file", integer(1), 3)
    .option("--jobs <n>", "runs to kill and parsers to fuzz at a time", integer(1), CORES)
    .option(
      "--only <parts>",
      `some of ${Object.keys(PARTS).join(",")}`,
      partList,
      Object.keys(PARTS),
    )
    .option("--seed <n>", "seed of all random decisions", integer(0, 2 ** 31), 1)
    .parse(args, { from: "user" })
    .opts<TortureOptions>();
  const rows: TortureRow[] = [];
  for (const name of options.only) {
    console.log(`${name} ...`);
    await inTemporaryDirectory(async (directory) => {
      const own = path.join(directory, "part");
      fs.mkdirSync(own);
      const found = await PARTS[name]!({
        ...options,
        rng: createRng(options.seed, "torture", name),
        directory: own,
        data: writeToyDataset(directory),
        note: (message) => console.log(`  ${message}`),
      });
      rows.push(...found);
    });
  }
  console.log(`\n${summary(rows)}`);
  const findings = rows.flatMap((row) => row.findings);
  for (const finding of findings) console.log(`\nfinding: ${finding}`);
  return findings.length > 0 ? 1 : 0;
}

/** The rows as a Markdown table, for the documentation. */
function summary(rows: readonly TortureRow[]): string {
  const cells = rows.map(({ what, count, findings, detail = "" }) => [
    what,
    count.toLocaleString("en"),
    String(findings.length),
    detail,
  ]);
  return [["what", "count", "findings", ""], ["---", "--:", "--:", "---"], ...cells]
    .map((row) => `| ${row.join(" | ")} |`).join("\n");
}

if (import.meta.main) await runMain(main);
