/**
 * Chooses the backend and gives the reason.
 *
 * @module
 */
import { messageOf, UsageError } from "../core/errors.ts";
import { loadAddon } from "./addon.ts";
import type { BackendInfo, Isa, NativeDevice, Precision } from "./native.ts";
import { NativeError } from "./native_error.ts";

/** The choices of a user; `auto` is CUDA if available, else the CPU. */
export type BackendChoice = "auto" | "cpu" | "cuda";

/** How to open a device. */
export interface OpenDeviceOptions {
  /** The backend that the user asks for. */
  readonly backend: BackendChoice;
  /** Worker threads of the CPU backend; 0 (the default) means one per core. */
  readonly threads?: number;
  /** Instruction set of the CPU backend; by default the best one of the machine. */
  readonly isa?: Isa;
  /** Number of the GPU in the driver's order, for the CUDA backend; 0 by default. */
  readonly index?: number | undefined;
  /** How convolutions multiply; by default {@linkcode defaultPrecision}. */
  readonly precision?: Precision | undefined;
}

/** All precisions; {@linkcode listBackends} tells which of them a device has. */
export const PRECISIONS = ["fp32", "tf32", "bf16"] as const satisfies readonly Precision[];

/** The default precision of a backend. */
export function defaultPrecision(backend: "cpu" | "cuda"): Precision {
  return backend === "cpu" ? "fp32" : "tf32";
}

/** A chosen backend. */
export interface BackendDecision {
  /** The backend to use. */
  readonly backend: "cpu" | "cuda";
  /** The reason, e.g. "cuda is not available (no driver), cpu has AVX-512, 2 threads". */
  readonly reason: string;
}

/** The backends of this build, and whether they can be used here. */
export function listBackends(): BackendInfo[] {
  return loadAddon().listBackends();
}

/**
 * Decides between backends without opening one.
 *
 * @param backends Result of {@linkcode listBackends}.
 * @throws {UsageError} If the requested backend is not available, with the reason.
 */
export function chooseBackend(
  choice: BackendChoice,
  backends: readonly BackendInfo[],
): BackendDecision {
  const find = (name: "cpu" | "cuda"): BackendInfo =>
    backends.find((info) => info.name === name) ??
      { name, available: false, detail: "not built into this addon" };
  if (choice !== "auto") {
    const info = find(choice);
    if (!info.available) {
      throw new UsageError(`Backend ${choice} is not available: ${info.detail}`);
    }
    return { backend: choice, reason: `asked for: ${info.detail}` };
  }
  const cuda = find("cuda");
  if (cuda.available) return { backend: "cuda", reason: `available: ${cuda.detail}` };
  const cpu = find("cpu");
  if (!cpu.available) {
    throw new UsageError(`No backend is available: cuda ${cuda.detail}; cpu ${cpu.detail}`);
  }
  return { backend: "cpu", reason: `cuda is not available (${cuda.detail})` };
}

/**
 * Opens a device on the requested backend.
 *
 * @returns The device, and the reason for this backend.
 * @throws {UsageError} If the backend, the GPU, the number of threads, the instruction set or the
 * precision is not available here; an explicit choice has no fallback.
 */
export function openDeviceWithReason(
  options: OpenDeviceOptions,
): { device: NativeDevice; reason: string } {
  const addon = loadAddon();
  const { backend, reason } = chooseBackend(options.backend, addon.listBackends());
  const { index, isa = "automatic", precision = defaultPrecision(backend) } = options;
  if (backend === "cpu" && index !== undefined) {
    throw new UsageError(
      `Cannot use device ${index} of backend cpu: only GPUs are counted (backend cuda)`,
    );
  }
  if (backend === "cuda" && isa !== "automatic") {
    throw new UsageError(
      `Cannot use the instruction set ${isa} with backend cuda: only the CPU has a choice; add --backend cpu`,
    );
  }
  try {
    const device = new addon.Device({
      backend,
      threads: options.threads ?? 0,
      isa,
      precision,
      ...(index === undefined ? {} : { index }),
    });
    return { device, reason };
  } catch (error) {
    if (error instanceof NativeError || error instanceof RangeError) {
      throw new UsageError(messageOf(error));
    }
    throw error;
  }
}

/** Like {@linkcode openDeviceWithReason}, without the reason. */
export function openDevice(options: OpenDeviceOptions): NativeDevice {
  return openDeviceWithReason(options).device;
}
