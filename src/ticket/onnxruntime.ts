/**
 * Loads onnxruntime-node if it is installed. It verifies exports and is the peer in latency tables.
 *
 * @module
 */
import { createRequire } from "node:module";
import { messageOf } from "../core/errors.ts";
import { ONNX_INPUT, ONNX_OUTPUT } from "./onnx.ts";

/** The part of onnxruntime-node's interface that is used here. */
interface Runtime {
  readonly env: { readonly versions: { readonly node?: string } };
  readonly Tensor: new (type: "float32", data: Float32Array, dims: number[]) => RuntimeTensor;
  readonly InferenceSession: {
    create(model: Uint8Array, options: Record<string, unknown>): Promise<Session>;
  };
}
interface RuntimeTensor {
  readonly data: Float32Array;
  readonly dims: readonly number[];
}
interface Session {
  run(feeds: Record<string, RuntimeTensor>): Promise<Record<string, RuntimeTensor>>;
  release(): Promise<void>;
}

/** onnxruntime, or the reason why it is not available. */
export type OnnxRuntime =
  | { readonly available: true; readonly version: string; readonly open: typeof openModel }
  | { readonly available: false; readonly reason: string };

/** A model ready to run. */
export interface OnnxModel {
  /** @param ecg [batch, 1, length]. @returns Logits [batch, classes, steps]. */
  run(ecg: Float32Array, options: { batch: number }): Promise<Float32Array>;
  close(): Promise<void>;
}

let loaded: Runtime | undefined;

/** Tries to load onnxruntime-node; its native library comes inside its npm package. */
export function loadOnnxRuntime(): OnnxRuntime {
  try {
    loaded ??= createRequire(import.meta.url)("onnxruntime-node") as Runtime;
    return { available: true, version: loaded.env.versions.node ?? "unknown", open: openModel };
  } catch (error) {
    const reason = messageOf(error).split("\n")[0]!;
    return { available: false, reason: `onnxruntime-node does not load: ${reason}` };
  }
}

async function openModel(
  bytes: Uint8Array,
  { threads }: { threads: number },
): Promise<OnnxModel> {
  const { InferenceSession, Tensor } = loaded!;
  const session = await InferenceSession.create(bytes, {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  return {
    async run(ecg, { batch }) {
      const input = new Tensor("float32", ecg, [batch, 1, ecg.length / batch]);
      return (await session.run({ [ONNX_INPUT]: input }))[ONNX_OUTPUT]!.data;
    },
    close: () => session.release(),
  };
}
