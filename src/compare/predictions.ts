/**
 * What a network said about each record: `predictions.csv` of one round.
 *
 * @module
 */
import * as fs from "node:fs";
import { Failure, messageOf } from "../core/errors.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import { parseCsv } from "../data/csv.ts";

/** True and predicted class of one record, by position in `Summary.classes`. */
export interface Outcome {
  truth: number;
  predicted: number;
}

const COLUMNS = ["split", "record", "label", "predicted"];

/**
 * The outcomes of one split by record.
 *
 * @throws {Failure} If the file is missing, damaged, or speaks of classes that the run does not have.
 */
export function readPredictions(
  run: string,
  { round, split, classes }: { round: number; split: string; classes: readonly string[] },
): Map<string, Outcome> {
  const file = roundFiles.predictions(runFiles.round(run, round));
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch (error) {
    throw new Failure(`Cannot read the predictions of round ${round}: ${messageOf(error)}`);
  }
  const [head, ...rows] = parseCsv(text, file);
  if (head?.cells.join() !== COLUMNS.join()) {
    throw new Failure(
      `Cannot use ${file}: its columns are ${JSON.stringify(head?.cells.join() ?? "")}, expected ` +
        JSON.stringify(COLUMNS.join()),
    );
  }
  const positions = new Map(classes.map((name, i) => [name.trim(), i]));
  const outcomes = new Map<string, Outcome>();
  for (const { line, cells } of rows) {
    const [rowSplit, record, label, predicted] = cells;
    if (rowSplit !== split) continue;
    const truth = positions.get(label ?? "");
    const guess = positions.get(predicted ?? "");
    if (record === undefined || truth === undefined || guess === undefined) {
      throw new Failure(
        `Cannot use line ${line} of ${file}: expected a record and two of the classes ` +
          `${classes.join(", ")}, found ${JSON.stringify(cells)}`,
      );
    }
    if (outcomes.has(record)) {
      throw new Failure(`Cannot use ${file}: it names record ${JSON.stringify(record)} twice`);
    }
    outcomes.set(record, { truth, predicted: guess });
  }
  return outcomes;
}
