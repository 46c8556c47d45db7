/**
 * Memory of one training step, measured in a process that does nothing else; part of `deno task bench`.
 *
 * @module
 */
import { openDevice, type OpenDeviceOptions } from "../../src/addon/select.ts";
import { measureMemory, type MemoryUse } from "../memory_bench.ts";
import type { StepShape } from "../shape.ts";
import { Failure } from "../../src/core/errors.ts";
import { runMain } from "../../src/cli/command.ts";

/** @throws {Failure} If the step fails, for instance without enough memory. */
export async function memoryInOwnProcess(
  shape: StepShape,
  device: OpenDeviceOptions,
): Promise<MemoryUse> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", import.meta.url, JSON.stringify({ shape, device })],
    env: { NO_COLOR: "1" },
  }).output();
  if (!success) {
    throw new Failure(`The step for the memory table failed: ${new TextDecoder().decode(stderr)}`);
  }
  return JSON.parse(new TextDecoder().decode(stdout)) as MemoryUse;
}

if (import.meta.main) {
  await runMain(async ([job]) => {
    const { shape, device: options } = JSON.parse(job ?? "{}");
    const device = openDevice(options);
    try {
      console.log(JSON.stringify(await measureMemory(device, shape)));
    } finally {
      await device.close();
    }
  });
}
