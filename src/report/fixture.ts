/**
 * Made-up runs for tests: seeded, of any length, with the shape of real ones.
 *
 * @module
 */
import { createRng, type Rng } from "../core/rng.ts";
import type {
  EpochRow,
  LayerCount,
  RoundSummary,
  Scores,
  Summary,
  Timing,
} from "../results/summary.ts";

/** What a made-up run looks like. */
export interface FixtureOptions {
  /** Finished rounds, the dense one included. */
  rounds: number;
  /** Pruning rounds in the configuration; the run is complete when all are done. */
  planned?: number;
  epochs?: number;
  seed?: number;
  name?: string;
  classes?: string[];
  /** Fraction of the survivors pruned per round. */
  prune?: number;
  /** Whether the data set has a test split. */
  test?: boolean;
}

/** Records per class of each split. */
const COUNTS = {
  train: [192, 120, 120, 48],
  dev: [24, 15, 15, 6],
  test: [24, 15, 15, 6],
};

/** A made-up `summary.json`: scores stay constant at moderate sparsity, then fall. */
export function fixtureSummary(options: FixtureOptions): Summary {
  const {
    rounds,
    planned = rounds - 1,
    epochs = 12,
    seed = 1,
    name = "fixture",
    classes = ["N", "A", "O", "~"],
    prune = 0.25,
    test = true,
  } = options;
  const rng = createRng(seed, "report-fixture");
  const counts = (split: keyof typeof COUNTS) => classes.map((_, c) => COUNTS[split][c] ?? 0);
  const metric = { name: "CinC F1", classes: classes.slice(0, 3) };
  const layers = network();
  const prunable = total(layers.map((layer) => layer.size));

  const made: RoundSummary[] = [];
  for (let round = 0; round < rounds; round++) {
    if (round > 0) pruneLayers(layers, prune, round);
    const kept = total(layers.map((layer) => layer.kept));
    const density = kept / prunable;
    const skill = 0.78 / (1 + Math.exp(-1.6 * Math.log(density / 0.035))) + 0.02;
    const score = (split: keyof typeof COUNTS, quality: number) =>
      scores(rng, { classes, metric: metric.classes, counts: counts(split), quality });
    const dev = calibrated(score("dev", skill));
    made.push({
      round,
      kept,
      prunable,
      density,
      theta: prunable / kept,
      thetaAll: (prunable + 2_564) / (kept + 2_564),
      denseBytes: 4 * (prunable + 2_564),
      sparseBytes: round === 0 ? 4 * (prunable + 2_564) : 6 * kept + 4 * 2_564 + 4 * 34 * 33,
      denseMacs: 171_000_000,
      macs: total(layers.map((layer, i) => layer.kept * (1_140 >> Math.floor(i / 9)))),
      layers: layers.map((layer) => ({ ...layer, shape: [...layer.shape] })),
      afterPruning: round === 0 ? null : score("dev", skill * (0.35 + 0.4 * rng.next())),
      afterPruningRecalibrated: round === 0 ? null : score("dev", skill * 0.9),
      dev,
      test: test ? calibrated(score("test", skill)) : null,
      epochs: epochRows(rng, { epochs, final: dev.score, density }),
    });
    const last = made[made.length - 1];
    if (last) last.denseMacs = made[0]?.macs ?? 0;
  }
  return {
    format: "lth-ecg-summary/1",
    name,
    complete: rounds > 0 && rounds - 1 === planned,
    plannedRounds: planned,
    mode: "weight-rewind",
    control: null,
    classes,
    metric,
    dataset: {
      sha256: "5f".repeat(32),
      counts: {
        train: counts("train"),
        dev: counts("dev"),
        test: test ? counts("test") : classes.map(() => 0),
      },
    },
    rounds: made,
    config: {
      format: "lth-ecg-config/1",
      preset: "quick",
      data: "sample",
      seed,
      backend: "cpu",
      mode: "weight-rewind",
      rewindTo: "0",
      pruning: { rounds: planned, fraction: prune },
      network: { filters: 8, kernel: 16, blocks: 16, blocksPerStage: 4, dropout: 0.2 },
      training: {
        epochs,
        batchSize: 16,
        learningRate: 1e-3,
        schedule: { kind: "step", milestones: [0.6, 0.85], factor: 0.1 },
        optimizer: "adam",
        flip: true,
      },
    },
  };
}

/** The `timing.json` that belongs to `summary`. */
export function fixtureTiming(summary: Summary): Timing {
  const rng = createRng(7, "report-fixture-timing");
  return {
    rounds: summary.rounds.map(({ round, density, epochs }) => ({
      round,
      trainSeconds: epochs.length * (0.6 + 3.1 * density ** 0.8 + 0.2 * rng.next()),
      epochs: epochs.length,
    })),
  };
}

/** The tensors of the 16-block network with 8 filters, all weights kept. */
function network(): LayerCount[] {
  const layers: LayerCount[] = [];
  const add = (name: string, shape: [number, number, number]) => {
    const size = shape[0] * shape[1] * shape[2];
    layers.push({ name, shape, size, kept: size });
  };
  add("stem.conv", [8, 1, 16]);
  let channels = 8;
  for (let block = 0; block < 16; block++) {
    const out = 8 * 2 ** Math.floor(block / 4);
    add(`block${block}.conv1`, [out, channels, 16]);
    add(`block${block}.conv2`, [out, out, 16]);
    channels = out;
  }
  add("head.conv", [4, 64, 1]);
  return layers;
}

/** Prunes the fraction `prune` of all survivors, more in the wide layers than in the narrow ones. */
function pruneLayers(layers: LayerCount[], prune: number, round: number): void {
  layers.forEach((layer, i) => {
    const share = prune * Math.min(1.15, 0.35 + layer.size / 12_000 + 0.05 * ((i * 7 + round) % 3));
    layer.kept = Math.max(1, Math.round(layer.kept * (1 - share)));
  });
}

function scores(
  rng: Rng,
  options: { classes: string[]; metric: string[]; counts: number[]; quality: number },
): Scores {
  const { classes, metric, counts, quality } = options;
  const confusion = classes.map(() => classes.map(() => 0));
  counts.forEach((count, truth) => {
    for (let record = 0; record < count; record++) {
      const right = rng.next() < quality;
      const guess = right ? truth : rng.next() < 0.6 ? 0 : rng.integer(classes.length);
      const row = confusion[truth];
      if (row) row[guess] = (row[guess] ?? 0) + 1;
    }
  });
  const f1: Record<string, number | null> = {};
  classes.forEach((name, c) => {
    const touched = total(confusion[c] ?? []) + total(confusion.map((row) => row[c] ?? 0));
    Object.defineProperty(f1, name, {
      value: touched === 0 ? null : (2 * (confusion[c]?.[c] ?? 0)) / touched,
      enumerable: true,
      writable: true,
    });
  });
  const records = total(counts);
  const defined = metric.map((name) => f1[name]).filter((value) => typeof value === "number");
  return {
    records,
    loss: 1.5 - 1.2 * quality + 0.05 * rng.next(),
    accuracy: records === 0 ? 0 : total(classes.map((_, c) => confusion[c]?.[c] ?? 0)) / records,
    f1,
    score: defined.length === 0 ? 0 : total(defined) / defined.length,
    confusion,
  };
}

/** Scores of a slightly overconfident network, more overconfident at temperature 1. */
function calibrated(scores: Scores): Scores {
  const { records, accuracy, loss } = scores;
  const most = Math.floor(records / 2);
  const bins = Array.from({ length: 15 }, (_, i) => {
    const own = i < 7 ? 0 : i === 14 ? most : Math.floor((records - most) / 7);
    return {
      records: own,
      confidence: own > 0 ? (i + 0.6) / 15 : null,
      accuracy: own > 0 ? Math.max(0, accuracy - 0.05 * (14 - i)) : null,
    };
  });
  return {
    ...scores,
    calibration: {
      temperature: 1.3,
      calibrationError: 0.04,
      brier: 2 * (1 - accuracy) / 1.8,
      negativeLogLikelihood: loss,
      bins,
      uncalibrated: {
        calibrationError: 0.09,
        brier: 2 * (1 - accuracy) / 1.7,
        negativeLogLikelihood: 1.1 * loss,
      },
    },
  };
}

function epochRows(
  rng: Rng,
  { epochs, final, density }: { epochs: number; final: number; density: number },
): EpochRow[] {
  return Array.from({ length: epochs }, (_, i) => {
    const progress = 1 - Math.exp((-4 * (i + 1)) / epochs);
    const noise = () => (rng.next() - 0.5) * 0.08 * (1 - progress * 0.7);
    return {
      epoch: i + 1,
      step: 30 * (i + 1),
      learningRate: 1e-3 * (i < epochs * 0.6 ? 1 : i < epochs * 0.85 ? 0.1 : 0.01),
      trainLoss: 1.35 * (1 - progress) + 0.35 / (density + 0.4) * progress + noise(),
      gradientNorm: 2.1 * (1 - progress) + 0.6 + noise(),
      devLoss: 1.3 * (1 - progress) + 0.75 + noise(),
      devAccuracy: Math.min(1, 0.4 + 0.35 * progress + noise()),
      devScore: i === epochs - 1 ? final : Math.max(0, final * progress + noise()),
    };
  });
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
