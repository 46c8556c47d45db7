/**
 * A network and its data on one device, with the traced programs that train and evaluate it. Programs have
 * static shapes, so there is one per batch length, traced at its first use.
 *
 * @module
 */
import type {
  Augmentation,
  LossSettings,
  NativeBuilder,
  NativeDataset,
  NativeDevice,
  NativeProgram,
  OptimizerSettings,
  Value,
} from "../addon/native.ts";
import { type Batch, planBatches } from "../data/batches.ts";
import type { LoadedDataset, Split } from "../data/dataset.ts";
import { Network, type NetworkConfig } from "../model/network.ts";
import type { Pass } from "../model/layers.ts";
import { recordForward } from "../model/record.ts";
import type { DecisionRule } from "./decision.ts";
import { recordAverage } from "./average.ts";
import { isOutOfMemory, outOfMemory } from "./out_of_memory.ts";
import {
  isTeacherLabel,
  openTeacher,
  recordTeachers,
  type Teacher,
  teacherPrefix,
} from "./teacher.ts";

/** The names of the splits, in the order in which they lie on the device. */
export const SPLITS = ["train", "dev", "test"] as const;
export type SplitName = (typeof SPLITS)[number];

/** The settings with which the programs of a run are traced. */
export interface WorkbenchConfig {
  readonly network: NetworkConfig;
  readonly optimizer: OptimizerSettings;
  readonly loss: LossSettings;
  /** Decay of the moving average of the weights, at least 0 and less than 1; 0 for none. */
  readonly average: number;
  readonly batchSize: number;
  /** Random sign flips in training. */
  readonly flip: boolean;
  /** Other random changes of training records, null for none. */
  readonly augment: Augmentation | null;
  /** Samples that training records are cut to, a multiple of the hop; Infinity for none. */
  readonly longest: number;
  /** Seed of data order, sign flips, augmentation and dropout. */
  readonly seed: number;
  /** The decision rule of evaluation. */
  readonly rule: DecisionRule;
  /** Whether evaluation averages over a record and its negative; see flip_average.ts. */
  readonly flipAverage: boolean;
}

/** The kernels of each convolution, by its name. */
export type Kernels = Readonly<Record<string, string>>;

/** The form in which a program sees the records of its batches. */
export type RecordsAs = "augmented" | "plain" | "negated";

/** A traced evaluation step: forward only, with readable logits. */
export interface EvaluationProgram {
  readonly program: NativeProgram;
  readonly logits: Value;
}

export class Workbench {
  readonly network: Network;
  /** The teachers of training programs, if the loss has a share for them. */
  readonly teachers: readonly Network[];
  private readonly resident: NativeDataset;
  private readonly firstRecord: Record<SplitName, number>;
  private readonly training = new Map<number, NativeProgram>();
  private readonly gradient = new Map<number, NativeProgram>();
  private readonly evaluation = new Map<string, EvaluationProgram>();
  private pass: Pass = "training";

  constructor(
    readonly device: NativeDevice,
    readonly dataset: LoadedDataset,
    readonly config: WorkbenchConfig,
    teachers: readonly Teacher[] = [],
  ) {
    this.network = new Network(device, config.network);
    this.teachers = teachers.map((teacher) => openTeacher(device, teacher));
    if (config.average > 0) this.network.keepAverages(device);
    const splits = SPLITS.map((name) => dataset.splits[name]);
    this.firstRecord = { train: 0, dev: splits[0]!.lengths.length, test: 0 };
    this.firstRecord.test = this.firstRecord.dev + splits[1]!.lengths.length;
    this.resident = device.dataset({
      samples: dataset.samples,
      offsets: Float64Array.from(splits.flatMap((split) => [...split.offsets])),
      lengths: Int32Array.from(splits.flatMap((split) => [...split.lengths])),
      labels: Int32Array.from(splits.flatMap((split) => [...split.labels])),
    });
  }

  split(name: SplitName): Split {
    return this.dataset.splits[name];
  }

  /**
   * The batches of a training epoch.
   *
   * @param round Each round has its own order.
   */
  trainingBatches(epoch: number, round = 0): Batch[] {
    const { longest } = this.config;
    return planBatches(this.split("train").lengths.map((length) => Math.min(length, longest)), {
      batchSize: this.config.batchSize,
      shuffle: { seed: this.config.seed, epoch, round },
    });
  }

  /** Batches of a split in a fixed order, for evaluation. */
  evaluationBatches(name: SplitName): Batch[] {
    return planBatches(this.split(name).lengths, {
      batchSize: this.config.batchSize,
      shuffle: null,
    });
  }

  get stepsPerEpoch(): number {
    return Math.ceil(this.split("train").lengths.length / this.config.batchSize);
  }

  /** Record numbers of a batch as the device counts them, -1 for empty slots. */
  deviceRecords(name: SplitName, batch: Batch): Int32Array {
    return batch.records.map((record) => record < 0 ? -1 : record + this.firstRecord[name]);
  }

  /** Forward, backward and update for batches of this length. */
  trainingProgram(length: number): NativeProgram {
    return this.stepProgram(this.training, length, (b, x) => this.recordTraining(b, x));
  }

  /** Forward and backward of a training step for batches of this length, without the update. */
  gradientProgram(length: number): NativeProgram {
    return this.stepProgram(this.gradient, length, (b, x) => this.recordGradients(b, x));
  }

  private stepProgram(
    known: Map<number, NativeProgram>,
    length: number,
    body: (builder: NativeBuilder, x: Value) => void,
  ): NativeProgram {
    const own = known.get(length) ?? this.record({ length, records: "augmented" }, body).program;
    known.set(length, own);
    return own;
  }

  /** Whether the following training steps have dropout, if the network has it. At first they have. */
  setDropout(on: boolean): void {
    const pass = on ? "training" : "undropped";
    if (pass === this.pass) return;
    this.pass = pass;
    this.disposeSteps();
  }

  private disposeSteps(): void {
    for (const programs of [this.training, this.gradient]) {
      for (const program of programs.values()) program.dispose();
      programs.clear();
    }
  }

  /** The forward pass of training steps. */
  get trainingPass(): Pass {
    return this.pass;
  }

  private recordTraining(builder: NativeBuilder, x: Value): void {
    const { network, config } = this;
    this.recordGradients(builder, x);
    builder.label("optimiser");
    builder.optimizer(network.parameters.map((p) => p.parameter), config.optimizer);
    if (config.average > 0) recordAverage(builder, network, config.average);
  }

  private recordGradients(builder: NativeBuilder, x: Value): void {
    const { network, config, teachers } = this;
    // Teachers come first: their activations are freed before the network needs memory for its own.
    const taught = recordTeachers(builder, teachers, x);
    const loss = taught.length === 0 ? config.loss : { ...config.loss, teachers: taught };
    const { logits } = recordForward(builder, network, { x, pass: this.pass });
    builder.label("loss");
    builder.backward(logits, builder.crossEntropy(logits, loss));
  }

  /** The present kernels of each convolution, e.g. "forward=sparse/8 dgrad=dense wgrad=dense". */
  kernels(): Kernels {
    const [program] = this.training.values();
    const ops = program?.profile() ?? [];
    return Object.fromEntries(
      ops.filter(({ label, detail }) => detail !== "" && !isTeacherLabel(label)).map((
        { label, detail },
      ) => [label, detail]),
    );
  }

  /** Whether the last bits of results depend on kernels that have to be chosen and recorded. */
  get timesKernels(): boolean {
    return this.device.timesConvolutions;
  }

  /** Times the kernels for training under the present masks, and sets the fastest. */
  async chooseKernels(): Promise<Kernels> {
    const chosen = await this.trainingProgram(this.busiestLength()).chooseKernels();
    return Object.fromEntries(chosen.map(({ label, kernels }) => [label, kernels]));
  }

  /** The batch length with most samples of an epoch, and so about the most time. */
  private busiestLength(): number {
    const samples = new Map<number, number>();
    for (const { length } of this.trainingBatches(0)) {
      samples.set(length, (samples.get(length) ?? 0) + length);
    }
    return [...samples].reduce((most, each) => each[1] > most[1] ? each : most)[0];
  }

  /**
   * Sets kernels that {@linkcode chooseKernels} found earlier under the same masks. New masks reset them.
   *
   * @throws {RangeError} If they belong to other layers, or the device or a mask does not allow them.
   */
  setKernels(kernels: Kernels): void {
    const ofNetwork = (network: Network, prefix = "") =>
      network.prunable.map(({ name, parameter }) => ({
        name: prefix + name.replace(/\.weight$/, ""),
        parameter,
      }));
    const weights = [
      ...ofNetwork(this.network),
      ...this.teachers.flatMap((teacher, i) => ofNetwork(teacher, teacherPrefix(i))),
    ];
    const names = weights.map(({ name }) => name);
    const odd = Object.keys(kernels).find((name) => !names.includes(name));
    if (odd !== undefined) throw new RangeError(`the network has no convolution ${odd}`);
    for (const { name, parameter } of weights) {
      const own = kernels[name];
      if (own === undefined) throw new RangeError(`there are no kernels of ${name}`);
      parameter.setKernels(own);
    }
  }

  /** Forward with running statistics for batches of this length, of the records or their negatives. */
  evaluationProgram(length: number, negate = false): EvaluationProgram {
    const records = negate ? "negated" : "plain";
    const key = `${records} ${length}`;
    const known = this.evaluation.get(key);
    if (known) return known;
    const { program, result: logits } = this.record(
      { length, records },
      (builder, x) => this.recordEvaluation(builder, x),
    );
    const recorded = { program, logits };
    this.evaluation.set(key, recorded);
    return recorded;
  }

  private recordEvaluation(builder: NativeBuilder, x: Value): Value {
    const { logits } = recordForward(builder, this.network, { x, pass: "evaluation" });
    builder.output(logits);
    return logits;
  }

  /**
   * Bytes of activations that the program for batches of this length needs; allocates none.
   *
   * @param records Records of a batch.
   */
  plannedBytes(
    length: number,
    program: "training" | "evaluation",
    records = this.config.batchSize,
  ): number {
    const training = program === "training";
    using builder = this.builder(length, records);
    const x = this.gather(builder, training ? "augmented" : "plain");
    if (training) this.recordTraining(builder, x);
    else this.recordEvaluation(builder, x);
    return builder.plannedBytes();
  }

  /**
   * Traces any other program over batches of this length; the caller disposes it.
   *
   * @param batch.records "augmented": with the sign flips and other random changes of training.
   * @param body Traces the ops on the batch x [N, 1, length].
   * @throws {Failure} If the device has too little memory; the message says how large a batch would fit.
   */
  record<Result>(
    batch: { length: number; records: RecordsAs },
    body: (builder: NativeBuilder, x: Value) => Result,
  ): { program: NativeProgram; result: Result } {
    const { batchSize } = this.config;
    const buildFor = (records: number) => {
      using builder = this.builder(batch.length, records);
      const result = body(builder, this.gather(builder, batch.records));
      return { program: builder.build(), result };
    };
    try {
      return buildFor(batchSize);
    } catch (error) {
      if (!isOutOfMemory(error)) throw error;
      const attempt = (records: number) => buildFor(records).program.dispose();
      throw outOfMemory(error, { batchSize, length: batch.length, attempt });
    }
  }

  private builder(length: number, records = this.config.batchSize): NativeBuilder {
    return this.device.builder({ records, length, seed: BigInt(this.config.seed) });
  }

  private gather(builder: NativeBuilder, records: RecordsAs): Value {
    builder.label("batch");
    const { mean, std } = this.dataset;
    if (records !== "augmented") {
      const negate = records === "negated";
      return builder.gather(this.resident, { mean, std, flip: false, negate });
    }
    const { flip, augment } = this.config;
    return builder.gather(this.resident, { mean, std, flip, augment: augment ?? undefined });
  }

  /** Frees everything but the device. */
  dispose(): void {
    this.disposeSteps();
    for (const { program } of this.evaluation.values()) program.dispose();
    this.resident.dispose();
    this.network.dispose();
    for (const teacher of this.teachers) teacher.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
