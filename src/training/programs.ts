/**
 * Traced programs for temporary use, one per batch length.
 *
 * @module
 */
import type { NativeBuilder, NativeProgram, Value } from "../addon/native.ts";
import type { Batch } from "../data/batches.ts";
import type { Workbench } from "./workbench.ts";

/** Programs over training batches without random changes, traced at their first use. */
export class MeasuringPrograms implements Disposable {
  private readonly known = new Map<number, NativeProgram>();

  /** @param body Traces the ops on the batch x [N, 1, L]. */
  constructor(
    private readonly bench: Workbench,
    private readonly body: (builder: NativeBuilder, x: Value) => void,
  ) {}

  /** Runs the program for this batch of the train split. */
  async run(batch: Batch): Promise<void> {
    await this.bench.device.run([this.programFor(batch.length)], {
      records: this.bench.deviceRecords("train", batch),
    });
  }

  private programFor(length: number): NativeProgram {
    const known = this.known.get(length);
    if (known) return known;
    const { program } = this.bench.record({ length, records: "plain" }, this.body);
    this.known.set(length, program);
    return program;
  }

  [Symbol.dispose](): void {
    for (const program of this.known.values()) program.dispose();
  }
}
