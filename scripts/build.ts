/**
 * `deno task build`: configures and builds the native addon through cmake-js into `build/`, or takes a prebuilt
 * one that was made from the same sources. Does nothing if sources, settings and compiler are the same as in the
 * last build.
 *
 * @module
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative, resolve } from "node:path";
import process from "node:process";
import { Failure, messageOf } from "../src/core/errors.ts";
import { findCompiler, findProgram, fingerprint } from "./fingerprint.ts";
import { findPrebuild } from "./prebuild.ts";
import { runQuietly } from "./run_quietly.ts";

/** The repository. */
export const ROOT = resolve(import.meta.dirname!, "..");
/** The build folder of cmake-js. The native tests share it, so that sources are compiled once. */
export const BUILD_DIR = join(ROOT, "build");

const ADDON = join(BUILD_DIR, "Release", "lth.node");
const STAMP = join(BUILD_DIR, "addon.stamp");
const JOBS = String(availableParallelism());

/** Follows the fingerprint in the stamp of an addon that was not compiled here. */
const PREBUILT = " prebuilt";

/**
 * Builds the addon if any of its inputs has changed. Concurrent calls wait for each other.
 *
 * @param prebuilt Whether a prebuilt addon may be used.
 * @returns What was done, in a sentence, or undefined if there was nothing to do.
 * @throws {Failure} If a tool is missing or the build fails, with the end of the compiler's output.
 */
export async function buildAddon({ prebuilt = true } = {}): Promise<string | undefined> {
  const may = prebuilt && mayBePrebuilt();
  const isCurrent = () => {
    const wanted = fingerprint(ROOT);
    const stamps = may ? [wanted, wanted + PREBUILT] : [wanted];
    return existsSync(ADDON) && existsSync(STAMP) && stamps.includes(readFileSync(STAMP, "utf8"));
  };
  if (isCurrent()) return undefined;
  mkdirSync(BUILD_DIR, { recursive: true });
  using lock = await Deno.open(join(BUILD_DIR, "lock"), { create: true, write: true });
  await lock.lock(true);
  if (isCurrent()) return undefined; // another process has built it meanwhile
  const found = may ? findPrebuild(ROOT) : null;
  if (found !== null && "file" in found) return takePrebuilt(found.file);
  requireTools(found?.refused);
  if (found) console.error(`Not used: ${found.refused}`);
  return await compile();
}

async function compile(): Promise<string> {
  const wanted = fingerprint(ROOT);
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

/** Prebuilt addons have no CUDA and no settings of this machine: who asks for these compiles. */
function mayBePrebuilt(): boolean {
  if (process.env["LTH_PREBUILD"] === "off") return false;
  if (process.env["CXX"] || process.env["CXXFLAGS"]) return false;
  switch (process.env["LTH_CUDA"] || "AUTO") {
    case "OFF":
      return true;
    case "AUTO":
      return [["nvidia-smi"], ["nvcc", "/usr/local/cuda/bin/nvcc"]]
        .some((names) => findProgram(names) === undefined);
    default:
      return false;
  }
}

function takePrebuilt(file: string): string {
  rmSync(STAMP, { force: true });
  mkdirSync(dirname(ADDON), { recursive: true });
  // A process that has loaded the old file keeps it.
  copyFileSync(file, `${ADDON}.tmp`);
  renameSync(`${ADDON}.tmp`, ADDON);
  writeFileSync(STAMP, fingerprint(ROOT) + PREBUILT);
  return `Took build/Release/lth.node from ${relative(ROOT, file)}, made from the same sources`;
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

/** @param refused Why the prebuilt addon that is there cannot be used. */
function requireTools(refused?: string): void {
  const missing = [
    findProgram(["cmake"]) ? "" : "CMake",
    findCompiler() ? "" : "a C++20 compiler",
    findProgram(["ninja", "make"]) ? "" : "make or ninja",
  ].filter((name) => name !== "");
  if (missing.length > 0) {
    const [problem, other] = refused === undefined ? ["", ""] : [
      `, and cannot use the prebuilt one: ${refused}`,
      ", or have scripts/prebuild.sh make one from these sources on a machine that has them",
    ];
    throw new Failure(
      `Cannot build the native addon without ${missing.join(", ")}${problem}. Install them, on ` +
        "Debian or Ubuntu with `apt-get install build-essential cmake`, on macOS with " +
        "`xcode-select --install` and `brew install cmake`" + other,
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
    const benchmarks = process.argv.includes("--benchmarks");
    const done = await buildAddon({ prebuilt: !benchmarks });
    if (done !== undefined) console.error(done);
    if (benchmarks) await buildBenchmarks();
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.error(`error: ${messageOf(error)}`);
    process.exitCode = error.exitCode;
  }
}
