/**
 * A network on a device: the tensors of a graph's nodes, by name and in the order of the forward pass.
 *
 * @module
 */
import type { AveragedBuffer, NativeBuffer, NativeDevice } from "../addon/native.ts";
import { analyse, type AnalysedNode, type Analysis } from "./analyse.ts";
import type { Graph } from "./graph.ts";
import type { FanMode } from "./initializers.ts";
import {
  Conv1d,
  type Layer,
  type NamedBuffer,
  type NamedParameter,
  type NormConfig,
  NormRelu,
  Shortcut,
} from "./layers.ts";

/** A network with the settings of its initialisation and its norms. */
export interface NetworkConfig {
  readonly graph: Graph;
  readonly init: FanMode;
  readonly norm: NormConfig;
}

export class Network implements Disposable {
  readonly analysis: Analysis;
  /** The layers of the graph's nodes, in its order. */
  readonly layers: readonly Layer[];
  /** Averages of the running statistics; empty if none are kept. */
  private averages: NativeBuffer[] = [];
  private averaged = false;

  constructor(device: NativeDevice, readonly config: NetworkConfig) {
    this.analysis = analyse(config.graph);
    this.layers = this.analysis.nodes.map((node) => layerOf(device, node, config));
  }

  get graph(): Graph {
    return this.config.graph;
  }

  /** Samples per prediction. */
  get hop(): number {
    return this.analysis.hop;
  }

  /** Every trainable tensor, in the order of the forward pass. Files and ties use the same order. */
  get parameters(): NamedParameter[] {
    return this.layers.flatMap((layer) => layer.parameters);
  }

  get prunable(): NamedParameter[] {
    return this.parameters.filter((p) => p.prunable);
  }

  get buffers(): NamedBuffer[] {
    return this.layers.flatMap((layer) => layer.buffers);
  }

  /** Creates a moving average of every parameter and running statistic. */
  keepAverages(device: NativeDevice): void {
    if (this.keepsAverages) return;
    for (const { parameter } of this.parameters) parameter.keepAverage();
    this.averages = this.buffers.map(({ buffer }) => device.buffer(buffer.size));
    this.averaged = true;
  }

  get keepsAverages(): boolean {
    return this.averaged;
  }

  /** The running statistics with their averages, in the order of `buffers`; empty without averages. */
  get averagedBuffers(): (AveragedBuffer & { name: string })[] {
    if (!this.keepsAverages) return [];
    return this.buffers.map(({ name, buffer }, i) => ({
      name,
      value: buffer,
      average: this.averages[i]!,
    }));
  }

  /** Makes a new network from `seed`: He weights, zero biases, identity norms, dense masks. */
  initialise(seed: number): void {
    for (const layer of this.layers) layer.initialise({ mode: this.config.init, seed });
  }

  dispose(): void {
    for (const { parameter } of this.parameters) parameter.dispose();
    for (const { buffer } of this.buffers) buffer.dispose();
    for (const average of this.averages) average.dispose();
  }

  [Symbol.dispose](): void {
    this.dispose();
  }
}

function layerOf(
  device: NativeDevice,
  { node, inChannels, outChannels }: AnalysedNode,
  { norm }: NetworkConfig,
): Layer {
  switch (node.op) {
    case "conv":
      return new Conv1d(device, node, inChannels);
    case "norm":
      return new NormRelu(device, node, { ...norm, channels: outChannels });
    case "shortcut":
      return new Shortcut(node);
  }
}
