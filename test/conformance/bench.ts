/**
 * Runs small programs on a device for a test. It disposes what it made, fills the device's activation
 * memory with NaN before each run, and checks the values that an op leaves outside the records.
 *
 * @module
 */
import type {
  NativeBuffer,
  NativeBuilder,
  NativeDevice,
  NativeParameter,
  NativeProgram,
  RunInputs,
  RunResults,
  Value,
} from "../../src/addon/native.ts";
import type { Comparison } from "./comparison.ts";
import { makeValues } from "./inputs.ts";
import { conv1d } from "./reference/conv1d.ts";
import { type Signals, signals } from "./reference/signals.ts";

/** Kernel of the convolution that watches an output. */
const PROBE_KERNEL = 17;

/** The inputs and outputs of a traced program. */
export interface Recorder {
  readonly builder: NativeBuilder;
  /** An input with the signals' shape, written before the run. */
  input(values: Signals, labels?: Int32Array): Value;
  /** Reads the value after the run. With `probe`, a convolution also reads it. */
  output(name: string, value: Value, shape: Signals): void;
}

/** The results of a run. */
export interface BenchResult extends RunResults {
  /** [N, C, L] of an output. */
  read(name: string): Float32Array;
  /** The results of the probes; empty without them. */
  readonly probes: Comparison[];
}

interface Output {
  readonly name: string;
  readonly value: Value;
  readonly probe: Value | null;
  readonly shape: Signals;
}

/** Opens a bench for `body` and disposes everything that it made. */
export async function withBench<T>(
  device: NativeDevice,
  body: (bench: Bench) => Promise<T>,
): Promise<T> {
  const bench = new Bench(device);
  try {
    return await body(bench);
  } finally {
    bench.dispose();
  }
}

/** Makes parameters, buffers and programs, and disposes them together. */
export class Bench {
  private readonly made: Disposable[] = [];

  constructor(readonly device: NativeDevice) {}

  /** A parameter with the given value and mask. */
  parameter(
    shape: readonly number[],
    options: { value: ArrayLike<number>; mask?: Uint8Array },
  ): NativeParameter {
    const parameter = this.keep(this.device.parameter(shape));
    parameter.write("value", Float32Array.from(options.value));
    if (options.mask) parameter.setMask(options.mask);
    return parameter;
  }

  buffer(value: ArrayLike<number>): NativeBuffer {
    const buffer = this.keep(this.device.buffer(value.length));
    buffer.write(Float32Array.from(value));
    return buffer;
  }

  /** Remembers to dispose `resource`. */
  keep<T extends Disposable>(resource: T): T {
    this.made.push(resource);
    return resource;
  }

  /**
   * Traces a program, runs it once and reads its outputs.
   *
   * @param record Traces the ops.
   */
  async run(
    record: (recorder: Recorder) => void,
    options: {
      records: number;
      length: number;
      seed?: bigint;
      probe?: boolean;
      inputs?: RunInputs;
    },
  ): Promise<BenchResult> {
    const { records, length, seed = 0n, probe = false } = options;
    const builder = this.keep(this.device.builder({ records, length, seed }));
    const writes: { value: Value; values: Signals; labels: Int32Array | undefined }[] = [];
    const outputs: Output[] = [];
    record({
      builder,
      input: (values, labels) => {
        const value = builder.input(values.channels, values.length);
        writes.push({ value, values, labels });
        return value;
      },
      output: (name, value, shape) => {
        builder.output(value);
        outputs.push({
          name,
          value,
          shape,
          probe: probe ? this.recordProbe(builder, value, shape) : null,
        });
      },
    });
    const program = this.keep(builder.build());
    await this.poison(program.arenaBytes);
    for (const { value, values, labels } of writes) {
      program.writeValue(value, {
        values: Float32Array.from(values.values),
        lengths: values.lengths,
        ...(labels ? { labels } : {}),
      });
    }
    const results = await this.device.run([program], options.inputs ?? {});
    const read = new Map(outputs.map(({ name, value }) => [name, program.readValue(value)]));
    return {
      ...results,
      read: (name) => read.get(name)!,
      probes: outputs.flatMap((output) => probeComparison(program, output)),
    };
  }

  dispose(): void {
    for (const resource of this.made.splice(0).reverse()) resource[Symbol.dispose]();
  }

  private recordProbe(builder: NativeBuilder, value: Value, shape: Signals): Value {
    const { channels } = shape;
    const weight = this.parameter([1, channels, PROBE_KERNEL], { value: probeWeights(channels) });
    const bias = this.parameter([1], { value: [0] });
    const probe = builder.conv1d(value, { weight, bias, stride: 1 });
    builder.output(probe);
    return probe;
  }

  /** Fills at least the first `bytes` of the arena that all programs share with NaN. */
  private async poison(bytes: number): Promise<void> {
    const records = 16;
    const leastBytes = 2; // of an element: bf16
    const length = Math.ceil(bytes / (leastBytes * records));
    if (length === 0) return;
    using builder = this.device.builder({ records, length, seed: 0n });
    const x = builder.input(1, length);
    builder.output(builder.shortcut(x, { stride: 1, channels: 1 }));
    using program = builder.build();
    program.writeValue(x, { values: new Float32Array(records * length).fill(NaN) });
    await this.device.run([program], {});
  }
}

function probeWeights(channels: number): Float64Array {
  return makeValues(channels * PROBE_KERNEL, { seed: 0, name: "probe" });
}

/**
 * A wide convolution sees whatever an op left past a record's end or in the layout's margins,
 * where reading back shows zeros. It must be what the values that were read back give.
 */
function probeComparison(program: NativeProgram, output: Output): Comparison[] {
  const { name, value, probe, shape } = output;
  if (probe === null) return [];
  const { channels } = shape;
  const weight = {
    outChannels: 1,
    inChannels: channels,
    kernel: PROBE_KERNEL,
    values: probeWeights(channels),
  };
  const seen = signals(program.readValue(value), shape);
  const want = conv1d(seen, { weight, bias: new Float64Array(1), stride: 1 });
  return [{
    quantity: `what follows ${name}`,
    got: program.readValue(probe),
    want: want.value.values,
    terms: want.terms,
    // Accuracy is not the point here: as much as a sum can be off, one rounding per term.
    limit: channels * PROBE_KERNEL,
  }];
}
