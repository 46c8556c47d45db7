import assert from "node:assert/strict";
import type uPlot from "uplot";
import { collect } from "../collect.ts";
import type { ReportData } from "../data.ts";
import { fixtureSummary, fixtureTiming } from "../fixture.ts";
import { axis, logMarks } from "./axes.ts";
import type { Chart, View } from "./chart.ts";
import { costChart } from "./costs.ts";
import { curveChart, drawnRounds, MAX_CURVES } from "./curves.ts";
import { reliabilityChart } from "./reliability.ts";
import { classChart, interval, scoreChart, scoreRange } from "./scores.ts";

const PALETTE = {
  ink: "#000",
  muted: "#777",
  grid: "#eee",
  accent: "#f50",
  background: "#fff",
  series: ["#01", "#02", "#03"],
  ramp: ["#a0", "#a1", "#a2"],
};

function view(options: Partial<View> = {}): View {
  return { palette: PALETTE, log: true, variant: "test", selected: 0, ...options };
}

function run(
  rounds: number,
  options: Partial<Parameters<typeof fixtureSummary>[0]> = {},
): ReportData {
  const summary = fixtureSummary({ rounds, ...options });
  return collect(summary, fixtureTiming(summary));
}

function range(chart: Chart, scale: string): [number, number] {
  const found = chart.options.scales?.[scale]?.range;
  assert.equal(typeof found, "function");
  return (found as () => [number, number])();
}

const BUILDERS = { scoreChart, classChart, costChart, curveChart, reliabilityChart };

for (const [name, build] of Object.entries(BUILDERS)) {
  for (const rounds of [1, 5, 20]) {
    for (const log of [true, false]) {
      Deno.test(`${name} of ${rounds} rounds, log ${log}: columns fit, x ascends, ranges are open`, () => {
        const chart = build(run(rounds), view({ log }));
        const [x = []] = chart.data;
        assert.ok(x.length > 0);
        chart.data.forEach((values) => assert.equal(values.length, x.length));
        assert.equal(chart.options.series.length, chart.data.length);
        assert.equal(chart.legend.length, chart.data.length - 1);
        assert.equal(chart.positions.length, x.length);
        assert.equal(chart.rounds.length, x.length);
        x.slice(1).forEach((value, i) => assert.ok((value ?? 0) > (x[i] ?? 0)));
        for (const scale of ["x", "y"]) {
          const [min, max] = range(chart, scale);
          assert.ok(min < max, `${scale}: ${min} to ${max}`);
          assert.equal(chart.options.scales?.[scale]?.time ?? false, false);
          if (chart.options.scales?.[scale]?.distr === 3) assert.ok(min > 0);
        }
      });
    }
  }
}

Deno.test("the score chart pairs each density with its own round's scores", () => {
  const data = run(5);
  const chart = scoreChart(data, view());
  chart.rounds.forEach((index, i) => {
    const round = data.rounds[index ?? -1];
    assert.equal(chart.data[0]?.[i], round?.density);
    assert.equal(chart.data[1]?.[i], round?.test?.score);
    assert.equal(chart.data[2]?.[i], round?.dev.score);
    assert.equal(chart.data[3]?.[i], round?.afterPruning?.score ?? null);
    assert.equal(chart.data[4]?.[i], round?.afterPruningRecalibrated?.score ?? null);
    assert.equal(chart.data[5]?.[i], data.rounds[0]?.test?.score);
  });
  assert.equal(chart.options.scales?.["x"]?.dir, -1, "100 % is on the left");
});

Deno.test("all scores and whiskers lie within the vertical range", () => {
  const data = run(20);
  const [min, max] = range(scoreChart(data, view()), "y");
  for (const round of data.rounds) {
    const values = [round.dev.score, round.afterPruning?.score, ...(interval(round.test) ?? [])];
    values.forEach((value) => assert.ok(value == null || (value >= min && value <= max)));
  }
});

Deno.test("a round without weights is left off the logarithmic axis and kept on the linear one", () => {
  const data = run(3);
  const last = data.rounds[2];
  if (!last) throw new Error("the fixture has no third round");
  last.density = 0;
  last.macs = 0;
  assert.equal(scoreChart(data, view()).rounds.includes(2), false);
  assert.equal(scoreChart(data, view({ log: false })).rounds.includes(2), true);
  const values = costChart(data, view()).data.flat();
  assert.ok(values.every((value) => value === null || value > 0));
});

Deno.test("a class that never occurs is a line without points", () => {
  const data = run(3);
  data.rounds.forEach((round) => round.test?.f1.splice(3, 1, null));
  assert.deepEqual(classChart(data, view()).data[4], [null, null, null]);
});

Deno.test("score ranges stay within 0 to 1 and do not magnify noise", () => {
  assert.deepEqual(scoreRange([[null]]), [0, 1]);
  const [min, max] = scoreRange([[0.8, 0.801]]);
  assert.ok(max - min >= 0.1 && max <= 1 && min >= 0);
  assert.deepEqual(scoreRange([[0, 1]]), [0, 1]);
});

Deno.test("learning curves match the epochs of their round, the chosen one on top", () => {
  const data = run(5);
  data.rounds[2]?.epochs.devScore.splice(0, 12, ...Array(12).fill(0.5));
  data.rounds[3]?.epochs.epoch.splice(8);
  const chart = curveChart(data, view({ log: false, variant: "devScore", selected: 2 }));
  assert.equal(chart.legend.at(-1)?.round, 2);
  assert.equal(chart.legend.at(-1)?.color, PALETTE.accent);
  assert.deepEqual(chart.data.at(-1), Array(12).fill(0.5));
  const third = chart.data[1 + chart.legend.findIndex((entry) => entry.round === 3)];
  assert.deepEqual(third?.slice(8), [null, null, null, null]);
});

Deno.test("of many rounds a selection is drawn that contains the first, the last and the chosen one", () => {
  const drawn = drawnRounds(350, 123);
  assert.ok(drawn.length <= MAX_CURVES + 1);
  assert.deepEqual([drawn[0], drawn.includes(123), drawn.at(-1)], [0, true, 349]);
  assert.deepEqual(drawnRounds(3, 1), [0, 1, 2]);
  assert.deepEqual(drawnRounds(0, 0), []);
});

Deno.test("costs are relative to the dense round", () => {
  const data = run(5);
  const chart = costChart(data, view());
  chart.rounds.forEach((index, i) => {
    const round = data.rounds[index ?? -1];
    assert.equal(chart.data[1]?.[i], (round?.macs ?? NaN) / (round?.denseMacs ?? NaN));
    assert.equal(
      chart.data[3]?.[i],
      (round?.secondsPerEpoch ?? NaN) / (data.rounds[0]?.secondsPerEpoch ?? NaN),
    );
  });
});

Deno.test("the upper axis labels a density with its compression", () => {
  const above = scoreChart(run(5), view()).options.axes?.[2];
  const values = above?.values as (u: uPlot | null, splits: number[]) => string[];
  assert.deepEqual(values(null, [0.1, 1, 0]), ["10×", "1×", ""]);
});

Deno.test("logarithmic marks lie within the range, few on long ranges and enough on short ones", () => {
  assert.deepEqual(logMarks(0.009, 1.1), [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1]);
  assert.deepEqual(logMarks(0.5, 1.05), [0.5, 0.6, 0.8, 1]);
  assert.deepEqual(logMarks(0.23, 1.1, 5), [0.3, 0.5, 1], "the others have no room");
  assert.deepEqual(logMarks(1e-6, 1, 8), [1e-6, 1e-5, 1e-4, 0.001, 0.01, 0.1, 1]);
});

Deno.test("the reliability diagram pairs each bin's probability with its accuracy, beside the diagonal", () => {
  const data = run(2);
  const { calibration } = data.rounds[1]!.dev;
  calibration!.bins[calibration!.bins.length - 1] = [14, 3, 1, 0.25];
  const chart = reliabilityChart(data, view({ variant: "dev", selected: 1 }));
  const { bins } = calibration!;
  assert.equal(bins.length, 8);
  assert.deepEqual(chart.data[0], [0, ...bins.map(([, , confidence]) => confidence)]);
  assert.deepEqual(chart.data[1], [null, ...bins.map(([, , , accuracy]) => accuracy)]);
  assert.deepEqual(chart.data[2], chart.data[0]);
  assert.match(chart.positions.at(-1)!, /^Probability 100.%, 3 records$/);
  data.rounds[1]!.dev.calibration = null; // an older round
  assert.deepEqual(reliabilityChart(data, view({ variant: "dev", selected: 1 })).data, [
    [0, 1],
    [null, null],
    [0, 1],
  ]);
});

Deno.test("the vertical axis is wide enough for its longest mark", () => {
  const { size } = axis(PALETTE, { label: "", kind: "signed", log: false, side: "y" });
  const wide = (...marks: string[]) =>
    (size as unknown as (u: null, marks: string[] | null) => number)(null, marks);
  assert.equal(wide("0", "0.5"), 54);
  // In the widest of the usual fonts, DejaVu Sans, this is 10 + 4 x 7.6 + 3.8 pixels at 12 pixels.
  assert.ok(wide("0", "−0.0075") >= 54 + 8, `${wide("−0.0075")}`);
});
