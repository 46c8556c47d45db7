import assert from "node:assert/strict";
import type { Summary } from "../experiment/summary.ts";
import { answer } from "./answer.ts";
import { collect } from "./collect.ts";
import { fixtureSummary } from "./fixture.ts";
import { format } from "./format.ts";
import { headline, majorityScore, matchingRound } from "./headline.ts";

const words = (summary: Summary) => headline(summary, collect(summary, null));

Deno.test("the answer names compression, both scores and their difference, of the sparsest round", () => {
  const summary = fixtureSummary({ rounds: 5 });
  const [dense, ticket] = [summary.rounds[0], summary.rounds[4]];
  const change = (ticket?.test?.score ?? 0) - (dense?.test?.score ?? 0);
  assert.equal(
    answer(summary),
    `At ${format(ticket?.theta, "factor")} fewer weights (${
      format(ticket?.density, "percent")
    } kept) ` +
      `the network scores CinC F1 ${format(ticket?.test?.score, "score")} on test against ` +
      `${format(dense?.test?.score, "score")} dense: ${format(change, "signed")}.`,
  );
});

Deno.test("the remarks say that it is one seed, how many records, and whether noise explains it", () => {
  const summary = fixtureSummary({ rounds: 2, seed: 3 });
  const same = summary.rounds[1];
  if (!same || !summary.rounds[0]?.test) throw new Error("the fixture has no second round");
  same.test = structuredClone(summary.rounds[0].test);
  const equal = words(summary).remarks.join(" ");
  assert.match(equal, /one run \(seed 3\), scored on 60 test records/);
  assert.match(equal, /cannot be told from chance/);

  same.test.score = 0.1;
  assert.match(words(summary).remarks.join(" "), /more than the choice of records explains/);
});

Deno.test("without a test split the dev score answers, and the bias is named", () => {
  const { answer, remarks } = words(fixtureSummary({ rounds: 3, test: false }));
  assert.match(answer, / on dev against /);
  assert.match(remarks.join(" "), /no test split/);
});

Deno.test("an unfinished run says what is missing", () => {
  const none = words(fixtureSummary({ rounds: 0, planned: 10 }));
  assert.match(none.answer, /No round is finished/);
  assert.match(none.remarks.join(" "), /no round is finished, dense and 10 pruning rounds/);
  const one = words(fixtureSummary({ rounds: 1, planned: 10 }));
  assert.match(one.answer, /^The dense network scores .* no pruned round is finished yet/);
  assert.match(one.remarks.join(" "), /1 round is finished/);
  assert.doesNotMatch(words(fixtureSummary({ rounds: 3 })).remarks.join(" "), /not complete/);
});

Deno.test("the matching round is the sparsest above dense minus one standard error, on dev", () => {
  const data = collect(fixtureSummary({ rounds: 4 }), null);
  const scores = [0.8, 0.79, 0.78, 0.6];
  data.rounds.forEach((round, i) => {
    round.dev.score = scores[i] ?? null;
    round.dev.standardError = 0.025;
  });
  assert.equal(matchingRound(data.rounds)?.round, 2);
  data.rounds.slice(1).forEach((round) => (round.dev.score = 0.5));
  assert.equal(matchingRound(data.rounds), null);
});

Deno.test("always naming the commonest class scores as worked by hand", () => {
  // 2 * 50 / (100 + 50) for N, 0 for the other two that occur.
  assert.equal(majorityScore([50, 30, 20, 0], [0, 1, 2]), 2 / 3 / 3);
  assert.equal(majorityScore([50, 30, 0], [0, 1, 2]), 100 / 130 / 2);
  assert.equal(majorityScore([0, 0], [0, 1]), null);
  assert.equal(majorityScore([10, 2], [1]), 0);
});

Deno.test("a control is named with its base; it claims no difference to a dense network", () => {
  const summary = fixtureSummary({ rounds: 4, name: "r-reinit" });
  summary.control = { kind: "reinit", base: "r" };
  summary.rounds = summary.rounds.slice(2);
  const { answer, remarks } = headline(summary, collect(summary, null));
  const theta = format(summary.rounds.at(-1)?.theta, "factor");
  const start = `Control reinit of r: at ${theta} fewer weights the network scores CinC F1`;
  assert.ok(answer.startsWith(start), answer);
  assert.deepEqual(remarks.length, 1);
  assert.match(remarks[0]!, /deno task compare r r-reinit/);
});
