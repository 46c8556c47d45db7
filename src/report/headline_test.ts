import assert from "node:assert/strict";
import type { Summary } from "../results/summary.ts";
import type { Extras, RunDifferences } from "./extras.ts";
import { collect } from "./collect.ts";
import { fixtureSummary } from "./fixture.ts";
import { singleSummary } from "./fixture_single.ts";
import { format } from "./format.ts";
import { fixtureDifferences } from "./fixture_extras.ts";
import { headline } from "./headline.ts";

const words = (summary: Summary) => headline(summary, collect(summary, null));

Deno.test("the answer gives compression, both scores and their difference for the sparsest round", () => {
  const summary = fixtureSummary({ rounds: 5 });
  const [dense, ticket] = [summary.rounds[0], summary.rounds[4]];
  const change = (ticket?.test?.score ?? 0) - (dense?.test?.score ?? 0);
  assert.equal(
    words(summary).answer,
    `At ${format(ticket?.theta, "factor")} fewer weights (${
      format(ticket?.density, "percent")
    } kept) ` +
      `the network scores CinC F1 ${format(ticket?.test?.score, "score")} on test against ` +
      `${format(dense?.test?.score, "score")} dense: ${format(change, "signed")}.`,
  );
});

Deno.test("the remarks give the number of seeds and records, and say whether noise explains the difference", () => {
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

Deno.test("without a test split the answer is the dev score, and its bias is stated", () => {
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
  const dense = words(fixtureSummary({ rounds: 1, planned: 0 }));
  assert.match(dense.answer, /^The dense network scores .*; this run has no pruned round\.$/);
  assert.doesNotMatch(words(fixtureSummary({ rounds: 3 })).remarks.join(" "), /not complete/);
});

/** The words of a run of five rounds with differences that are changed. */
function withDifferences(change: (differences: RunDifferences) => void) {
  const summary = fixtureSummary({ rounds: 5 });
  const differences = fixtureDifferences(summary)!;
  change(differences);
  return headline(summary, collect(summary, null), { differences });
}

Deno.test("without a dense network of equal training, the remarks give its fewer epochs and the command", () => {
  const { answer, remarks, advice } = withDifferences(() => {});
  assert.ok(remarks.some((remark) => advice!.startsWith(remark)));
  assert.match(
    answer,
    /against 0\.800 dense after 12 epochs \(this network: 60 epochs\): −0\.020, 95 % interval −0\.061 to \+0\.012\.$/,
  );
  assert.match(advice!, /may be training length\. deno task lth control --run \S+ --kind continue/);
});

Deno.test("no sentence of the page names an option of the command line", () => {
  const hidden = { ...fixtureSummary({ rounds: 5 }), complete: false, testHidden: true };
  const shown = [
    withDifferences(() => {}),
    withDifferences((one) => Object.assign(one, { continued: "on" })),
    headline(hidden, collect(hidden, null)),
    controlOf("reinit", 2),
  ];
  for (const { answer, remarks } of shown) {
    assert.doesNotMatch([answer, ...remarks].join(" "), /--\w|deno task/);
  }
});

Deno.test("dense of equal training comes first, the original dense second, without the command", () => {
  const { answer, remarks, advice } = withDifferences(({ rounds }) => {
    for (const [round, found] of rounds) {
      const epochs = 12 * (round + 1);
      const toEqual = { ...found.toDense, difference: 0.004, low: -0.002, score: 0.776, epochs };
      (rounds as Map<number, unknown>).set(round, { ...found, toEqual });
    }
  });
  const text =
    "Against dense of equal training (60 epochs), 0.776: +0.004, 95 % interval −0.002 to +0.012. " +
    "Against the dense network it began with, 0.800 after 12 epochs: −0.020, 95 % interval −0.061 to +0.012.";
  assert.ok(answer.endsWith(text), answer);
  assert.equal(advice, null);
  assert.match(remarks.join(" "), /matches dense of equal training within 0\.015 up to round 3/);
});

Deno.test("the largest match is given for both margins, with the reason why the tests ended", () => {
  const said = (change: (differences: RunDifferences) => void) =>
    withDifferences(change).remarks.join(" ");
  assert.match(
    said(() => {}),
    /matches dense within 0\.015 up to round 3, \S+ fewer weights; within 0\.01 no round is shown to\. The tests from dense to sparse end at round 4, .*: not resolved/,
  );
  const all = said((one) =>
    Object.assign(one, { matching: 4, secondMatching: 4, stoppedAt: null })
  );
  assert.match(all, /up to round 4, \S+ fewer weights, and within 0\.01\./);
  assert.doesNotMatch(all, /tests from dense to sparse end/);
  const none = said((one) => Object.assign(one, { matching: null, stoppedAt: 1 }));
  assert.match(none, /No pruned round is shown to match dense within 0\.015 .* end at round 1/);
});

/** The words of a control that has the rounds of its base from `first` on. */
function controlOf(kind: string, first: number, extras: Extras = {}) {
  const summary = fixtureSummary({ rounds: 4, name: `r-${kind}` });
  summary.control = { kind: kind as "reinit", base: "r" };
  summary.rounds = summary.rounds.slice(first);
  return { ...headline(summary, collect(summary, null), extras), summary };
}

Deno.test("the headline of a control names its base and claims no difference to a dense network", () => {
  // Another data order is a control that has a dense round of its own.
  for (const [kind, first] of [["reinit", 2], ["reorder", 0]] as const) {
    const { answer, remarks, advice, summary } = controlOf(kind, first);
    const theta = format(summary.rounds.at(-1)?.theta, "factor");
    const start = `Control ${kind} of r: at ${theta} fewer weights the network scores CinC F1`;
    assert.ok(answer.startsWith(start), answer);
    assert.doesNotMatch(answer, /dense/);
    assert.deepEqual(remarks.length, 1);
    assert.match(remarks[0]!, /compared with its base/);
    assert.equal(advice, `deno task compare r r-${kind} compares it with its base.`);
  }
});

Deno.test("the command for a control elsewhere has its path", () => {
  const { advice } = controlOf("reinit", 2, { run: "/tmp/r-reinit" });
  assert.match(advice!, /^deno task compare r \/tmp\/r-reinit compares/);
});

/** A single training of round 4, with or without a dense network beside it. */
function single(differences: RunDifferences | null) {
  const summary = fixtureSummary({ rounds: 5, name: "gradual" });
  summary.mode = "gradual";
  summary.rounds = [{ ...summary.rounds[4]!, round: 1 }];
  return headline(summary, collect(summary, null), { differences });
}

Deno.test("a single training is compared with the dense network of a run beside it, which is named", () => {
  const made = fixtureDifferences(fixtureSummary({ rounds: 5 }))!;
  const found = made.rounds.get(4)!;
  const differences = {
    ...made,
    ...{ rounds: new Map([[1, found]]), matching: null, stoppedAt: 1, beside: "lr", run: "lr" },
  };
  const { answer, remarks, advice } = single(differences);
  assert.match(
    answer,
    /against 0\.800 dense \(of lr\) after 12 epochs \(this network: 60 epochs\): −0\.020, 95 %/,
  );
  assert.match(
    remarks[0]!,
    /scored on 60 test records: the interval .* 10,000 draws of the records/,
  );
  assert.match(advice!, /deno task lth control --run lr --kind continue/);
  const said = (change: Partial<RunDifferences>) =>
    single({ ...differences, ...change }).remarks.join(" ");
  assert.match(said({}), /It is not shown to match dense within 0\.015 .*: not resolved /);
  assert.match(
    said({ matching: 1, stoppedAt: null }),
    /It matches dense within 0\.015; within 0\.01 it is not shown to\./,
  );
  assert.match(
    said({ matching: 1, secondMatching: 1, stoppedAt: null }),
    /It matches dense within 0\.015, and within 0\.01\./,
  );
  for (const change of [{}, { matching: 1, stoppedAt: null }, { continued: "on" }]) {
    assert.doesNotMatch(said(change), /\brounds?\b/);
  }
  const equal = { ...found, toEqual: { ...found.toDense, difference: 0.004, epochs: 60 } };
  assert.match(
    single({ ...differences, rounds: new Map([[1, equal]]) }).answer,
    /Against dense of equal training \(60 epochs\), .* Against that of lr, 0\.800 after 12 epochs/,
  );
});

Deno.test("a single training without a dense network beside it says so", () => {
  const { answer, remarks, advice } = single(null);
  assert.match(
    answer,
    /^At \S+ fewer weights \(.* kept\) the network scores CinC F1 0\.\d+ on test\.$/,
  );
  assert.match(
    remarks[0]!,
    /standard error of about 0\.\d+\. No run beside it has a dense network/,
  );
  assert.equal(advice, null);
});

Deno.test("an unfinished single training says so without rounds", () => {
  const summary = { ...fixtureSummary({ rounds: 0, planned: 1 }), mode: "rigl" as const };
  const { answer, remarks } = headline(summary, collect(summary, null));
  assert.match(answer, /^The training is not finished yet/);
  assert.deepEqual(remarks, ["This run is not complete: its training is not finished."]);
});

Deno.test("other seeds of a single training are told without a dense network", () => {
  const summary = singleSummary("rigl");
  const others = ["b", "c"].map((name) => ({ ...singleSummary("rigl"), name }));
  const { remarks } = headline(summary, collect(summary, null, { replicates: others }));
  assert.match(
    remarks.join(" "),
    /Over seeds: .* 3 of 3 runs\) at \S+ fewer weights; a comparison/,
  );
});
