/**
 * The residual network's layers before there is a device: names, sizes, order.
 *
 * @module
 */
import type { ResNet1dConfig } from "./networks/resnet1d.ts";

/** What decides all sizes of the residual network. */
export type NetworkShape = Omit<ResNet1dConfig, "dropout">;

/** A SAME convolution. */
export interface ConvLayer {
  readonly kind: "conv";
  readonly name: string;
  readonly inChannels: number;
  readonly outChannels: number;
  readonly kernel: number;
  readonly stride: number;
}

/** A batch normalisation followed by ReLU. */
export interface NormLayer {
  readonly kind: "norm";
  readonly name: string;
  readonly channels: number;
}

export type Layer = ConvLayer | NormLayer;

/** One residual block; `norm1` is absent in the first, whose input the stem has just normalised. */
export interface BlockLayers {
  readonly norm1: NormLayer | null;
  readonly conv1: ConvLayer;
  readonly norm2: NormLayer;
  readonly conv2: ConvLayer;
}

/** A network's layers by role. */
export interface NetworkLayers {
  readonly stem: ConvLayer;
  readonly stemNorm: NormLayer;
  readonly blocks: readonly BlockLayers[];
  readonly headNorm: NormLayer;
  readonly head: ConvLayer;
}

/** The layers of a network, named as in checkpoints. */
export function networkLayers(shape: NetworkShape): NetworkLayers {
  const { filters, kernel, classes } = shape;
  const norm = (name: string, channels: number): NormLayer => ({ kind: "norm", name, channels });
  const conv = (name: string, sizes: Omit<ConvLayer, "kind" | "name">): ConvLayer => ({
    kind: "conv",
    name,
    ...sizes,
  });
  let channels = filters;
  const blocks = Array.from({ length: shape.blocks }, (_, i): BlockLayers => {
    const name = `block${i}`;
    const inChannels = channels;
    const outChannels = filters * 2 ** Math.floor(i / shape.blocksPerStage);
    channels = outChannels;
    return {
      norm1: i === 0 ? null : norm(`${name}.norm1`, inChannels),
      conv1: conv(`${name}.conv1`, { inChannels, outChannels, kernel, stride: i % 2 + 1 }),
      norm2: norm(`${name}.norm2`, outChannels),
      conv2: conv(`${name}.conv2`, { inChannels: outChannels, outChannels, kernel, stride: 1 }),
    };
  });
  return {
    stem: conv("stem", { inChannels: 1, outChannels: filters, kernel, stride: 1 }),
    stemNorm: norm("stem.norm", filters),
    blocks,
    headNorm: norm("head.norm", channels),
    head: conv("head", { inChannels: channels, outChannels: classes, kernel: 1, stride: 1 }),
  };
}

/**
 * Samples on either side of a step that can reach its logits, at most: each convolution looks
 * kernel - 1 positions around. Shortcuts look no further than their step.
 */
export function reachOf(shape: NetworkShape): number {
  let samplesPerPosition = 1;
  let reach = 0;
  for (const layer of shapeLayers(shape)) {
    if (layer.kind !== "conv") continue;
    reach += (layer.kernel - 1) * samplesPerPosition;
    samplesPerPosition *= layer.stride;
  }
  return reach;
}

/** All layers in the order of the forward pass. */
export function shapeLayers(shape: NetworkShape): Layer[] {
  const { stem, stemNorm, blocks, headNorm, head } = networkLayers(shape);
  const inner = blocks.flatMap(({ norm1, conv1, norm2, conv2 }) =>
    norm1 ? [norm1, conv1, norm2, conv2] : [conv1, norm2, conv2]
  );
  return [stem, stemNorm, ...inner, headNorm, head];
}

/** The tensors of a norm, in the order of files. */
export const NORM_TENSORS = ["gamma", "beta", "running_mean", "running_variance"] as const;

/** Every tensor of a network: name and shape, in the order of the forward pass. */
export function tensorShapes(shape: NetworkShape): { name: string; shape: number[] }[] {
  return shapeLayers(shape).flatMap((layer) =>
    layer.kind === "conv"
      ? [
        {
          name: `${layer.name}.weight`,
          shape: [layer.outChannels, layer.inChannels, layer.kernel],
        },
        { name: `${layer.name}.bias`, shape: [layer.outChannels] },
      ]
      : NORM_TENSORS.map((tensor) => ({ name: `${layer.name}.${tensor}`, shape: [layer.channels] }))
  );
}
