/**
 * A network and its data on one device, with the recorded programs that train and evaluate it. Programs
 * have static shapes, so there is one per batch length, recorded when it is first needed.
 *
 * @module
 */
import type {
  NativeBuilder,
  NativeDataset,
  NativeDevice,
  NativeProgram,
  OptimizerSettings,
  Value,
} from "../backend/native.ts";
import { type Batch, planBatches } from "../data/batches.ts";
import type { LoadedDataset, Split } from "../data/dataset.ts";
import { type NetworkConfig, ResNet1d } from "../model/resnet1d.ts";

/** The names of the splits, in the order in which they lie on the device. */
export const SPLITS = ["train", "dev", "test"] as const;
export type SplitName = (typeof SPLITS)[number];

/** What the programs of a run are recorded with. */
export interface WorkbenchConfig {
  readonly network: NetworkConfig;
  readonly optimizer: OptimizerSettings;
  readonly batchSize: number;
  /** Random sign flips in training. */
  readonly flip: boolean;
  /** Of data order, sign flips and dropout. */
  readonly seed: number;
}

/** A recorded evaluation step: forward only, its logits readable. */
export interface EvaluationProgram {
  readonly program: NativeProgram;
  readonly logits: Value;
}

export class Workbench {
  readonly network: ResNet1d;
  private readonly resident: NativeDataset;
  private readonly firstRecord: Record<SplitName, number>;
  private readonly training = new Map<number, NativeProgram>();
  private readonly evaluation = new Map<number, EvaluationProgram>();

  constructor(
    readonly device: NativeDevice,
    readonly dataset: LoadedDataset,
    readonly config: WorkbenchConfig,
  ) {
    this.network = new ResNet1d(device, config.network);
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

  /** The batches of a training epoch; the same for every round of a run. */
  trainingBatches(epoch: number): Batch[] {
    return planBatches(this.split("train").lengths, {
      batchSize: this.config.batchSize,
      shuffle: { seed: this.config.seed, epoch },
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
    const known = this.training.get(length);
    if (known) return known;
    const { network, config } = this;
    const { program } = this.record({ length, flip: config.flip }, (builder, x) => {
      const tape = network.forward(builder, x, "training");
      builder.label("loss");
      network.backward(builder, tape, builder.crossEntropy(tape.logits));
      builder.label("optimiser");
      builder.optimizer(network.parameters.map((p) => p.parameter), config.optimizer);
    });
    this.training.set(length, program);
    return program;
  }

  /** Forward with running statistics for batches of this length. */
  evaluationProgram(length: number): EvaluationProgram {
    const known = this.evaluation.get(length);
    if (known) return known;
    const { program, result: logits } = this.record({ length, flip: false }, (builder, x) => {
      const { logits } = this.network.forward(builder, x, "evaluation");
      builder.output(logits);
      return logits;
    });
    const recorded = { program, logits };
    this.evaluation.set(length, recorded);
    return recorded;
  }

  /**
   * Records any other program over batches of this length; the caller disposes it.
   *
   * @param batch.flip Random sign flips.
   * @param body Records what is to happen with the batch x [N, 1, length].
   */
  record<Result>(
    batch: { length: number; flip: boolean },
    body: (builder: NativeBuilder, x: Value) => Result,
  ): { program: NativeProgram; result: Result } {
    const { dataset, config } = this;
    using builder = this.device.builder({
      records: config.batchSize,
      length: batch.length,
      seed: BigInt(config.seed),
    });
    builder.label("batch");
    const { mean, std } = dataset;
    const x = builder.gather(this.resident, { mean, std, flip: batch.flip });
    const result = body(builder, x);
    return { program: builder.build(), result };
  }

  /** Frees everything but the device. */
  dispose(): void {
    for (const program of this.training.values()) program.dispose();
    for (const { program } of this.evaluation.values()) program.dispose();
    this.resident.dispose();
    this.network.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}
