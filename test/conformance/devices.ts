/**
 * The devices that the conformance suite runs on: every backend of the build, and of the CPU
 * backend every instruction set; all in fp32, which the suite's limits are for. With
 * LTH_TEST_BACKEND=cuda the GPU alone.
 *
 * @module
 */
import { messageOf } from "../../src/core/errors.ts";
import type { DeviceOptions, Isa, NativeAddon } from "../../src/addon/native.ts";
import { TEST_BACKEND } from "../../src/addon/testing.ts";

/** A way to open a device, or the reason why it cannot be opened. */
export interface Candidate {
  /** E.g. "cpu/avx2". */
  readonly name: string;
  readonly options: DeviceOptions;
  /** Null if it can be opened. */
  readonly absence: string | null;
}

const INSTRUCTION_SETS: readonly Isa[] = ["portable", "avx2", "avx512"];

/** All devices that could be tested, with the reason if one is not available here. */
export async function candidates(addon: NativeAddon): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const { name, available, detail } of addon.listBackends()) {
    if (name === "cpu" && TEST_BACKEND === "cuda") continue;
    if (name !== "cpu" || !available) {
      const options = { backend: name, precision: "fp32" } as const;
      found.push({ name, options, absence: available ? null : detail });
      continue;
    }
    for (const isa of INSTRUCTION_SETS) {
      const options: DeviceOptions = { backend: "cpu", isa, threads: 2 };
      found.push({ name: `cpu/${isa}`, options, absence: await reasonNotToOpen(addon, options) });
    }
  }
  return found;
}

async function reasonNotToOpen(addon: NativeAddon, options: DeviceOptions): Promise<string | null> {
  try {
    await new addon.Device(options).close();
    return null;
  } catch (error) {
    return messageOf(error);
  }
}
