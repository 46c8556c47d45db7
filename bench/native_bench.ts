/**
 * Builds the native benchmarks (native/bench) on demand and runs them as separate programs.
 *
 * @module
 */
import * as path from "node:path";
import { Failure } from "../src/core/errors.ts";
import { ROOT } from "../src/core/paths.ts";

/** Builds all of them unless they are up to date. @throws {Failure} With the output of the build. */
export async function buildNativeBenchmarks(): Promise<void> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", path.join(ROOT, "scripts/build.ts"), "--benchmarks"],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Failure(`Cannot build the native benchmarks: ${new TextDecoder().decode(stderr)}`);
  }
}

/** Runs one and returns what it printed. @throws {Failure} If it fails. */
export async function runNativeBenchmark(name: string, args: readonly string[]): Promise<string> {
  const program = path.join(ROOT, "build", name);
  const { success, stdout, stderr } = await new Deno.Command(program, { args: [...args] })
    .output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  if (!success) throw new Failure(`The native benchmark ${name} failed: ${text(stderr)}`);
  return text(stdout);
}
