/**
 * Named starting points of a configuration.
 *
 * @module
 */
import type { WrittenConfig } from "./config.ts";

export type Preset = Omit<
  WrittenConfig,
  | "format"
  | "preset"
  | "backend"
  | "precision"
  | "seed"
  | "orderSeed"
  | "initFrom"
  | "mode"
  | "folds"
  | "rewindTo"
  | "control"
  | "flipAverage"
>;

/** Chosen on dev over several networks, the same for all methods: docs/decision.md. */
const SCORE = { decision: "mean", priorExponent: 0.5, priorUnit: "records" } as const;
const MAGNITUDE = { criterion: "magnitude", keepLayers: [] as string[] } as const;

export const PRESETS = {
  /** The bundled sample and a quarter of the filters: minutes on two cores. */
  quick: {
    data: "sample",
    pruning: { rounds: 4, target: null, schedule: { kind: "fixed", fraction: 0.5 }, ...MAGNITUDE },
    network: {
      filters: 8,
      kernel: 16,
      blocks: 16,
      blocksPerStage: 4,
      // 400 updates of a narrow network underfit: dropout only slows them.
      dropout: 0,
      init: "fan-in",
      normEpsilon: 1e-3,
      normMomentum: 0.1,
    },
    training: {
      epochs: 15,
      batchSize: 16,
      learningRate: 2e-3,
      schedule: { kind: "step", milestones: [0.6, 0.85], factor: 0.2 },
      optimizer: "adam",
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
      clipNorm: 1,
      flip: true,
      sameNoise: false,
      augment: null,
      earlyStopping: null,
      onNan: "stop",
      kernels: "timed",
    },
    score: SCORE,
  },
  /** The full study: the whole data set and the full-width network, to 1/142 of the weights and beyond. */
  cinc2017: {
    data: "data",
    pruning: { rounds: 23, target: null, schedule: { kind: "fixed", fraction: 0.2 }, ...MAGNITUDE },
    network: {
      filters: 32,
      kernel: 16,
      blocks: 16,
      blocksPerStage: 4,
      dropout: 0.2,
      init: "fan-in",
      normEpsilon: 1e-3,
      normMomentum: 0.1,
    },
    training: {
      epochs: 30,
      batchSize: 32,
      learningRate: 1e-3,
      schedule: { kind: "step", milestones: [0.6, 0.85], factor: 0.1 },
      optimizer: "adam",
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
      clipNorm: 1,
      flip: true,
      sameNoise: false,
      augment: null,
      earlyStopping: null,
      onNan: "stop",
      kernels: "timed",
    },
    score: SCORE,
  },
} as const satisfies Record<string, Preset>;

export type PresetName = keyof typeof PRESETS;
