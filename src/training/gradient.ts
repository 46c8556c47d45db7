/**
 * The gradient of the loss on training batches, without an update.
 *
 * @module
 */
import type { Batch } from "../data/batches.ts";
import { recordForward } from "../model/record.ts";
import { MeasuringPrograms } from "./programs.ts";
import { keepingStatistics } from "./recalibrate.ts";
import type { Workbench } from "./workbench.ts";

/** Measures gradients of fixed batches at the network's present weights. */
export class GradientProbe implements Disposable {
  private readonly programs: MeasuringPrograms;

  /**
   * @param batches Batches of the train split. Norms use the batch; sign flips and dropout are off.
   */
  constructor(private readonly bench: Workbench, private readonly batches: readonly Batch[]) {
    const { network } = bench;
    this.programs = new MeasuringPrograms(bench, (builder, x) => {
      const { logits } = recordForward(builder, network, { x, pass: "measuring" });
      builder.backward(logits, builder.crossEntropy(logits));
    });
  }

  /**
   * The gradients of the prunable tensors, in their order: the mean over the batches of the gradients of
   * each batch's mean cross-entropy, 0 where a mask prunes. Weights and running statistics do not change.
   */
  measure(): Promise<Float64Array[]> {
    return keepingStatistics(this.bench, async () => {
      const { prunable } = this.bench.network;
      const sums = prunable.map(({ parameter }) => new Float64Array(parameter.size));
      for (const batch of this.batches) {
        await this.programs.run(batch);
        prunable.forEach(({ parameter }, p) => {
          const gradient = parameter.read("gradient");
          const sum = sums[p]!;
          for (let i = 0; i < sum.length; i++) sum[i]! += gradient[i]! / this.batches.length;
        });
      }
      return sums;
    });
  }

  [Symbol.dispose](): void {
    this.programs[Symbol.dispose]();
  }
}
