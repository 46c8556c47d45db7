/**
 * The network of Hannun et al. 2019 (Nature Medicine 25, methods) in awni/ecg's CinC 2017 configuration:
 * a stem convolution, residual blocks whose filters double every stage, and a 1x1 head that gives one
 * prediction per hop of samples. A block is [BN - ReLU, skipped in block 0] conv - BN - ReLU - dropout -
 * conv plus the shortcut. At full size: 33 convolutions of width 16 and the head, 10,454,528 prunable
 * weights, hop 256.
 *
 * @module
 */
import { type Graph, INPUT, type Node } from "../graph.ts";

/** Sizes of the network. */
export interface ResNet1dConfig {
  /** Filters of the stem and the first blocks; 32 at full size. */
  readonly filters: number;
  /** Kernel size of all convolutions but the head; 16 at full size. */
  readonly kernel: number;
  /** Residual blocks; 16 at full size. Blocks 1, 3, ... halve the length. */
  readonly blocks: number;
  /** Filters double after this many blocks. */
  readonly blocksPerStage: number;
  readonly classes: number;
  /** Dropout rate before each block's second convolution; 0 by default. */
  readonly dropout?: number;
}

/** The graph of a network of this size. */
export function resnet1dGraph(config: ResNet1dConfig): Graph {
  const { filters, kernel, blocks, blocksPerStage, classes, dropout = 0 } = config;
  const nodes: Node[] = [
    { op: "conv", name: "stem", input: INPUT, channels: filters, kernel, stride: 1 },
    { op: "norm", name: "stem.norm", input: "stem", relu: true, dropout: 0 },
  ];
  let channels = filters;
  for (let i = 0; i < blocks; i++) {
    const name = `block${i}`;
    const entry = nodes.at(-1)!.name;
    const stride = i % 2 + 1;
    const width = filters * 2 ** Math.floor(i / blocksPerStage);
    const reshapes = stride > 1 || width !== channels;
    if (i > 0) {
      nodes.push({ op: "norm", name: `${name}.norm1`, input: entry, relu: true, dropout: 0 });
    }
    nodes.push(
      {
        op: "conv",
        name: `${name}.conv1`,
        input: nodes.at(-1)!.name,
        channels: width,
        kernel,
        stride,
      },
      { op: "norm", name: `${name}.norm2`, input: `${name}.conv1`, relu: true, dropout },
    );
    if (reshapes) {
      nodes.push({
        op: "shortcut",
        name: `${name}.shortcut`,
        input: entry,
        channels: width,
        stride,
      });
    }
    nodes.push({
      op: "conv",
      name: `${name}.conv2`,
      input: `${name}.norm2`,
      channels: width,
      kernel,
      stride: 1,
      add: reshapes ? `${name}.shortcut` : entry,
    });
    channels = width;
  }
  nodes.push(
    { op: "norm", name: "head.norm", input: nodes.at(-1)!.name, relu: true, dropout: 0 },
    { op: "conv", name: "head", input: "head.norm", channels: classes, kernel: 1, stride: 1 },
  );
  return {
    name: "resnet1d",
    description: `${filters} filters, doubled every ${blocksPerStage} of ${blocks} blocks, ` +
      `kernel ${kernel}, ${classes} classes`,
    nodes,
  };
}
