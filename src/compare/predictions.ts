/**
 * Predictions of a network for each record: reads `predictions.csv` of one round, or its compressed form.
 *
 * @module
 */
import * as fs from "node:fs";
import { gunzipSync } from "node:zlib";
import { Failure } from "../core/errors.ts";
import { whyUnreadable } from "../core/files.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import { type CsvRow, parseCsv } from "../data/csv.ts";
import { predictionColumns } from "../run/predictions_csv.ts";

/** True and predicted class of one record, by position in `Summary.classes`. */
export interface Outcome {
  truth: number;
  predicted: number;
  /** Further output of the network; absent in files of older versions, which did not keep it. */
  said?: Said;
}

/** The values from which a record was decided. */
export interface Said {
  steps: number;
  /** Mean softmax of the steps at temperature 1, by class. */
  probabilities: readonly number[];
  /** Steps that voted for each class, by the run's rule. */
  votes: readonly number[];
}

/** The columns of files that kept labels only. */
const LABEL_COLUMNS = ["split", "record", "label", "predicted"];

/**
 * The outcomes of one split by record.
 *
 * @throws {Failure} If the file is missing, damaged, or contains classes that the run does not have.
 */
export function readPredictions(
  run: string,
  { round, split, classes }: { round: number; split: string; classes: readonly string[] },
): Map<string, Outcome> {
  const file = predictionsFile(run, round);
  let text: string;
  try {
    const bytes = fs.readFileSync(file);
    text = new TextDecoder().decode(file.endsWith(".gz") ? gunzipSync(bytes) : bytes);
  } catch (error) {
    throw new Failure(
      `Cannot read the predictions of round ${round}, ${file}: ${whyUnreadable(error)}`,
    );
  }
  const [head, ...rows] = parseCsv(text, file);
  const columns = columnsOf(head, { file, classes });
  const positions = new Map(classes.map((name, i) => [name.trim(), i]));
  const outcomes = new Map<string, Outcome>();
  for (const row of rows) {
    const [rowSplit, record, label, predicted] = row.cells;
    if (rowSplit !== split) continue;
    const truth = positions.get(label ?? "");
    const guess = positions.get(predicted ?? "");
    if (
      record === undefined || truth === undefined || guess === undefined ||
      row.cells.length !== columns.length
    ) {
      throw new Failure(
        `Cannot use line ${row.line} of ${file}: expected a record and two of the classes ` +
          `${classes.join(", ")}${columns.length > 4 ? ` in ${columns.length} columns` : ""}, ` +
          `found ${JSON.stringify(row.cells)}`,
      );
    }
    if (outcomes.has(record)) {
      throw new Failure(`Cannot use ${file}: it names record ${JSON.stringify(record)} twice`);
    }
    const said = columns.length > LABEL_COLUMNS.length
      ? { said: saidOf(row, { file, classes: classes.length }) }
      : {};
    outcomes.set(record, { truth, predicted: guess, ...said });
  }
  return outcomes;
}

/** Whether the predictions of a round were saved. */
export function hasPredictions(run: string, round: number): boolean {
  return fs.existsSync(predictionsFile(run, round));
}

/** The compressed file if there is one, else the plain one. */
function predictionsFile(run: string, round: number): string {
  const folder = runFiles.round(run, round);
  const packed = roundFiles.packedPredictions(folder);
  return fs.existsSync(packed) ? packed : roundFiles.predictions(folder);
}

/** @throws {Failure} If the columns are not those of one of the two formats. */
function columnsOf(
  head: CsvRow | undefined,
  { file, classes }: { file: string; classes: readonly string[] },
): string[] {
  const all = predictionColumns(classes).map((name) => name.trim());
  const found = JSON.stringify(head?.cells ?? []);
  const known = [all, LABEL_COLUMNS].find((columns) => JSON.stringify(columns) === found);
  if (known) return known;
  throw new Failure(
    `Cannot use ${file}: its columns are ${JSON.stringify(head?.cells.join() ?? "")}, expected ` +
      `${JSON.stringify(all.join())} or, in older runs, ${JSON.stringify(LABEL_COLUMNS.join())}`,
  );
}

/** The file holds rounded digits, so probabilities sum to 1 only within this tolerance. */
const ROUNDING = 1e-6;

/** @throws {Failure} If the numbers of the row cannot come from a network. */
function saidOf(
  { line, cells }: CsvRow,
  { file, classes }: { file: string; classes: number },
): Said {
  const numbers = cells.slice(LABEL_COLUMNS.length).map((cell) => cell === "" ? NaN : Number(cell));
  const [steps = NaN, ...rest] = numbers;
  const probabilities = rest.slice(0, classes);
  const votes = rest.slice(classes);
  const sum = (values: readonly number[]) => values.reduce((all, each) => all + each, 0);
  const whole = [steps, ...votes].every((n) => Number.isInteger(n) && n >= 0);
  const sound = whole && steps > 0 && sum(votes) === steps &&
    probabilities.every((p) => p >= 0 && p <= 1) && Math.abs(sum(probabilities) - 1) <= ROUNDING;
  if (sound) return { steps, probabilities, votes };
  throw new Failure(
    `Cannot use line ${line} of ${file}: expected steps, the probability of each class (sum 1) and ` +
      `the votes for it (sum ${steps}), found ${JSON.stringify(cells.slice(LABEL_COLUMNS.length))}`,
  );
}
