/**
 * The command that compares the finished runs of a sweep, and what it lacks.
 *
 * @module
 */
import { fullName } from "../compare/pairs.ts";
import { denseOf } from "../compare/levels.ts";
import { distinctNames } from "../compare/method.ts";
import { membersOf } from "../compare/replicates.ts";
import type { Run } from "../compare/run.ts";
import { isSingleTraining } from "../config/modes.ts";
import { readPair } from "../config/planned_pairs.ts";
import { counted } from "../core/counted.ts";
import { runDirectory } from "../core/paths.ts";
import { shellWords } from "../core/shell.ts";
import { readSummary } from "../results/read.ts";

/**
 * The command, and a line for each thing that has to be named with these runs.
 *
 * @param names Finished runs, by name or path.
 * @param pairs The plan's pairs. Those of methods that none of the runs has are left out of the command.
 * @throws {Failure} If the summary of a run is damaged.
 */
export function comparisonWords(names: readonly string[], pairs: readonly string[]): string[] {
  const runs = names.map(runOf);
  const methods = methodNames(runs);
  const absent = new Map(pairs.map((text) => {
    const { a, b } = readPair(text)!; // the plan has checked them
    return [text, [a, b].filter((name) => !methods.includes(fullName(name, methods)))];
  }));
  const here = pairs.filter((text) => absent.get(text)!.length === 0);
  const left = pairs.filter((text) => !here.includes(text));
  const command = [...names, ...(here.length > 0 ? ["--pairs", here.join(",")] : [])];
  return [
    `Compare them with: deno task compare ${shellWords(command)}`,
    ...lackingDense(runs),
    ...(left.length > 0
      ? [
        `${counted(left.length, "pair")} of the plan ${
          left.length === 1 ? "is" : "are"
        } left out ` +
        `(${left.join(", ")}): also name finished runs of ` +
        `${[...new Set(left.flatMap((text) => absent.get(text)!))].join(", ")} to test them.`,
      ]
      : []),
  ];
}

/** What a run is called by, without the outcomes of its rounds. */
function runOf(name: string): Run {
  const directory = runDirectory(name);
  const summary = readSummary(directory);
  const control = summary.control ?? null;
  return { name: summary.name, directory, summary, control, timing: null, outcomes: new Map() };
}

/** The names of the runs' methods, as in a comparison of these runs. */
function methodNames(runs: readonly Run[]): string[] {
  return distinctNames(membersOf(runs).map(([example]) => example!));
}

/** A single training is compared with the dense network of another run. */
function lackingDense(runs: readonly Run[]): string[] {
  const modes = runs
    .filter((run) => isSingleTraining(run.summary.mode) && denseOf(run, runs) === null)
    .map(({ summary }) => summary.mode);
  if (modes.length === 0) return [];
  return [
    `Also name finished runs of another mode with the same seeds and folds: they have the dense networks ` +
    `that ${[...new Set(modes)].join(", ")} must be compared with.`,
  ];
}
