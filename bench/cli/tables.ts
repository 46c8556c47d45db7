/**
 * The benchmark's tables as text.
 *
 * @module
 */
import { byPart, type OpTime } from "../breakdown.ts";
import type {
  BenchDocument,
  EpochTable,
  InferenceRow,
  LayerTable,
  ScheduleTable,
  StepTable,
  TfjsTable,
} from "../document.ts";
import type { Floors } from "../machine.ts";
import type { MemoryUse } from "../memory_bench.ts";
import { shapeText, studyGraph } from "../shape.ts";
import { steadinessLines, steadinessMark } from "../steadiness.ts";
import type { TopkTiming } from "../topk.ts";
import { durationText, percent, table } from "../../src/cli/format.ts";

/** The lines above the tables: machine, setting, measured limits. */
export function headText(
  document: Pick<BenchDocument, "machine" | "device" | "floors" | "quick">,
  load: string,
): string {
  const { machine, device, floors, quick } = document;
  const lines = [`${machine}; ${device}; load ${load}`];
  if (floors !== null) {
    const { peakGflops, corePeakGflops, readGbps, copyGbps } = floors;
    const core = corePeakGflops === null ? "" : ` (${corePeakGflops.toFixed(0)} on one core)`;
    const read = readGbps === null ? "" : `${readGbps.toFixed(0)} GB/s read, `;
    lines.push(
      `measured on it: ${peakGflops.toFixed(0)} GFLOP/s of multiply-adds${core}, ${read}` +
        `${copyGbps.toFixed(0)} GB/s copied`,
    );
  }
  if (quick) {
    lines.push("--quick: fewer densities, steps and rounds than a full run, and a smaller batch");
  }
  return lines.join("\n");
}

/** Steps by density. */
export function stepText({ shape, masks, timings, slower, peer }: StepTable, floors: Floors) {
  const dense = peer.find((each) => each.density === 1)?.milliseconds;
  const head = ["density", "step ms", "range", "useful GFLOP/s", "of peak", "dense-counted"];
  if (dense !== undefined) head.push("x faster than PyTorch dense", "PyTorch masked ms");
  const rows = timings.map((timing) => {
    const { asked, density, median, fastest, slowest, usefulFlops, denseFlops } = timing;
    const useful = usefulFlops / median / 1e6;
    const row = [
      density.toPrecision(3),
      median.toFixed(median < 100 ? 1 : 0),
      `${fastest.toFixed(0)}-${slowest.toFixed(0)}${steadinessMark(timing)}`,
      useful.toFixed(0),
      percent(useful / floors.peakGflops),
      (denseFlops / median / 1e6).toFixed(0),
    ];
    if (dense !== undefined) {
      const masked = peer.find((each) => each.density === asked && asked < 1);
      row.push((dense / median).toFixed(2), masked?.milliseconds.toFixed(0) ?? "-");
    }
    return row;
  });
  return [
    `Training step, ${shapeText(shape)}, ${masks.description}` +
    (dense === undefined ? "" : `; PyTorch dense ${dense.toFixed(0)} ms`),
    table([head, ...rows]),
    slower.length === 0
      ? "No density is slower than the next higher one."
      : `Slower than a higher density: ${slower.join("; ")}.`,
    ...steadinessLines(timings),
  ].join("\n");
}

/** The time of each part of a step; with `all`, of every op. */
export function layerText(layers: LayerTable, all: boolean): string {
  const { shape, masks, density, median, ops } = layers;
  const rows = (all ? ops : byPart(ops, studyGraph(shape))).map((row) => opRow(row, median));
  const floor = ops.reduce((sum, { floorSeconds }) => sum + floorSeconds, 0);
  return [
    `Where the time goes, ${shapeText(shape)}, density ${density.toPrecision(3)}, ${masks}: ` +
    `${median.toFixed(0)} ms, the floors add up to ${(1000 * floor).toFixed(0)} ms`,
    table([
      ["part", "op", "ms", "share", "floor ms", "x floor", "useful GFLOP/s", "GB/s"],
      ...rows,
    ]),
  ].join("\n");
}

function opRow({ where, op, seconds, floorSeconds, flops, bytes }: OpTime, median: number) {
  return [
    where,
    op,
    (1000 * seconds).toFixed(1),
    percent(1000 * seconds / median),
    (1000 * floorSeconds).toFixed(1),
    floorSeconds > 0 ? (seconds / floorSeconds).toFixed(1) : "-",
    flops > 0 ? (flops / seconds / 1e9).toFixed(0) : "-",
    bytes > 0 ? (bytes / seconds / 1e9).toFixed(1) : "-",
  ];
}

/** Global magnitude selection. */
export function topkText(timings: readonly TopkTiming[]): string {
  const rows = timings.map((row) => [
    row.weights.toLocaleString("en"),
    percent(row.keep),
    row.milliseconds.toFixed(2),
    row.fastest.toFixed(2),
    row.nthElement.toFixed(1),
    `${(row.nthElement / row.milliseconds).toFixed(1)}x`,
    row.throughAddon?.toFixed(2) ?? "-",
  ]);
  return [
    "Exact global top-k by magnitude, masks included, compared with std::nth_element (threshold only)",
    table([
      ["weights", "keep", "ms", "fastest", "nth_element ms", "faster", "through the addon ms"],
      ...rows,
    ]),
  ].join("\n");
}

/** The schedule's rounds and totals. */
export function scheduleText(schedule: ScheduleTable): string {
  const { shape, masks, rounds, stepsPerRound, epochs, records, seconds, inFull } = schedule;
  const { peerStep, peerSeconds, peakSeconds } = schedule;
  const dense = rounds[0]!.usefulFlops;
  const rows = rounds.map(({ round, density, milliseconds, measured, pruning, usefulFlops }) => [
    String(round),
    percent(density),
    percent(usefulFlops / dense),
    milliseconds.toFixed(milliseconds < 100 ? 1 : 0) + (measured ? "" : " *"),
    pruning > 0 ? pruning.toFixed(0) : "-",
  ]);
  const lines = [
    `Schedule: dense and ${rounds.length - 1} rounds, ${records} records, ${epochs} epochs each ` +
    `= ${stepsPerRound} steps of ${shapeText(shape)} a round, ${masks}`,
    table([["round", "left", "FLOPs", "step ms", "pruning ms"], ...rows]),
  ];
  if (rounds.some(({ measured }) => !measured)) {
    lines.push("* not measured: interpolated between its neighbours on a logarithmic scale");
  }
  lines.push(
    `Ours: ${durationText(seconds)}, ` +
      (inFull
        ? "every step done."
        : "the median of a few warm steps of each round times its steps."),
  );
  if (peerSeconds !== null && peerStep !== null) {
    lines.push(
      `PyTorch: ${durationText(peerSeconds)}, its dense step (${peerStep.toFixed(0)} ms, ` +
        `measured) times ${rounds.length} x ${stepsPerRound} steps: ` +
        `${(peerSeconds / seconds).toFixed(1)} times ours.`,
    );
  }
  lines.push(
    `The surviving weights' multiply-adds alone take ${durationText(peakSeconds)} at the peak` +
      (peerSeconds === null
        ? "."
        : `: ${(peerSeconds / peakSeconds).toFixed(1)} times faster than PyTorch at most.`),
    "Evaluation between epochs is not included on either side.",
  );
  return lines.join("\n");
}

/** One record on one thread. */
export function inferenceText(rows: readonly InferenceRow[]): string {
  const { samples, engine, onnxruntimeDetail } = rows[0]!;
  const cells = rows.map(({ masks, density, onnxruntime, ticket, dense, macsShare }) => [
    masks,
    percent(density),
    percent(macsShare),
    ticket.toFixed(2),
    dense.toFixed(1),
    onnxruntime?.toFixed(1) ?? "-",
    onnxruntime === null ? "-" : `${(onnxruntime / ticket).toFixed(1)}x`,
  ]);
  return [
    `Inference of one record of ${samples.toLocaleString("en")} samples, ${engine}; ` +
    `onnxruntime: ${onnxruntimeDetail}`,
    table([
      ["masks", "left", "MACs", "ticket ms", "dense ms", "onnxruntime dense ms", "ticket faster"],
      ...cells,
    ]),
  ].join("\n");
}

/** Planned and resident memory. */
export function memoryText(uses: readonly MemoryUse[]): string {
  const gigabytes = (bytes: number) => (bytes / 1e9).toFixed(3);
  const first = uses[0]!;
  const samples = ({ batchSize, length }: MemoryUse) => batchSize * length;
  const rows = uses.map((use) => [
    shapeText(use),
    gigabytes(use.parameterBytes),
    gigabytes(use.plannedBytes),
    use.peakBytes === null ? "-" : gigabytes(use.peakBytes),
    `${(samples(use) / samples(first)).toFixed(2)}x`,
    `${(use.plannedBytes / first.plannedBytes).toFixed(2)}x`,
  ]);
  return [
    "Memory of a training step, GB: activations as planned (and allocated), peak resident of a " +
    "process that does it",
    table([
      ["shape", "parameters", "activations", "peak", "samples", "activations to the first row's"],
      ...rows,
    ]),
  ].join("\n");
}

/** Whole epochs. */
export function epochText(
  { data, records, batchSize, filters, timings, peer }: EpochTable,
): string {
  const { train, dev, test } = records;
  const total = (parts: { training: number; results: number; report?: number }) =>
    parts.training + parts.results + (parts.report ?? 0);
  const seconds = (value: number) => value.toFixed(value < 10 ? 2 : 1);
  const rows = timings.map((timing) => [
    percent(timing.density),
    ...[timing.training, timing.results, timing.report, total(timing)].map(seconds),
    peer === null ? "-" : (total(peer) / total(timing)).toFixed(2),
  ]);
  if (peer !== null) {
    rows.push([
      "PyTorch",
      seconds(peer.training),
      seconds(peer.results),
      "-",
      seconds(total(peer)),
      "1",
    ]);
  }
  return [
    `One epoch of ${data}: ${train} records, scores on ${dev} and ${test} others, batches of ` +
    `${batchSize}, ${filters} filters; seconds` +
    (peer === null ? "" : `; peer: ${peer.description}`),
    table([
      [
        "left",
        "training, dev",
        "scores, weights on disk",
        "report",
        "in all",
        "x faster than PyTorch dense",
      ],
      ...rows,
    ]),
  ].join("\n");
}

/** The TensorFlow.js peer. */
export function tfjsText({ package: name, reason, shape, milliseconds, ours }: TfjsTable): string {
  return `TensorFlow.js: ${name}; ${reason}.\n` +
    `Dense step, ${shapeText(shape)}: ${milliseconds.toFixed(0)} ms, ours ${ours.toFixed(2)} ms ` +
    `(${(milliseconds / ours).toFixed(0)} times faster). Larger shapes take it too long.`;
}
