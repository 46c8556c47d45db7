/**
 * The figures of the study.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { decimals } from "../core/decimals.ts";
import { format } from "../report/format.ts";
import { mean } from "../statistics/interval.ts";
import { commonKind, differenceTo } from "../statistics/reference.ts";
import type { Group } from "./group.ts";
import { type Level, networksOf, startOf } from "./networks.ts";
import { type Axis, lineChart, type Point } from "./svg.ts";
import { trialCurves } from "./trials.ts";

/** The figures of a group, by the end of their file name. */
export const FIGURES: Readonly<Record<string, (group: Group) => string>> = {
  difference: differenceFigure,
  score: scoreFigure,
  layers: layersFigure,
  losses: lossesFigure,
  curves: curvesFigure,
};

/** Score over the weights left; a dashed line is the dense network that was trained on for longest. */
function scoreFigure(group: Group): string {
  const { comparison } = group;
  const networks = networksOf(group);
  const pruned = series(networks, ({ level }) => ({ x: level.density, y: level.mean }), true);
  const longest = networks.filter(({ method, isDense }) => method.continued && !isDense).at(-1);
  const marks = longest
    ? [{
      at: longest.level.mean,
      text: `dense of ${counted(Math.round(longest.level.cost?.epochs ?? 0), "epoch")}`,
    }]
    : [];
  const values = [
    ...pruned.flatMap(({ points }) => points.map(({ y }) => y)),
    ...marks.map(({ at }) => at),
  ];
  return lineChart({
    title: `${comparison.metric} of ${format(comparison.records, "integer")} records`,
    x: densityAxis(pruned.flatMap(({ points }) => points.map(({ x }) => x))),
    y: linearAxis(values, comparison.metric),
    series: pruned,
    marks,
  });
}

/** The dense networks of {@linkcode differenceFigure}, by the kind of reference. */
const DENSE_OF = { equal: "as many epochs", once: "one round" } as const;

/**
 * Differences to dense networks with 95 % intervals: to those of equal training if there are any. One figure has one
 * kind, because the two answer different questions.
 */
function differenceFigure(group: Group): string {
  const { comparison } = group;
  const networks = networksOf(group).filter(({ isDense }) => !isDense);
  const kind = commonKind(networks.map(({ level }) => level));
  const pruned = series(networks, ({ level }) => {
    const found = differenceTo(level, kind);
    return found && { x: level.density, y: found.difference, low: found.low, high: found.high };
  }).filter(({ points }) => points.length > 0);
  const margins = [-comparison.margin, -comparison.secondMargin];
  const values = pruned.flatMap(({ points }) =>
    points.flatMap(({ y, low = y, high = y }) => [low, high])
  );
  return lineChart({
    title: `Difference of ${comparison.metric} to dense of ${DENSE_OF[kind]}, 95 % intervals`,
    x: densityAxis(pruned.flatMap(({ points }) => points.map(({ x }) => x))),
    y: linearAxis([...values, 0, ...margins], "ticket minus dense"),
    series: pruned,
    marks: [{ at: 0, text: "no difference" }, { at: margins[0]!, text: `margin ${-margins[0]!}` }],
  });
}

/** Pruned networks of the method that the plan names first; without a plan, of the first by name. */
function firstPlanned({ comparison, planned }: Group, networks: readonly Level[]): Level[] {
  const pruned = networks.filter(({ isDense, method }) => !isDense && !method.continued);
  const methods = planned.map(({ name }) =>
    comparison.runs.find((run) => run.name === name)?.method
  );
  const first = methods.find((name) => pruned.some(({ method }) => method.name === name)) ??
    pruned[0]?.method.name;
  return pruned.filter(({ method }) => method.name === first);
}

/** Share of each layer's weights that is left, for the levels of one method. */
function layersFigure(group: Group): string {
  const networks = networksOf(group);
  const levels = firstPlanned(group, networks);
  const lines = levels.map(({ level, rounds }) => ({
    label: `${format(level.density, "percent")} left`,
    points: rounds[0]!.round.layers.map((layer, i): Point => {
      const shares = rounds.map(({ round }) => round.layers[i]!.kept / layer.size);
      return { x: i + 1, y: mean(shares) };
    }),
  }));
  const layers = lines[0]?.points.length ?? 1;
  const lowest = Math.min(
    1,
    ...lines.flatMap(({ points }) => points.map(({ y }) => y)).filter((y) => y > 0),
  );
  const decades = Math.ceil(-Math.log10(Math.max(lowest, 1e-5)));
  return lineChart({
    title: `Where weights are left, ${levels[0]?.name ?? ""}`,
    x: {
      label: "layer, from the input to the output",
      min: 1,
      max: Math.max(2, layers),
      ticks: Array.from({ length: layers }, (_, i) => i + 1).filter((i) => i === 1 || i % 4 === 0)
        .map((at) => ({ at, text: String(at) })),
    },
    y: {
      label: "share of the layer's weights",
      min: 10 ** -Math.max(1, decades),
      max: 1,
      log: true,
      ticks: Array.from({ length: Math.max(1, decades) + 1 }, (_, i) => ({
        at: 10 ** -i,
        text: format(10 ** -i, "percent"),
      })),
    },
    series: lines,
  });
}

/**
 * Loss on train and dev records over the epochs of a whole run, mean over runs: of one method, and of the dense network
 * that was trained on, from the dense network on that each began with.
 */
function lossesFigure(group: Group): string {
  const networks = networksOf(group);
  const pruned = firstPlanned(group, networks);
  const others = networks.filter(({ isDense }) => !isDense);
  const parts = [
    { label: pruned[0]?.name ?? "", own: pruned },
    { label: "dense, trained on", own: others.filter(({ method }) => method.continued) },
  ].filter(({ own }) => own.length > 0);
  const lines = parts.flatMap(({ label, own }) =>
    (["train", "dev"] as const).map((split) => ({
      label: `${label}: ${split}`,
      points: [startOf(own[0]!.method, networks) ?? [], own].flat().flatMap(({ rounds }) =>
        (rounds[0]?.round.epochs ?? []).map((_, i) => {
          const losses = rounds.map(({ round: { epochs } }) => epochs[i]![`${split}Loss`]);
          return mean(losses);
        })
      ).map((y, i): Point => ({ x: i + 1, y })),
    }))
  );
  return lineChart({
    title: "Loss over all epochs of a run",
    x: epochAxis("epochs in all", lines),
    y: linearAxis(lines.flatMap(({ points }) => points.map(({ y }) => y)), "cross-entropy"),
    series: lines,
  });
}

/** Loss on dev over the epochs of the trials of a group. */
function curvesFigure(group: Group): string {
  const lines = trialCurves(group).map(({ label, values }) => ({
    label,
    points: values.map((y, i): Point => ({ x: i + 1, y })),
  }));
  return lineChart({
    title: "Loss on dev",
    x: epochAxis("epochs", lines),
    y: linearAxis(lines.flatMap(({ points }) => points.map(({ y }) => y)), "cross-entropy"),
    series: lines,
  });
}

/** One line for each method that was pruned, from its dense network if asked for. */
function series(
  networks: readonly Level[],
  point: (level: Level) => Point | null,
  fromDense = false,
) {
  const own = networks.filter(({ isDense, method }) => !isDense && !method.continued);
  return [...new Set(own.map(({ method }) => method))].map((method) => ({
    label: own.find((network) => network.method === method)!.name,
    points: [
      (fromDense && startOf(method, networks)) || [],
      own.filter((network) => network.method === method),
    ].flat().flatMap((network) => point(network) ?? []),
  }));
}

function densityAxis(densities: readonly number[]): Axis {
  const min = Math.min(1, ...densities);
  const ticks = [...new Set(densities.map((density) => density.toPrecision(2)))].map(Number);
  return {
    label: "weights left",
    min: min / 1.15,
    max: 1.15 * Math.max(min, ...densities),
    log: true,
    reversed: true,
    ticks: ticks.sort((a, b) => b - a).map((at) => ({ at, text: format(at, "percent") })),
  };
}

function epochAxis(label: string, lines: readonly { points: readonly Point[] }[]): Axis {
  const epochs = Math.max(2, ...lines.map(({ points }) => points.length));
  const step = [1, 2, 4, 5, 10, 12, 20, 50, 100].find((step) => epochs / step <= 10) ?? 200;
  return {
    ...{ label, min: 1, max: epochs },
    ticks: Array.from({ length: Math.floor(epochs / step) }, (_, i) => (i + 1) * step)
      .map((at) => ({ at, text: String(at) })),
  };
}

function linearAxis(values: readonly number[], label: string): Axis {
  const low = Math.min(...values);
  const high = Math.max(...values);
  const step =
    [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2].find((step) => (high - low) / step <= 9) ?? 0.5;
  const from = Math.floor(low / step);
  const to = Math.max(from + 1, Math.ceil(high / step));
  return {
    label,
    min: from * step,
    max: to * step,
    ticks: Array.from({ length: to - from + 1 }, (_, i) => {
      const at = (from + i) * step;
      return { at, text: decimals(at, step < 0.01 ? 3 : 2) };
    }),
  };
}
