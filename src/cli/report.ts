/**
 * `deno task report`: writes the HTML report of a run again, finished or not; the page of recordings
 * with `--ecg`; and serves all reports on this machine with `--serve`.
 *
 * @module
 */
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { reportFile, REPORTS, runDirectory, shortPath } from "../core/paths.ts";
import { rebuildIndex } from "../report/index_page.ts";
import { readRun } from "../results/read.ts";
import { serveReports } from "../report/serve.ts";
import { createCommand, integer, runMain } from "./command.ts";
import { writeEcgPage } from "./report_ecg.ts";
import { renewReport } from "./run_report.ts";

interface Options {
  run?: string;
  out?: string;
  ecg: boolean;
  round?: number;
  records: number;
  showTest: boolean;
  serve: boolean;
  port: number;
}

async function main(args: string[]): Promise<void> {
  const command = createCommand("report", "Write the HTML report of a run, or serve all reports.")
    .option("--run <name>", "name of a run below checkpoints/, or path to its directory")
    .option(
      "--out <file>",
      "HTML file (default: reports/<run>.html, or report.html in a run given by path)",
    )
    .option(
      "--ecg",
      "also write a page of recordings with the labels of the dense network and the ticket",
      false,
    )
    .option("--round <n>", "with --ecg: the round to show (default: the sparsest)", integer(0))
    .option("--records <n>", "with --ecg: recordings per class", integer(1, 50), 4)
    .option("--show-test", "show test scores before the run is complete", false)
    .option("--serve", "serve reports/ on this machine; pages reload when rewritten", false)
    .option("--port <n>", "with --serve", integer(0, 65535), 8300);
  command.parse(args, { from: "user" });
  const options = command.opts<Options>();
  refuseMeaningless(options, (name) => command.getOptionValueSource(name) === "cli");
  if (options.run !== undefined) await write(options.run, options);
  if (options.serve) await serve(options.port);
}

function refuseMeaningless(
  { run, out, ecg, round, serve }: Options,
  isGiven: (option: "port" | "records") => boolean,
): void {
  if (run === undefined && !serve) {
    throw new UsageError(
      "Cannot write a report: name a run with --run, or add --serve",
    );
  }
  if (run === undefined && (out !== undefined || ecg)) {
    throw new UsageError(
      `Cannot write ${ecg ? "recordings" : "a report"} without a run: add --run`,
    );
  }
  if (round !== undefined && !ecg) {
    throw new UsageError(`Cannot use --round ${round} alone: it chooses a network for --ecg`);
  }
  if (isGiven("records") && !ecg) {
    throw new UsageError("Cannot use --records alone: it belongs to --ecg");
  }
  if (isGiven("port") && !serve) {
    throw new UsageError("Cannot use --port alone: it belongs to --serve");
  }
}

async function write(run: string, { out, ecg, round, records, showTest }: Options): Promise<void> {
  const directory = runDirectory(run);
  const file = out === undefined ? reportFile(run) : path.resolve(out);
  // Written before the report, because the report links to it.
  const page = ecg
    ? await writeEcgPage({
      ...{ directory, summary: readRun(directory).summary, report: file },
      round: round ?? null,
      perClass: records,
    })
    : null;
  console.log(renewReport(run, { file, showTest }));
  console.log(`Report: ${shortPath(file)}`);
  if (page !== null) console.log(`Recordings: ${shortPath(page)}`);
}

/** Serves reports until the process is ended. */
async function serve(port: number): Promise<void> {
  rebuildIndex();
  const server = await serveReports({ root: REPORTS, port });
  console.log(`Reports: ${server.url} (Ctrl-C ends it)`);
  await new Promise(() => {});
}

if (import.meta.main) await runMain(main);
