/**
 * Finished networks that a run learns from (Hinton, Vinyals and Dean 2015). They are opened and checked to
 * be the same as when the run began.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { roundFiles, runDirectory, runFiles } from "../core/paths.ts";
import type { LoadedDataset } from "../data/dataset.ts";
import type { Teacher } from "../training/teacher.ts";
import type { Config, TrainingSettings } from "../config/config.ts";
import { networkHop } from "../config/network_config.ts";
import { hasSmallNetworks } from "../config/controls.ts";
import { RunStore } from "./run_store.ts";
import { networkConfig } from "./workbench_config.ts";

/** A teacher in a configuration. */
export type TeacherRun = NonNullable<TrainingSettings["teacher"]>["runs"][number];

/**
 * The present networks that `RUN[@round],...` names; without a round, the dense network.
 *
 * @throws {UsageError} If the text or one of the networks is invalid.
 */
export function teacherRuns(text: string): TeacherRun[] {
  return text.split(",").map((item) => {
    const [, name, round] = /^(.+?)(?:@(\d+))?$/.exec(item.trim()) ?? [];
    if (name === undefined) {
      throw new UsageError(
        `Cannot use the teachers "${text}": write RUN or RUN@round, several separated by commas`,
      );
    }
    // An absolute path is found from any working directory.
    const run = name.includes("/") ? path.resolve(name) : name;
    const teacher = { run, round: Number(round ?? 0) };
    return { ...teacher, sha256: endSha256(teacher) };
  });
}

/** @throws {UsageError} If there is no such finished round. */
function endSha256({ run, round }: Omit<TeacherRun, "sha256">): string {
  const store = new RunStore(runDirectory(run));
  if (!store.exists()) refuse(run, `there is no run in ${store.directory}`);
  if (!store.isDone(round)) {
    refuse(
      run,
      `its round ${round} is not finished; finished are ${store.doneRounds().join(", ") || "none"}`,
    );
  }
  const file = roundFiles.end(runFiles.round(store.directory, round));
  try {
    return createHash("sha256").update(fs.readFileSync(file)).digest("hex");
  } catch {
    return refuse(run, `${file} cannot be read`);
  }
}

/**
 * The teachers of a run.
 *
 * @param student.directory Directory of the run itself, if it has one.
 * @throws {UsageError} If a teacher is not finished, has changed since the run's settings named it, is the
 *   run itself, was trained on other data or other folds, or has other outputs than the student.
 * @throws {Failure} If a teacher's file is damaged.
 */
export function readTeachers(
  config: Config,
  student: { dataset: LoadedDataset; directory?: string },
): Teacher[] {
  const { teacher } = config.training;
  return teacher === null
    ? []
    : teacher.runs.map((run) => readTeacher(run, { ...student, config }));
}

function readTeacher(
  teacher: TeacherRun,
  { config, dataset, directory }: { config: Config; dataset: LoadedDataset; directory?: string },
): Teacher {
  const { run, round, sha256 } = teacher;
  const store = new RunStore(runDirectory(run));
  if (directory !== undefined && store.directory === path.resolve(directory)) {
    refuse(run, "it is the run itself");
  }
  const found = endSha256(teacher);
  if (found !== sha256) {
    refuse(
      run,
      `its round ${round} has sha256 ${found}, that of the run's settings ${sha256}; put it back, or ` +
        `start another run`,
    );
  }
  const own = store.config();
  const summary = store.loadSummary();
  if (summary === null) return refuse(run, "its summary.json is missing or damaged");
  if (hasSmallNetworks(own)) {
    refuse(run, "it is a control whose rounds are networks of different sizes");
  }
  const classes = summary.classes.join(", ");
  if (classes !== dataset.classes.join(", ")) {
    refuse(run, `it has the classes ${classes}, the student ${dataset.classes.join(", ")}`);
  }
  if (summary.dataset.sha256 !== dataset.sha256) {
    refuse(
      run,
      `it was trained on the data set with sha256 ${summary.dataset.sha256}, the student's is ` +
        dataset.sha256,
    );
  }
  if (JSON.stringify(own.folds) !== JSON.stringify(config.folds)) {
    const text = ({ folds }: Config) =>
      folds === null ? "no folds" : `fold ${folds.fold} of ${folds.count} (seed ${folds.seed})`;
    refuse(
      run,
      `it was trained with ${text(own)}, the student is with ${
        text(config)
      }: it has seen records ` +
        `that the student is tested on`,
    );
  }
  const hops = [own, config].map(({ network }) => networkHop(network));
  if (hops[0] !== hops[1]) {
    refuse(run, `it has an output for every ${hops[0]} samples, the student for every ${hops[1]}`);
  }
  return { network: networkConfig(own, dataset), weights: store.loadEnd(round) };
}

function refuse(run: string, why: string): never {
  throw new UsageError(`Cannot learn from the teacher ${run}: ${why}`);
}
