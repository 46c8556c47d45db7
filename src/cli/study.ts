/**
 * `deno task study`: makes the tables and figures of docs/study.md again from the runs in docs/study.
 *
 * @module
 */
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { writeFilesAtomic } from "../core/files.ts";
import { REPORTS, runDirectory, shortPath } from "../core/paths.ts";
import { outdated, readGroups, studyFiles, studyPages } from "../study/build.ts";
import { addRuns } from "../study/collect.ts";
import { groupFolders } from "../study/group.ts";
import { createCommand, runMain } from "./command.ts";

interface Options {
  check: boolean;
  allowIncomplete: boolean;
  pages: boolean;
  to?: string;
}

function main(args: string[]): Promise<number> {
  const command = createCommand("study", "Make the tables and figures of docs/study.md again")
    .argument("[runs...]", "runs to add first (names below checkpoints/, or paths)")
    .option("--to <group>", "the folder of docs/study that the runs are added to")
    .option("--allow-incomplete", "with --to: add the finished rounds of unfinished runs", false)
    .option("--pages", "write a comparison page of each group into reports/study/", false)
    .option("--check", "write nothing; exit with code 1 if a file differs", false);
  command.parse(args, { from: "user" });
  const { check, to, allowIncomplete, pages } = command.opts<Options>();
  const isAdding = to !== undefined;
  if (pages && check) throw new UsageError("Cannot use --pages with --check, which writes nothing");
  if ((command.args.length > 0) !== isAdding || (isAdding ? check : allowIncomplete)) {
    throw new UsageError("Cannot add runs: name both the runs and --to GROUP, without --check");
  }
  if (to !== undefined) {
    const group = groupFolders().find((folder) => path.basename(folder) === to);
    if (group === undefined) {
      throw new UsageError(
        `Cannot add runs to ${JSON.stringify(to)}: the groups are ${
          groupFolders().map((folder) => path.basename(folder)).join(", ")
        }; a folder of docs/study with a study.json is a group`,
      );
    }
    const added = addRuns(command.args.map(runDirectory), { group, allowIncomplete });
    for (const copy of added) console.log(`Added ${shortPath(copy)}`);
  }
  const groups = readGroups();
  const files = studyFiles({ groups });
  const changed = outdated(files);
  if (!check) writeFilesAtomic([...files].filter(([file]) => changed.includes(file)));
  for (const file of changed) console.log(`${check ? "Differs" : "Written"}: ${shortPath(file)}`);
  if (changed.length === 0) console.log(`${files.size} files are as the runs give them.`);
  if (pages) {
    const written = [...studyPages(path.join(REPORTS, "study"), groups)];
    writeFilesAtomic(written);
    for (const [file] of written) console.log(`Written: ${shortPath(file)}`);
  }
  return Promise.resolve(check && changed.length > 0 ? 1 : 0);
}

if (import.meta.main) await runMain(main);
