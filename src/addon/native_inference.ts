/**
 * The contract of the engine for finished networks. native.ts has the rest of the contract.
 *
 * @module
 */

/** Instruction sets of the CPU backend; `automatic` is the best one of the machine. */
export type Isa = (typeof ISAS)[number];

/** All of them, and `automatic`: the best one of the machine. */
export const ISAS = ["automatic", "portable", "avx2", "avx512"] as const;

/**
 * A node of a trained network. Values are numbered: 0 is the recording [1, L], i + 1 is the output of node i.
 * `input` and `add` are numbers of values of earlier nodes.
 */
export type InferenceNode =
  & {
    /** Name in messages. */
    readonly name: string;
    readonly input: number;
  }
  & (
    | {
      readonly op: "conv";
      readonly add?: number;
      readonly channels: number;
      readonly kernel: number;
      readonly stride: number;
      /** [channels, Cin, kernel], 0 where pruned. */
      readonly weight: Float32Array;
      readonly bias: Float32Array;
    }
    | {
      readonly op: "norm";
      readonly relu: boolean;
      readonly gamma: Float32Array;
      readonly beta: Float32Array;
      readonly mean: Float32Array;
      readonly variance: Float32Array;
    }
    | { readonly op: "shortcut"; readonly channels: number; readonly stride: number }
  );

/** A trained network for {@linkcode NativeInference}; its last node is the head. */
export interface InferenceOptions {
  /** In the order of the forward pass. */
  readonly nodes: readonly InferenceNode[];
  /** Added to every running variance. */
  readonly epsilon: number;
  /** Instruction set; the machine's best by default. */
  readonly isa?: Isa;
}

/**
 * A finished network that runs one record at a time on the calling thread, over surviving weights
 * only.
 */
export interface NativeInference extends Disposable {
  /** E.g. "AVX-512, 1 thread". */
  readonly description: string;
  /** Bytes of native memory in use. */
  readonly bytes: number;
  /** Multiplications for a record of `length` samples. */
  macs(length: number): number;
  /** Outputs for a record of `length` samples: divided by the product of the strides, rounded up. */
  steps(length: number): number;
  /**
   * Runs the network over one record.
   *
   * @param samples [length], normalised.
   * @returns Logits [classes, steps].
   */
  run(samples: Float32Array): Float32Array;
  /** Frees it; it cannot be used afterwards. */
  dispose(): void;
}
