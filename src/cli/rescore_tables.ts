/**
 * What `deno task rescore` prints.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import type { RescoredRound } from "../analysis/rescore.ts";
import { type DecisionRule, describeRule } from "../training/decision.ts";
import type { Scores } from "../training/metrics.ts";
import { decimals, percent, table } from "./format.ts";

export type ScoredSplit = "dev" | "test";

/** One run, scored again. */
export interface Rescored {
  readonly run: string;
  /** The rule that the run itself was scored by. */
  readonly own: DecisionRule;
  readonly rules: readonly DecisionRule[];
  readonly rounds: readonly RescoredRound[];
  /** Whether its test scores are hidden because the run is not complete. */
  readonly testHidden: boolean;
}

/** @param options.split Print only this split. */
export function rescoreText(
  rescored: readonly Rescored[],
  { rules, split, json }: { rules: boolean; split?: ScoredSplit; json: boolean },
): string {
  const splits: ScoredSplit[] = split === undefined ? ["dev", "test"] : [split];
  if (json) return JSON.stringify(rescored.map((each) => asJson(each, splits)), null, 2);
  const text = rules
    ? splits.map((name) => rulesTable(rescored, name)).join("\n\n")
    : rescored.map((each) => runTable(each, splits)).join("\n\n");
  const hidden = rescored.filter(({ testHidden }) => testHidden).map(({ run }) => run);
  return hidden.length === 0 || split === "dev"
    ? text
    : `${text}\n\nNot finished: ${
      hidden.join(", ")
    }; test scores are hidden (add --show-test to see them).`;
}

function scoresOf(
  { rounds, testHidden }: Rescored,
  { round, rule, split }: { round: number; rule: number; split: ScoredSplit },
): Scores | null {
  if (split === "test" && testHidden) return null;
  return rounds[round]!.scores[rule]![split];
}

const shown = (score: number | undefined) => score === undefined ? "-" : decimals(score);

/** The name of a rule as a column heading: "vote .5" or, for priors from steps, "vote 1s". */
function shortRule({ decision, priorExponent, priorUnit }: DecisionRule): string {
  const exponent = String(priorExponent).replace(/^0\./, ".");
  return `${decision} ${exponent}${priorUnit === "steps" ? "s" : ""}`;
}

/** One line per network and one column per rule; then each rule's mean and its gain over the old rule. */
function rulesTable(rescored: readonly Rescored[], split: ScoredSplit): string {
  const { rules } = rescored[0]!;
  const networks = rescored.flatMap((each) =>
    each.rounds.map(({ round }, i) => ({
      name: [each.run, String(round.round), percent(round.density)],
      scores: rules.map((_, rule) => scoresOf(each, { round: i, rule, split })?.score),
    }))
  );
  const scored = networks.filter(({ scores }) => scores.every((score) => score !== undefined));
  const means = rules.map((_, rule) =>
    scored.reduce((sum, { scores }) => sum + scores[rule]!, 0) / scored.length
  );
  const old = rules.findIndex(({ priorUnit }) => priorUnit === "steps");
  const gain = (mean: number) =>
    `${mean < means[old]! ? "−" : "+"}${decimals(Math.abs(mean - means[old]!))}`;
  const best = networks.map(({ scores }) => Math.max(...scores.map((score) => score ?? 0)));
  const summed = scored.length === 0 ? [] : [
    ["mean", "", "", ...means.map(shown)],
    [`mean gain over ${shortRule(rules[old]!)}`, "", "", ...means.map(gain)],
    [
      "networks it is best on",
      "",
      "",
      ...rules.map((_, rule) =>
        String(networks.filter(({ scores }, i) => scores[rule] === best[i]).length)
      ),
    ],
  ];
  const head = ["run", "round", "left", ...rules.map(shortRule)];
  const rows = networks.map(({ name, scores }) => [...name, ...scores.map(shown)]);
  return `${split}: score by decision rule (exponent of the prior; s: priors from steps), ` +
    `${counted(scored.length, "network")}\n${table([head, ...rows, ...summed])}`;
}

/** One line per round: the score saved by the run, and the score by this rule. */
function runTable(each: Rescored, splits: readonly ScoredSplit[]): string {
  const head = ["round", "left", ...splits.flatMap((split) => [`${split}, run`, split])];
  const rows = each.rounds.map(({ round }, i) => [
    String(round.round),
    percent(round.density),
    ...splits.flatMap((split) => {
      const now = scoresOf(each, { round: i, rule: 0, split });
      return [shown(now === null ? undefined : round[split]?.score), shown(now?.score)];
    }),
  ]);
  const [rule] = each.rules;
  return `${each.run}: ${describeRule(rule!)}\nthe run's own: ${describeRule(each.own)}\n` +
    table([head, ...rows]);
}

function asJson(each: Rescored, splits: readonly ScoredSplit[]): unknown {
  return {
    run: each.run,
    ownRule: each.own,
    rounds: each.rounds.map(({ round }, i) => ({
      round: round.round,
      kept: round.kept,
      density: round.density,
      temperature: each.rounds[i]!.scores[0]!.temperature,
      rules: each.rules.map((rule, r) => ({
        rule,
        ...Object.fromEntries(
          splits.map((split) => [split, scoresOf(each, { round: i, rule: r, split })]),
        ),
      })),
    })),
  };
}
