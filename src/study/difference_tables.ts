/**
 * The tables of differences: to dense networks, between methods, planned ones and published claims.
 *
 * @module
 */
import * as path from "node:path";
import type { Difference } from "../compare/comparison.ts";
import { shownP } from "../compare/sentences.ts";
import { decimals } from "../core/decimals.ts";
import { epochsText, format } from "../report/format.ts";
import { intervalShort, limitsText } from "../statistics/verdict.ts";
import { judge } from "./claims.ts";
import type { Group } from "./group.ts";
import { markdown } from "./markdown.ts";
import { networksOf } from "./networks.ts";
import { variationsOf } from "./sensitivity.ts";

/** The method that the study is about. */
export const MAIN_METHOD = "lr-rewind";

/** Every pruned network beside the dense network whose training took about as many multiply-adds. */
export function workTable(group: Group): string {
  return markdown(
    [
      ...["method", "weights left", "work, in dense epochs", "F1"],
      ...["dense of about as much work", "its F1", "difference", "corrected interval"],
    ],
    networksOf(group).flatMap(({ name, level: { density, mean, toEqualWork: found } }) =>
      found === null ? [] : [[
        ...[name, format(density, "percent"), found.denseEpochs.own.toFixed(1), decimals(mean)],
        epochsText(found.denseEpochs.dense),
        decimals(mean - found.difference),
        intervalShort(found),
        found.corrected ? limitsText(found.corrected) : "",
      ]]
    ),
  );
}

/** Differences of the main method to dense networks of as many epochs under other choices. */
export function sensitivityTable(group: Group): string {
  const variations = variationsOf(group, MAIN_METHOD);
  const tested = variations[0]!.levels.filter(({ toEqual }) => toEqual !== null);
  return markdown(
    ["", ...tested.map(({ density }) => format(density, "percent"))],
    variations.map(({ name, levels }) => [
      name,
      ...tested.map(({ kept }) => {
        const found = levels.find((level) => level.kept === kept)?.toEqual;
        return found ? intervalShort(found) : "";
      }),
    ]),
  );
}

/** The differences to dense networks of as many epochs, with the two other intervals. */
export function checksTable(group: Group): string {
  return markdown(
    ["method", "against", "weights left", ...CHECKED],
    networksOf(group).flatMap(({ name, level: { density, toEqual } }) =>
      toEqual === null ? [] : [[
        ...[name, `dense, ${epochsText(toEqual.epochs.dense)}`, format(density, "percent")],
        ...checked(toEqual),
      ]]
    ),
  );
}

/** A difference of folds with three intervals: columns and cells. */
const CHECKED = ["difference", "over folds", "corrected", "over records"];

function checked(found: Difference<string>): string[] {
  const intervals = [found, found.corrected, found.records];
  return [decimals(found.difference), ...intervals.map((each) => each ? limitsText(each) : "")];
}

/** The differences planned before the results were seen, adjusted together by Holm. */
export function plannedTable({ comparison: { tests }, missingPairs }: Group): string {
  return markdown(
    ["method", "against", "weights left", "difference", "p adjusted", "they differ"],
    [
      ...tests.map((test) => [
        test.a,
        test.b,
        test.density === null ? "mean of all" : format(test.density, "percent"),
        intervalShort(test),
        shownP(test.adjusted),
        test.differs ? "yes" : "not shown",
      ]),
      ...missingPairs.map(({ a, b, percent }) => [
        a,
        b,
        percent === null ? "mean of all" : `${percent} %`,
        "not run",
        "",
        "",
      ]),
    ],
  );
}

/**
 * Differences of all pairs of methods that keep the same number of weights, with the two other intervals where folds
 * have them; none is adjusted. Two methods of another group are compared there.
 */
export function pairsTable(
  { name, runs, comparison: { methods, pairs, runs: entries } }: Group,
): string {
  const isHere = (method: string) =>
    entries.some((entry) =>
      entry.method === method &&
      runs.some((run) =>
        run.name === entry.name && path.basename(path.dirname(run.directory)) === name
      )
    );
  const own = pairs.filter(({ a, b }) => isHere(a) || isHere(b));
  const ofFolds = own.some(({ levels }) => levels.some(({ corrected }) => corrected));
  return markdown(
    ["method", "against", "weights left", ...(ofFolds ? CHECKED : ["difference"]), "verdict"],
    own.flatMap(({ a, b, levels }) =>
      levels.map((level) => {
        const { density } = methods.find(({ name }) => name === a)!.levels[level.levelA]!;
        const difference = ofFolds ? checked(level) : [intervalShort(level)];
        return [a, b, format(density, "percent"), ...difference, level.verdict];
      })
    ),
  );
}

/** Published claims, each with the difference it is about. */
export function claimsTable({ comparison, claims }: Group): string {
  return markdown(
    ["published claim", "source", "tested as", "at", "difference", "here it"],
    claims.map((claim) => {
      const { verdict, found } = judge(comparison, claim);
      const expected = claim.expects === "better"
        ? `${claim.a} above ${claim.b}`
        : `${claim.a} at most ${claim.expects} below ${claim.b}`;
      return [
        claim.claim,
        claim.source,
        expected,
        `${claim.percent} %`,
        found ? intervalShort(found) : "",
        verdict === "not resolved"
          ? "is not resolved"
          : verdict === "not run"
          ? "was not run"
          : verdict,
      ];
    }),
  );
}
