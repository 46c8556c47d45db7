/**
 * Plans how a network streams. After every hop of samples, each layer computes all outputs for which it
 * has the inputs. If a value has n positions per hop, hop m adds its positions [m n - delay, (m + 1) n -
 * delay). A convolution looks ahead, so delays grow along the network, and the two sides of a sum wait for
 * each other. The last positions of a value are kept as long as a layer needs them.
 *
 * @module
 */
import { analyse } from "../model/analyse.ts";
import { INPUT } from "../model/graph.ts";
import {
  absorbedWork,
  affineOf,
  type ConvNumbers,
  type ConvWork,
  type ShortcutWork,
  type Work,
} from "./absorb.ts";
import type { TrainedNetwork } from "./network.ts";

/** The rows of a value in memory: per channel, `history` older positions, then `inputs` new ones. */
export interface StreamValue {
  /** Of the operation that writes it. */
  readonly name: string;
  readonly channels: number;
  /** Positions per hop. */
  readonly inputs: number;
  /** Positions by which the newest lags behind the samples. */
  readonly delay: number;
  /** Kept from earlier hops. */
  history: number;
}

/** Input of a layer: a value, and the position in its row at which the first output starts to read. */
export interface StreamInput {
  readonly value: number;
  readonly offset: number;
}

/** The value that a convolution adds, pooled first; channels after the first `channels` add nothing. */
export interface StreamAddend extends StreamInput {
  readonly channels: number;
  readonly stride: number;
}

/** A layer with its inputs. The values lie in the order of the layers that write them. */
export type StreamLayer =
  & { readonly input: StreamInput }
  & (
    | {
      readonly op: "conv";
      readonly conv: ConvNumbers;
      readonly add: StreamAddend | null;
      readonly relu: boolean;
    }
    | {
      readonly op: "norm";
      readonly relu: boolean;
      readonly scale: Float64Array;
      readonly shift: Float64Array;
    }
    | { readonly op: "shortcut"; readonly stride: number; readonly channels: number }
  );

/** A network in streaming form. */
export interface StreamPlan {
  readonly hop: number;
  /** Number of steps by which logits lag behind the samples. */
  readonly lag: number;
  /** The samples, then the output of each layer; the last value is the logits. */
  readonly values: readonly StreamValue[];
  readonly layers: readonly StreamLayer[];
}

/** Plans a network whose norms are absorbed and whose dead filters are removed. */
export function planStream(network: TrainedNetwork): StreamPlan {
  const { hop } = analyse(network.graph);
  return new Planner(network, hop).plan();
}

/** A read; its offset is known when all readers of the value have been planned. */
interface Read {
  readonly value: number;
  /** Number of older positions that the first output reads; negative if it skips new positions. */
  readonly before: number;
}

class Planner {
  private readonly values: StreamValue[];
  private readonly index = new Map([[INPUT, 0]]);
  private readonly works: Work[];
  private readonly layers: (() => StreamLayer)[] = [];

  constructor(private readonly network: TrainedNetwork, private readonly hop: number) {
    this.values = [{ name: INPUT, channels: 1, inputs: hop, delay: 0, history: 0 }];
    this.works = absorbedWork(network);
  }

  plan(): StreamPlan {
    for (const work of this.works) {
      if (work.op === "conv") this.conv(work);
      else if (work.op === "norm") this.norm(work);
      else if (!this.isAdded(work)) this.shortcut(work);
    }
    const { hop, values } = this;
    return {
      hop,
      lag: values.at(-1)!.delay,
      values,
      layers: this.layers.map((finish) => finish()),
    };
  }

  private conv({ name, input, add, relu, numbers: conv }: ConvWork): void {
    const { value, delay: known, inputs } = this.valueOf(input);
    const { kernel, stride, outChannels: channels } = conv;
    // SAME padding of a length that the stride divides.
    const padding = Math.floor(Math.max(kernel - stride, 0) / 2);
    const after = kernel - 1 - padding;
    const addend = add === null ? null : this.addend(add);
    const delay = Math.max(
      Math.ceil((known + 1 + after) / stride) - 1,
      addend === null ? 0 : Math.ceil(addend.delay / addend.stride),
    );
    const read = this.read(value, stride * delay + padding - known);
    const added = addend && this.read(addend.value, addend.stride * delay - addend.delay);
    this.push(name, { channels, inputs: inputs / stride, delay, history: 0 }, () => ({
      op: "conv",
      input: this.place(read),
      conv,
      add: addend &&
        { ...this.place(added!), channels: addend.channels, stride: addend.stride },
      relu,
    }));
  }

  private norm({ name, input, channels, relu }: Extract<Work, { op: "norm" }>): void {
    const { value, inputs, delay } = this.valueOf(input);
    const read = this.read(value, 0);
    const affine = affineOf(this.network, name);
    this.push(name, { channels, inputs, delay, history: 0 }, () => ({
      op: "norm",
      input: this.place(read),
      relu,
      ...affine,
    }));
  }

  private shortcut({ name, input, stride, inChannels, channels }: ShortcutWork): void {
    const { value, inputs, delay: known } = this.valueOf(input);
    const delay = Math.ceil(known / stride);
    const read = this.read(value, stride * delay - known);
    this.push(name, { channels, inputs: inputs / stride, delay, history: 0 }, () => ({
      op: "shortcut",
      input: this.place(read),
      stride,
      channels: inChannels,
    }));
  }

  /** Whether a convolution that adds a shortcut is its only reader, and therefore pools it. */
  private isAdded({ name }: ShortcutWork): boolean {
    const readers = this.works.filter((work) =>
      work.input === name || (work.op === "conv" && work.add === name)
    );
    return readers.length === 1 && readers[0]!.input !== name;
  }

  private addend(
    name: string,
  ): { value: number; delay: number; channels: number; stride: number } {
    const work = this.works.find((each) => each.name === name);
    const pooled = work?.op === "shortcut" && this.isAdded(work) ? work : null;
    const { value, delay, channels } = this.valueOf(pooled?.input ?? name);
    return { value, delay, channels, stride: pooled?.stride ?? 1 };
  }

  private valueOf(name: string): StreamValue & { value: number } {
    const value = this.index.get(name)!;
    return { value, ...this.values[value]! };
  }

  private read(value: number, before: number): Read {
    const rows = this.values[value]!;
    rows.history = Math.max(rows.history, before);
    return { value, before };
  }

  private place({ value, before }: Read): StreamInput {
    return { value, offset: this.values[value]!.history - before };
  }

  private push(name: string, value: Omit<StreamValue, "name">, finish: () => StreamLayer): void {
    this.index.set(name, this.values.length);
    this.values.push({ name, ...value });
    this.layers.push(finish);
  }
}
