/**
 * Memory of a training step: planned activations, and the peak of a process that does it.
 *
 * @module
 */
import * as fs from "node:fs";
import type { NativeDevice } from "../src/addon/native.ts";
import { openBench, type StepShape } from "./shape.ts";

/** Bytes at one shape. */
export interface MemoryUse extends StepShape {
  /** Parameters with gradients and moments. */
  readonly parameterBytes: number;
  /** Planned activations, which equal what the device allocates. */
  readonly plannedBytes: number;
  /** Peak resident memory, the runtime included; null if the system does not report it. */
  readonly peakBytes: number | null;
}

/** Does one step in this process, which must not have done anything else before. */
export async function measureMemory(device: NativeDevice, shape: StepShape): Promise<MemoryUse> {
  using bench = openBench(device, shape);
  const parameters = bench.network.parameters.reduce((sum, p) => sum + p.parameter.size, 0);
  const plannedBytes = bench.plannedBytes(shape.length, "training");
  const program = bench.trainingProgram(shape.length);
  if (program.arenaBytes !== plannedBytes) {
    throw new Error(`Planned ${plannedBytes} bytes, the program took ${program.arenaBytes}`);
  }
  await device.run([program], {
    records: Int32Array.from({ length: shape.batchSize }, (_, n) => n),
    learningRates: Float32Array.of(1e-4),
    optimizerStep: 1,
    stream: 0,
  });
  return { ...shape, parameterBytes: 16 * parameters, plannedBytes, peakBytes: peakResident() };
}

/** VmHWM of this process (Linux). */
function peakResident(): number | null {
  try {
    const match = /^VmHWM:\s+(\d+) kB$/m.exec(fs.readFileSync("/proc/self/status", "utf8"));
    return match ? 1024 * Number(match[1]) : null;
  } catch {
    return null;
  }
}
