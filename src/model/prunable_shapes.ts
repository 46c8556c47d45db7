/**
 * The prunable tensors of a network before there is one.
 *
 * @module
 */
import type { NetworkConfig } from "./resnet1d.ts";

/** A convolution's weight: name in files and shape [Cout, Cin, K]. */
export interface PrunableShape {
  readonly name: string;
  readonly shape: readonly [number, number, number];
}

/** What decides the shapes. */
export type ShapeConfig = Pick<
  NetworkConfig,
  "filters" | "kernel" | "blocks" | "blocksPerStage" | "classes"
>;

/** In the order of {@linkcode ResNet1d.prunable}. */
export function prunableShapes(config: ShapeConfig): PrunableShape[] {
  const { filters, kernel, blocks, blocksPerStage, classes } = config;
  const shapes: PrunableShape[] = [{ name: "stem.weight", shape: [filters, 1, kernel] }];
  let channels = filters;
  for (let i = 0; i < blocks; i++) {
    const out = filters * 2 ** Math.floor(i / blocksPerStage);
    shapes.push({ name: `block${i}.conv1.weight`, shape: [out, channels, kernel] });
    shapes.push({ name: `block${i}.conv2.weight`, shape: [out, out, kernel] });
    channels = out;
  }
  shapes.push({ name: "head.weight", shape: [classes, channels, 1] });
  return shapes;
}

/** Prunable weights of a network. */
export function prunableWeights(config: ShapeConfig): number {
  return prunableShapes(config)
    .reduce((sum, { shape: [out, inner, kernel] }) => sum + out * inner * kernel, 0);
}
