/**
 * Hashes the inputs of the built addon: its sources, its settings and its compiler.
 *
 * @module
 */
import { createHash, type Hash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import process from "node:process";

const SOURCE_FOLDERS = ["include", "core", "cpu", "cuda", "inference", "binding", "prebuild"];
const SETTING_FILES = ["CMakeLists.txt", "package.json"];
const VARIABLES = ["CXX", "CXXFLAGS", "LTH_CUDA", "LTH_CUDA_ARCHS"];

/** First match of a program on PATH, or a path itself if it exists; else undefined. */
export function findProgram(names: readonly string[]): string | undefined {
  for (const name of names) {
    if (name.includes("/")) {
      if (existsSync(name)) return name;
      continue;
    }
    for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
      const path = join(folder, name);
      if (folder !== "" && existsSync(path)) return path;
    }
  }
  return undefined;
}

/** The C++ compiler that CMake would use, or undefined. */
export function findCompiler(): string | undefined {
  const asked = process.env["CXX"];
  return findProgram(asked ? [asked] : ["c++", "g++", "clang++"]);
}

/** Hexadecimal SHA-256 over the addon's sources in the project in `root`, wherever they are compiled. */
export function sourcesHash(root: string): string {
  return hashOfFiles(root).digest("hex");
}

/** Hexadecimal SHA-256 over all inputs of the addon of the project in `root`, this machine's included. */
export function fingerprint(root: string): string {
  const hash = hashOfFiles(root);
  for (const name of VARIABLES) hash.update(`${name}=${process.env[name] ?? ""}\0`);
  hash.update(`${process.platform} ${process.arch} ${identity(findCompiler())}`);
  return hash.digest("hex");
}

function hashOfFiles(root: string): Hash {
  const hash = createHash("sha256");
  for (const path of inputFiles(root)) {
    hash.update(`${path}\0`).update(readFileSync(join(root, path))).update("\0");
  }
  return hash;
}

/** Paths relative to `root`, sorted. */
function inputFiles(root: string): string[] {
  const files = SETTING_FILES.filter((path) => existsSync(join(root, path)));
  for (const folder of SOURCE_FOLDERS) {
    const start = join("native", folder);
    if (!existsSync(join(root, start))) continue;
    for (const entry of readdirSync(join(root, start), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) {
        files.push(join(entry.parentPath, entry.name).slice(root.length + 1));
      }
    }
  }
  return files.sort();
}

/** A text that changes if a program is replaced; this is faster than asking for its version. */
function identity(program: string | undefined): string {
  if (program === undefined) return "none";
  const path = realpathSync(program);
  const { size, mtimeMs } = statSync(path);
  return `${path} ${size} ${mtimeMs}`;
}
