/**
 * The golden training run: 10 steps of a tiny network computed by PyTorch in float64, made by
 * `scripts/golden/make_training.py`, which describes it.
 *
 * @module
 */
import {
  decodeSafetensors,
  type StoredTensor,
  type TensorArray,
  type TensorFile,
} from "../../../src/core/safetensors.ts";

/** Size of the network and settings of the training; the options' names are those of src/model. */
export interface GoldenSettings {
  readonly filters: number;
  readonly kernel: number;
  readonly blocks: number;
  readonly blocksPerStage: number;
  readonly classes: number;
  /** Samples of the padded batch. */
  readonly length: number;
  /** Of the samples; (sample - mean) / std is exact in float32. */
  readonly mean: number;
  readonly std: number;
  readonly steps: number;
  readonly learningRate: number;
  readonly clipNorm: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly normEpsilon: number;
  readonly normMomentum: number;
}

/** The variants of the run, see `scripts/golden/make_training.py`. */
export type GoldenVariant = "dense" | "masked" | "usual_epsilon";

/** The results of one variant of the run. */
export interface GoldenResult {
  /** Of Adam. */
  readonly epsilon: number;
  /** By weight name, [Cout, Cin, K], 1 keep; empty when everything is kept. */
  readonly masks: ReadonlyMap<string, Uint8Array>;
  /** [steps], before each update. */
  readonly losses: Float64Array;
  /** [steps], before clipping. */
  readonly gradientNorms: Float64Array;
  /** Parameters and running statistics after the last step; empty for "usual_epsilon". */
  readonly final: ReadonlyMap<string, Float64Array>;
}

/** The recorded run. */
export interface GoldenRun {
  readonly settings: GoldenSettings;
  /** [records, length] */
  readonly samples: Int16Array;
  /** [records] */
  readonly lengths: Int32Array;
  /** [records], one class per record. */
  readonly labels: Int32Array;
  /** Parameters and running statistics before the first step, in the order of the forward pass. */
  readonly initial: ReadonlyMap<string, { shape: readonly number[]; data: Float32Array }>;
  readonly results: Readonly<Record<GoldenVariant, GoldenResult>>;
}

/** The committed file. */
export const TRAINING_GOLDEN: URL = new URL("./training.safetensors", import.meta.url);

/** Reads the golden run. */
export function loadGolden(): GoldenRun {
  const file = decodeSafetensors(Deno.readFileSync(TRAINING_GOLDEN), "the golden training run");
  const { epsilons, ...settings } = JSON.parse(file.metadata["settings"]!) as GoldenSettings & {
    epsilons: Record<GoldenVariant, number>;
  };
  const result = (variant: GoldenVariant): GoldenResult => ({
    epsilon: epsilons[variant],
    masks: variant === "masked"
      ? arraysUnder(file, { prefix: "mask.", type: Uint8Array })
      : new Map(),
    losses: tensor(file, { name: `${variant}.losses`, type: Float64Array }).data,
    gradientNorms: tensor(file, { name: `${variant}.gradient_norms`, type: Float64Array }).data,
    final: arraysUnder(file, { prefix: `${variant}.final.`, type: Float64Array }),
  });
  return {
    settings,
    samples: tensor(file, { name: "samples", type: Int16Array }).data,
    lengths: tensor(file, { name: "lengths", type: Int32Array }).data,
    labels: tensor(file, { name: "labels", type: Int32Array }).data,
    initial: new Map(
      namesUnder(file, "initial.").map((name) => [
        name,
        tensor(file, { name: `initial.${name}`, type: Float32Array }),
      ]),
    ),
    results: {
      dense: result("dense"),
      masked: result("masked"),
      usual_epsilon: result("usual_epsilon"),
    },
  };
}

type ArrayType<T extends TensorArray> = new (length: number) => T;

function namesUnder(file: TensorFile, prefix: string): string[] {
  return [...file.tensors.keys()].filter((name) => name.startsWith(prefix))
    .map((name) => name.slice(prefix.length));
}

function arraysUnder<T extends TensorArray>(
  file: TensorFile,
  options: { prefix: string; type: ArrayType<T> },
): Map<string, T> {
  const { prefix, type } = options;
  return new Map(
    namesUnder(file, prefix).map((
      name,
    ) => [name, tensor(file, { name: prefix + name, type }).data]),
  );
}

function tensor<T extends TensorArray>(
  file: TensorFile,
  options: { name: string; type: ArrayType<T> },
): StoredTensor & { data: T } {
  const { name, type } = options;
  const found = file.tensors.get(name);
  if (!found || !(found.data instanceof type)) {
    throw new TypeError(`The golden file has no ${type.name} named ${name}`);
  }
  return { shape: found.shape, data: found.data };
}
