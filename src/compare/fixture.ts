/**
 * Made-up run directories for tests: seeded, with predictions and scores that belong together.
 *
 * @module
 */
import { stringify } from "csv-stringify/sync";
import * as path from "node:path";
import { writeFileAtomic, writeJson } from "../core/files.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import { createRng } from "../core/rng.ts";
import { controlPolicy, trainsOn } from "../config/controls.ts";
import type { Scores, Summary } from "../results/summary.ts";
import { fixtureSummary } from "../report/fixture.ts";
import { singleTraining } from "../report/fixture_single.ts";
import { scoresOf } from "../training/metrics.ts";
import type { Control } from "./run.ts";

/** What a made-up run looks like. */
export interface RunFixture {
  name: string;
  mode?: Summary["mode"];
  seed?: number;
  /** Finished rounds, the dense one included. */
  rounds?: number;
  planned?: number;
  /** Fraction of the survivors pruned per round. */
  prune?: number;
  /** Probability of a right prediction, by round. */
  quality?: (round: number) => number;
  /** Random stream; equal streams give equal errors at equal quality. By default the name. */
  stream?: string;
  /** Number of test records; dev has as many. */
  records?: number;
  /** Test only on every count-th record, starting from the fold-th (1 to count). */
  folds?: { count: number; fold: number };
  classes?: string[];
  test?: boolean;
  control?: Control;
  /** A single training with the weights of this round; `mode` must be one. */
  single?: { pruned: number; macs: number };
  /** Applied last, before the files are written. */
  change?: (summary: Summary) => void;
}

/** Turns the rounds into those of a dense network that is trained on. */
function trainOn(summary: Summary): void {
  summary.rounds = summary.rounds.slice(1);
  for (const round of summary.rounds) {
    const { prunable: kept, denseMacs: macs } = round;
    Object.assign(round, { kept, macs, density: 1, theta: 1, thetaAll: 1 });
  }
}

/** Writes a run directory below `parent` and returns its path. */
export function writeRun(parent: string, fixture: RunFixture): string {
  const { name, seed = 1, rounds = 4, planned = rounds - 1, mode = "weight-rewind" } = fixture;
  const { prune = 0.25, records = 60, folds = null, control, test = true } = fixture;
  const { quality = () => 0.8, stream = name, classes = ["N", "A", "O", "~"] } = fixture;
  const directory = path.join(parent, name);
  const summary = fixtureSummary({ rounds, planned, seed, name, prune, classes, test });
  summary.mode = mode;
  Object.assign(summary.config, { mode, folds });
  if (control) Object.assign(summary, { control });
  if (control && trainsOn(controlPolicy(control.kind))) trainOn(summary);
  if (fixture.single) singleTraining(summary, fixture.single);

  for (const round of summary.rounds) {
    const rows = ["dev", ...(test ? ["test"] : [])].map((split) => {
      const own = [...Array(records).keys()].filter((i) =>
        !folds || split === "dev" || i % folds.count === folds.fold - 1
      );
      return own.map((i) => {
        const rng = createRng(seed, stream, round.round, split, i);
        // Half of the error comes from the record's difficulty, which all networks share.
        const hardness = (createRng(0, "difficulty", split, i).next() + rng.next()) / 2;
        const truth = i % classes.length;
        const right = hardness < quality(round.round);
        const predicted = right ? truth : (truth + 1 + rng.integer(classes.length - 1)) %
          classes.length;
        return { split, record: `${split}-${String(i).padStart(4, "0")}`, truth, predicted };
      });
    });
    const scores = rows.map((own): Scores =>
      scoresOf(own.map(({ predicted }) => ({ label: predicted, loss: 1, steps: 1 })), {
        truths: own.map(({ truth }) => truth),
        classes,
        metric: summary.metric,
      })
    );
    round.dev = scores[0]!;
    round.test = scores[1] ?? null;
    writeFileAtomic(
      roundFiles.predictions(runFiles.round(directory, round.round)),
      stringify(
        rows.flat().map(({ split, record, truth, predicted }) => ({
          split,
          record,
          label: classes[truth],
          predicted: classes[predicted],
        })),
        { header: true },
      ),
    );
  }
  fixture.change?.(summary);
  writeJson(runFiles.summary(directory), summary);
  return directory;
}
