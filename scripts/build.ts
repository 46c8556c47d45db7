/**
 * `deno task build`: configures and builds the native addon through cmake-js into `build/`.
 * Does nothing if sources, settings and compiler are the same as in the last build.
 *
 * @module
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { Failure, messageOf } from "../src/core/errors.ts";
import { findCompiler, findProgram, fingerprint } from "./fingerprint.ts";
import { runQuietly } from "./run_quietly.ts";

/** The repository. */
export const ROOT = resolve(import.meta.dirname!, "..");
/** The build folder of cmake-js. The native tests share it, so that sources are compiled once. */
export const BUILD_DIR = join(ROOT, "build");

const ADDON = join(BUILD_DIR, "Release", "lth.node");
const STAMP = join(BUILD_DIR, "addon.stamp");
const JOBS = String(availableParallelism());

/**
 * Builds the addon if any of its inputs has changed. Concurrent calls wait for each other.
 *
 * @returns What was done, in a sentence, or undefined if there was nothing to do.
 * @throws {Failure} If a tool is missing or the build fails, with the end of the compiler's output.
 */
export async function buildAddon(): Promise<string | undefined> {
  if (isCurrent(fingerprint(ROOT))) return undefined;
  requireTools();
  mkdirSync(BUILD_DIR, { recursive: true });
  using lock = await Deno.open(join(BUILD_DIR, "lock"), { create: true, write: true });
  await lock.lock(true);
  const wanted = fingerprint(ROOT);
  if (isCurrent(wanted)) return undefined; // another process has built it meanwhile
  const start = performance.now();
  rmSync(STAMP, { force: true });
  dropForeignCache();
  const archs = process.env["LTH_CUDA_ARCHS"];
  await cmakeJs([
    "configure",
    `--CDLTH_CUDA=${process.env["LTH_CUDA"] || "AUTO"}`,
    ...(archs ? [`--CDLTH_CUDA_ARCHS=${archs}`] : []),
  ]);
  await cmakeJs(["build", "--target", "lth_addon", "--parallel", JOBS]);
  if (!existsSync(ADDON)) throw new Failure(`The build ended without making ${ADDON}`);
  writeFileSync(STAMP, wanted);
  return `Built build/Release/lth.node in ${((performance.now() - start) / 1000).toFixed(0)} s`;
}

/**
 * Builds the rest of the tree: the native tests, and the addon with the emulated CUDA backend
 * (build/emulated) that tests in TypeScript load. The addon must have been built.
 */
export async function buildNativeTests(): Promise<void> {
  await runQuietly("cmake", ["--build", BUILD_DIR, "--parallel", JOBS], {
    cwd: ROOT,
    title: "Building the native tests",
  });
}

/** Builds the programs that `deno task bench` runs in the same tree. The addon must have been built. */
async function buildBenchmarks(): Promise<void> {
  using lock = await Deno.open(join(BUILD_DIR, "lock"), { create: true, write: true });
  await lock.lock(true);
  const cmake = (...args: string[]) =>
    runQuietly("cmake", args, { cwd: ROOT, title: "Building the native benchmarks" });
  await cmake("-DLTH_BENCH=ON", BUILD_DIR);
  await cmake("--build", BUILD_DIR, "--parallel", JOBS, "--target", "lth_bench_programs");
}

function isCurrent(wanted: string): boolean {
  return existsSync(ADDON) && existsSync(STAMP) && readFileSync(STAMP, "utf8") === wanted;
}

function requireTools(): void {
  const missing = [
    findProgram(["cmake"]) ? "" : "CMake",
    findCompiler() ? "" : "a C++20 compiler",
    findProgram(["ninja", "make"]) ? "" : "make or ninja",
  ].filter((name) => name !== "");
  if (missing.length > 0) {
    throw new Failure(
      `Cannot build the native addon without ${missing.join(", ")}. Install them, on Debian or ` +
        "Ubuntu with `apt-get install build-essential cmake`, on macOS with " +
        "`xcode-select --install` and `brew install cmake`",
    );
  }
}

/** Deletes a cache of another folder or generator, which CMake would refuse, e.g. in a moved checkout. */
function dropForeignCache(): void {
  const path = join(BUILD_DIR, "CMakeCache.txt");
  if (!existsSync(path)) return;
  const cache = readFileSync(path, "utf8");
  const generator = findProgram(["ninja"]) ? "Ninja" : "Unix Makefiles";
  if (
    !cache.includes(`CMAKE_HOME_DIRECTORY:INTERNAL=${ROOT}\n`) ||
    !cache.includes(`CMAKE_GENERATOR:INTERNAL=${generator}\n`)
  ) {
    rmSync(path);
    rmSync(join(BUILD_DIR, "CMakeFiles"), { recursive: true, force: true });
  }
}

function cmakeJs(args: readonly string[]): Promise<void> {
  return runQuietly(Deno.execPath(), ["run", "-A", "npm:cmake-js", ...args], {
    cwd: ROOT,
    title: args[0] === "configure"
      ? "Configuring the native addon"
      : "Building the native addon, a minute or two the first time",
  });
}

if (import.meta.main) {
  try {
    const done = await buildAddon();
    if (done !== undefined) console.error(done);
    if (process.argv.includes("--benchmarks")) await buildBenchmarks();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`error: ${messageOf(error)}`);
    process.exitCode = error.exitCode;
  }
}
