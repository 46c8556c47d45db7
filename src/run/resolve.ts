/**
 * From a preset (or a saved file) and the options that were given to one configuration.
 *
 * @module
 */
import * as fs from "node:fs";
import type { Precision } from "../addon/native.ts";
import { defaultPrecision } from "../addon/select.ts";
import { UsageError } from "../core/errors.ts";
import { parseStepPoint } from "../core/step.ts";
import { type Config, parseConfig } from "../config/config.ts";
import { type Mode, POLICIES } from "../config/modes.ts";
import { type Criterion, criterionOf } from "../pruning/criteria.ts";
import { type PresetName, PRESETS } from "../config/presets.ts";
import { overrideTraining, type TrainingOverrides } from "./resolve_training.ts";
import { RATE } from "../model/graph_file.ts";
import { namedNetwork } from "./network_file.ts";
import { startFile } from "./start_weights.ts";
import type { Decision, PriorUnit } from "../training/decision.ts";

/** The settings that the command line can change; undefined where it did not. */
export interface Overrides extends TrainingOverrides {
  preset?: PresetName | undefined;
  mode?: Mode | undefined;
  data?: string | undefined;
  /** Divide all records into so many folds ... */
  folds?: number | undefined;
  /** ... and test on this one, from 1. */
  fold?: number | undefined;
  seed?: number | undefined;
  orderSeed?: number | undefined;
  /** A file of weights to begin with. */
  init?: string | undefined;
  backend?: "cpu" | "cuda" | undefined;
  /** How convolutions multiply. */
  precision?: Precision | undefined;
  rewindTo?: string | undefined;
  rounds?: number | undefined;
  /** Fraction of the remaining weights per round. */
  prune?: number | undefined;
  /** Compression at which to stop. */
  target?: number | undefined;
  /** Compression to reach in a single round. */
  oneShot?: number | undefined;
  criterion?: Criterion | undefined;
  keepLayers?: string[] | undefined;
  /** A network's name, or a JSON file of one. */
  network?: string | undefined;
  filters?: number | undefined;
  blocks?: number | undefined;
  kernel?: number | undefined;
  dropout?: number | undefined;
  /** Evaluation averages over a record and its negative. */
  flipAverage?: boolean | undefined;
  /** How the steps of a record become its label; see training/decision.ts. */
  decision?: Decision | undefined;
  priorExponent?: number | undefined;
  priorUnit?: PriorUnit | undefined;
}

export const DEFAULT_PRESET: PresetName = "quick";
export const DEFAULT_MODE: Mode = "weight-rewind";
export const DEFAULT_SEED = 1;
/** Of the division into folds. */
const FOLD_SEED = 2018;

/** The configuration of a new run from its preset. */
export function presetConfig(name: PresetName, backend: "cpu" | "cuda"): Config {
  return parseConfig(
    {
      format: "lth-ecg-config/1",
      preset: name,
      backend,
      seed: DEFAULT_SEED,
      mode: DEFAULT_MODE,
      rewindTo: "0",
      ...PRESETS[name],
    },
    `preset ${name}`,
  );
}

/** Reads a configuration saved by an earlier run or written by hand. */
export function readConfig(file: string): Config {
  let text: string;
  try {
    text = fs.readFileSync(file, "utf8");
  } catch {
    throw new UsageError(`Cannot read the configuration ${file}: no such file`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new UsageError(`Cannot use the configuration ${file}: it is not JSON`);
  }
  return parseConfig(value, `the configuration ${file}`);
}

/**
 * A configuration with the given options put in.
 *
 * @throws {UsageError} If the result is not valid.
 */
export function applyOverrides(base: Config, overrides: Overrides): Config {
  const given = <T>(value: T | undefined, fallback: T): T => value ?? fallback;
  const config = parseConfig(
    {
      ...base,
      preset: given(overrides.preset, base.preset as PresetName),
      mode: given(overrides.mode, base.mode),
      data: given(overrides.data, base.data),
      folds: foldSettings(base, overrides),
      seed: given(overrides.seed, base.seed),
      orderSeed: given(overrides.orderSeed, base.orderSeed),
      initFrom: startSettings(base, overrides),
      ...computeSettings(base, overrides),
      rewindTo: given(overrides.rewindTo, base.rewindTo),
      pruning: pruningSettings(base, overrides),
      network: networkSettings(base, overrides),
      training: overrideTraining(base.training, overrides),
      flipAverage: given(overrides.flipAverage, base.flipAverage),
      score: {
        decision: given(overrides.decision, base.score.decision),
        priorExponent: given(overrides.priorExponent, base.score.priorExponent),
        priorUnit: given(overrides.priorUnit, base.score.priorUnit),
      },
    },
    "these options",
  );
  refuseUnsoundPruning(config);
  return config;
}

/** Pruning before training knows no trained weights and no later rewind point. */
function refuseUnsoundPruning({ mode, rewindTo, pruning: { criterion } }: Config): void {
  if (criterionOf(criterion).network === "trained") return;
  if (POLICIES[mode].weights !== "rewind") {
    throw new UsageError(
      `Cannot use criterion ${criterion} with mode ${mode}: it prunes the network at initialisation, ` +
        `which is then trained; use --mode weight-rewind`,
    );
  }
  const { epochs, iterations } = parseStepPoint(rewindTo);
  if (epochs + iterations > 0) {
    throw new UsageError(
      `Cannot use criterion ${criterion} with the rewind point ${rewindTo}: it prunes the network at ` +
        `initialisation; use --rewind-to 0`,
    );
  }
}

/**
 * @throws {UsageError} If the size of the residual network is asked for where there is another one, or a
 *   dropout rate that the network has no place for.
 */
function networkSettings({ network: base }: Config, overrides: Overrides): Config["network"] {
  const { network: named, filters, blocks, kernel, dropout } = overrides;
  const { graph: own, ...settings } = base;
  const graph = named === undefined ? own : namedNetwork(named);
  if (graph) refuseResnetSize(graph.name, { filters, blocks, kernel });
  const takesRate = graph?.nodes.some((node) => node.op === "norm" && node.dropout === RATE) ??
    true;
  if (dropout !== undefined && !takesRate) {
    throw new UsageError(
      `Cannot use --dropout with the network ${graph!.name}: none of its norms has the dropout ` +
        `"${RATE}", which --dropout decides`,
    );
  }
  return {
    ...settings,
    filters: filters ?? base.filters,
    blocks: blocks ?? base.blocks,
    kernel: kernel ?? base.kernel,
    dropout: dropout ?? base.dropout,
    ...(graph ? { graph } : {}),
  };
}

function refuseResnetSize(
  network: string,
  sizes: Pick<Overrides, "filters" | "blocks" | "kernel">,
): void {
  const odd = Object.entries(sizes).find(([, size]) => size !== undefined);
  if (odd === undefined) return;
  throw new UsageError(
    `Cannot use --${
      odd[0]
    } with the network ${network}: it is a size of the residual network; write ` +
      `the channels and kernels into the network's file`,
  );
}

/** The same contents under another path are the same start. */
function startSettings({ initFrom }: Config, { init }: Overrides): Config["initFrom"] {
  if (init === undefined) return initFrom;
  const asked = startFile(init);
  return asked.sha256 === initFrom?.sha256 ? initFrom : asked;
}

/**
 * Where to compute and how to multiply. A precision that was chosen stays with another backend; one
 * that is just the backend's default becomes the other's.
 */
export function computeSettings(
  base: Pick<Config, "backend" | "precision">,
  asked: Pick<Overrides, "backend" | "precision">,
): Pick<Config, "backend" | "precision"> {
  const backend = asked.backend ?? base.backend;
  const chosen = backend === base.backend || base.precision !== defaultPrecision(base.backend);
  const usual = chosen ? base.precision : defaultPrecision(backend);
  return { backend, precision: asked.precision ?? usual };
}

function foldSettings(base: Config, overrides: Overrides): Config["folds"] {
  const count = overrides.folds ?? base.folds?.count;
  const fold = overrides.fold ?? base.folds?.fold;
  if (count === undefined && fold === undefined) return null;
  if (count === undefined || fold === undefined) {
    const [given, missing] = fold === undefined ? ["--folds", "--fold"] : ["--fold", "--folds"];
    throw new UsageError(
      `Cannot use ${given} without ${missing}: a run tests one of the folds, --folds 5 --fold 1 ` +
        `the first of five`,
    );
  }
  return { count, fold, seed: base.folds?.seed ?? FOLD_SEED };
}

/** Sahu et al. 2022: p starts at 30 %, alpha 1.1, until 142 times fewer weights. */
const LTH_ECG = { schedule: { kind: "sahu", start: 0.3, alpha: 1.1 }, target: 142 } as const;
/** More rounds than any schedule here needs: the target ends them. */
const UNTIL_TARGET = 10_000;

function pruningSettings(base: Config, overrides: Overrides): unknown {
  const { prune, oneShot, target, rounds, criterion, keepLayers } = overrides;
  let pruning: Config["pruning"] = { ...base.pruning };
  const asked = overrides.mode && POLICIES[overrides.mode];
  if (asked?.pruning === "sahu" && base.pruning.schedule.kind !== "sahu") {
    pruning = { ...pruning, ...LTH_ECG, rounds: UNTIL_TARGET };
  }
  if (prune !== undefined) pruning.schedule = { kind: "fixed", fraction: prune };
  if (target !== undefined) pruning = { ...pruning, target, rounds: UNTIL_TARGET };
  if (oneShot !== undefined) {
    pruning = { ...pruning, schedule: { kind: "one-shot" }, target: oneShot, rounds: 1 };
  }
  if (rounds !== undefined) {
    // Asking for a number of rounds asks for no target, unless both are asked for.
    pruning = { ...pruning, rounds, target: target ?? (oneShot === undefined ? null : oneShot) };
  }
  if (criterion !== undefined) pruning.criterion = criterion;
  if (keepLayers !== undefined) pruning.keepLayers = keepLayers;
  return pruning;
}

/**
 * Options that say two things at once.
 *
 * @throws {UsageError} Naming the pair.
 */
export function refuseContradictions(given: Overrides): void {
  const refuse = (pair: string, why: string) => {
    throw new UsageError(`Cannot use ${pair} together: ${why}`);
  };
  if (given.oneShot !== undefined && given.prune !== undefined) {
    refuse("--one-shot and --prune", "one shot prunes once, straight to its compression");
  }
  if (given.oneShot !== undefined && (given.rounds ?? 1) !== 1) {
    refuse("--one-shot and --rounds", "one shot is one round");
  }
  if (given.oneShot !== undefined && given.target !== undefined) {
    refuse("--one-shot and --target", "one shot has its own compression");
  }
  const policy = given.mode && POLICIES[given.mode];
  if (policy?.pruning === "sahu" && given.prune !== undefined) {
    refuse(`--mode ${given.mode} and --prune`, "its share shrinks from 30 % by p^(1/1.1)");
  }
  const point = given.rewindTo === undefined ? null : parseStepPoint(given.rewindTo);
  if (!point || point.epochs + point.iterations === 0) return;
  if (policy && !policy.laterPoint) {
    refuse(
      `--mode ${given.mode} and --rewind-to ${given.rewindTo}`,
      "only weight-rewind has a point",
    );
  }
  const criterion = given.criterion;
  if (criterion !== undefined && criterionOf(criterion).network === "initial") {
    refuse(`--criterion ${criterion} and --rewind-to`, "it prunes the network at initialisation");
  }
}

/** What a fold adds to a run's name: "-fold1of5". */
export function foldSuffix(folds: { count: number; fold: number } | null): string {
  return folds === null ? "" : `-fold${folds.fold}of${folds.count}`;
}

/** The name of a run that was not given one: what sets it apart from the preset. */
export function defaultRunName(config: Config): string {
  const seed = config.seed === DEFAULT_SEED ? "" : `-seed${config.seed}`;
  const order = config.orderSeed === null ? "" : `-order${config.orderSeed}`;
  const control = config.control === null ? "" : `-${config.control.kind}`;
  const init = config.initFrom === null ? "" : "-init";
  const network = config.network.graph === undefined ? "" : `-${config.network.graph.name}`;
  const fold = foldSuffix(config.folds);
  return `${config.preset}${network}-${config.mode}${seed}${order}${init}${fold}${control}`;
}
