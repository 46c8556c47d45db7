/**
 * The records that all networks of a comparison were scored on.
 *
 * @module
 */
import { UsageError } from "../core/errors.ts";
import { foldOf } from "./fold.ts";
import type { Network } from "./levels.ts";
import { cellOf, compareText, type ScoredSplit } from "./run.ts";

/** Turns the predictions of a network (or one per fold) into confusion cells in a fixed order. */
export interface Records {
  count: number;
  /** Group number of each record, e.g. its patient; null if records have no groups. */
  groups: Uint32Array | null;
  /** For each record of the comparison: true class * number of classes + predicted class. */
  cells(networks: readonly Network[]): Uint16Array;
}

/**
 * Takes the records from one replicate. All other replicates must have the same records, so that
 * differences are paired.
 *
 * @throws {UsageError} Here or in `cells`: if a record is in several folds, is missing, is additional, or has
 * another label.
 */
export function recordsOf(reference: readonly Network[], split: ScoredSplit): Records {
  const names = allOutcomes(reference, split).map(([record]) => record).sort(compareText);
  const truths = new Map(
    allOutcomes(reference, split).map(([record, { truth }]) => [record, truth]),
  );
  const position = new Map(names.map((name, i) => [name, i]));
  const classes = reference[0]!.run.summary.classes.length;
  return {
    count: names.length,
    groups: groupsOf(names, reference, split),
    cells(networks) {
      const outcomes = allOutcomes(networks, split);
      const here = new Set(outcomes.map(([record]) => record));
      const surplus = outcomes.find(([record]) => !position.has(record))?.[0];
      const missing = names.find((record) => !here.has(record));
      const odd = surplus ?? missing;
      if (odd !== undefined) {
        throw new UsageError(
          `Cannot compare ${label(reference)} with ${label(networks)}: they were scored on ` +
            `different ${split} records (${names.length} and ${outcomes.length}; only one of them ` +
            `has ${JSON.stringify(odd)})${folds(reference, networks)}`,
        );
      }
      const cells = new Uint16Array(names.length);
      for (const [record, outcome] of outcomes) {
        if (outcome.truth !== truths.get(record)) {
          throw new UsageError(
            `Cannot compare ${label(reference)} with ${label(networks)}: they label record ` +
              `${JSON.stringify(record)} differently`,
          );
        }
        cells[position.get(record)!] = cellOf(outcome, classes);
      }
      return cells;
    },
  };
}

function groupsOf(
  names: readonly string[],
  reference: readonly Network[],
  split: ScoredSplit,
): Uint32Array | null {
  const known = new Map(
    reference.flatMap(({ run }) => Object.entries(run.summary.dataset.groups?.[split] ?? {})),
  );
  if (known.size === 0) return null;
  const numbers = new Map<string, number>();
  return Uint32Array.from(names, (name) => {
    // A record without a group forms a group of its own.
    const key = JSON.stringify(known.has(name) ? ["group", known.get(name)] : ["record", name]);
    if (!numbers.has(key)) numbers.set(key, numbers.size);
    return numbers.get(key)!;
  });
}

function allOutcomes(networks: readonly Network[], split: ScoredSplit) {
  const all = networks.flatMap(({ run, round }) => [...run.outcomes.get(round.round)!]);
  if (new Set(all.map(([record]) => record)).size !== all.length) {
    throw new UsageError(
      `Cannot pool the folds of ${
        label(networks)
      }: some records are in the ${split} split of more ` +
        `than one of them${
          split === "dev"
            ? "; compare on test (--split test, with --show-test for unfinished runs)"
            : ""
        }`,
    );
  }
  return all;
}

/** The folds of each side, if they differ. */
function folds(a: readonly Network[], b: readonly Network[]): string {
  const [one, other] = [a, b].map((networks) => networks.map(({ run }) => foldOf(run)).join(", "));
  return one === other ? "" : `; folds ${one || "none"} against ${other || "none"}`;
}

function label(networks: readonly Network[]): string {
  return networks.map(({ run }) => run.directory).join(", ");
}
