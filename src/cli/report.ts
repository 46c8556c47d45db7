/**
 * `deno task report`: writes the HTML report of a run again, finished or not.
 *
 * @module
 */
import * as path from "node:path";
import { reportFile, runDirectory } from "../core/paths.ts";
import { answer } from "../report/answer.ts";
import { readRun } from "../report/read_run.ts";
import { writeReport } from "../report/report.ts";
import { createCommand, runMain } from "./command.ts";

function main(args: string[]): Promise<void> {
  const command = createCommand("report", "Write the HTML report of a run.")
    .requiredOption("--run <name>", "name of a run below checkpoints/, or path to its directory")
    .option("--out <file>", "HTML file to write (default: reports/<run>.html)");
  command.parse(args, { from: "user" });
  const { run, out } = command.opts<{ run: string; out?: string }>();

  const directory = runDirectory(run);
  const { summary, timing, environment } = readRun(directory);
  const file = out === undefined ? reportFile(path.basename(directory)) : path.resolve(out);
  writeReport({ summary, timing, environment, file });
  console.log(answer(summary));
  console.log(`Report: ${file}`);
  return Promise.resolve();
}

if (import.meta.main) await runMain(main);
