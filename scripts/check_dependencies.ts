/**
 * Checks that dependencies point one way, in TypeScript and in C++.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative, resolve } from "node:path";
import process from "node:process";

/**
 * The folders of `src` and the folders that each depends on. A folder may import these, their dependencies in
 * turn, and `core`. Tests may import anything.
 */
export const STANDS_ON: Readonly<Record<string, readonly string[]>> = {
  core: [],
  statistics: [],
  addon: [],
  data: [],
  model: ["addon"],
  training: ["model", "data", "statistics"],
  pruning: ["training"],
  config: ["pruning"],
  results: ["config"],
  run: ["results"],
  report: ["results"],
  ticket: ["run"],
  predict: ["ticket", "report"],
  export: ["predict"],
  compare: ["run", "report"],
  study: ["compare", "sweep"],
  analysis: ["run"],
  sweep: ["run"],
  cli: ["report", "export", "study", "analysis"],
};

/** Folders from which a folder may import types only. */
const TYPES_OF: Readonly<Record<string, readonly string[]>> = {
  report: ["analysis"],
};

/** Folders of `native` that each folder may include, in addition to itself and `include/lth`. */
const MAY_INCLUDE: Readonly<Record<string, readonly string[]>> = {
  include: [],
  cpu: [],
  cuda: [],
  core: [],
  statistics: [],
  inference: [],
  binding: [],
};

/** Helpers of tests, which share the references in `test`. */
const FOR_TESTS = /\/testing\w*\.ts$/;

/** `core` may use only built-in modules of the runtime, no packages. */
const RUNTIME = /^node:/;
const NODE_HEADERS = /^(napi|node_api|js_native_api)/;

/** Violations in the project at `root`, one sentence each. */
export function checkDependencies(root: string): string[] {
  return [...checkTypeScript(root), ...importCycles(root), ...checkNative(root)];
}

/** Modules that import one another in a circle, types included, one sentence for each circle. */
function importCycles(root: string): string[] {
  const files = ["src", "test", "bench", "scripts"]
    .flatMap((folder) => filesBelow(join(root, folder), /\.ts$/));
  const imports = new Map(files.map((file) => [
    file,
    importsOf(readFileSync(file, "utf8"))
      .filter(({ specifier }) => specifier.startsWith("."))
      .map(({ specifier }) => resolve(dirname(file), specifier)),
  ]));
  const found: string[] = [];
  const finished = new Set<string>();
  const visit = (file: string, above: readonly string[]) => {
    const start = above.indexOf(file);
    if (start >= 0) {
      const circle = [...above.slice(start), file].map((each) => relative(root, each));
      found.push(`${circle[0]} imports itself through others: ${circle.join(" -> ")}`);
    } else if (!finished.has(file)) {
      for (const target of imports.get(file) ?? []) visit(target, [...above, file]);
      finished.add(file);
    }
  };
  for (const file of files) visit(file, []);
  return found;
}

/** One import of a module. */
export interface Import {
  readonly specifier: string;
  /** Whether it is `import type` or `export type`, which runs no code. */
  readonly typeOnly: boolean;
}

/** The imports in a module's text. */
export function importsOf(text: string): Import[] {
  const pattern =
    /^\s*(?:import|export)\b(\s+type\b)?[^;"']*?\bfrom\s*["']([^"']+)["']|^\s*import\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']/gm;
  return [...text.matchAll(pattern)].map((match) => ({
    specifier: match[2] ?? match[3] ?? match[4] ?? "",
    typeOnly: match[1] !== undefined,
  }));
}

/** Everything a folder may import. @throws {Error} If the table has a cycle. */
export function mayImport(folder: string, above: readonly string[] = []): string[] {
  if (above.includes(folder)) throw new Error(`Cycle: ${[...above, folder].join(" -> ")}`);
  const direct = STANDS_ON[folder] ?? [];
  const all = direct.flatMap((below) => [below, ...mayImport(below, [...above, folder])]);
  return [...new Set(["core", ...all])].filter((name) => name !== folder);
}

function checkTypeScript(root: string): string[] {
  const source = join(root, "src");
  const found: string[] = [];
  for (const path of filesBelow(source, /\.ts$/)) {
    if (path.endsWith("_test.ts")) continue;
    const file = relative(source, path);
    const folder = file.split("/")[0]!;
    if (STANDS_ON[folder] === undefined) {
      found.push(`src/${file}: folder ${folder} is not in the dependency table`);
      continue;
    }
    for (const each of importsOf(readFileSync(path, "utf8"))) {
      const problem = importProblem(source, { path, folder, ...each });
      if (problem !== undefined) found.push(`src/${file} imports ${each.specifier}: ${problem}`);
    }
  }
  return found;
}

function importProblem(
  source: string,
  { path, folder, specifier, typeOnly }: Import & { path: string; folder: string },
): string | undefined {
  if (!specifier.startsWith(".")) {
    return folder === "core" && !RUNTIME.test(specifier) ? "core uses no packages" : undefined;
  }
  const target = relative(source, resolve(dirname(path), specifier));
  if (target.startsWith("../test/") && FOR_TESTS.test(path)) return undefined;
  if (target.startsWith("..")) return "it lies outside src";
  const targetFolder = target.split("/")[0]!;
  if (targetFolder === folder) return undefined;
  const allowed = mayImport(folder);
  if (allowed.includes(targetFolder)) return undefined;
  if (typeOnly && TYPES_OF[folder]?.includes(targetFolder)) return undefined;
  return `${folder} may import ${allowed.length > 0 ? allowed.join(", ") : "nothing"}`;
}

function checkNative(root: string): string[] {
  const native = join(root, "native");
  const found: string[] = [];
  for (const folder of Object.keys(MAY_INCLUDE)) {
    for (const path of filesBelow(join(native, folder), /\.(h|cc|cu|cuh)$/)) {
      for (const header of includesOf(readFileSync(path, "utf8"))) {
        const problem = includeProblem(native, { path, folder, header });
        if (problem !== undefined) {
          found.push(`native/${relative(native, path)} includes ${header}: ${problem}`);
        }
      }
    }
  }
  return found;
}

function includesOf(text: string): string[] {
  return [...text.matchAll(/^\s*#\s*include\s*[<"]([^>"]+)[>"]/gm)].map((match) => match[1]!);
}

function includeProblem(
  native: string,
  { path, folder, header }: { path: string; folder: string; header: string },
): string | undefined {
  if (NODE_HEADERS.test(header)) {
    return folder === "binding" ? undefined : "only binding knows Node-API";
  }
  const beside = relative(native, normalize(join(dirname(path), header)));
  const local = existsSync(join(native, beside)) ? beside : header;
  const target = local.split("/")[0]!;
  const known = Object.keys(MAY_INCLUDE).includes(target) && local.includes("/");
  if (!known || target === folder || local.startsWith("include/lth/")) return undefined;
  return MAY_INCLUDE[folder]!.includes(target)
    ? undefined
    : `${folder} may include only itself and include/lth`;
}

/** The files below a folder whose names match, in order; none if there is no such folder. */
export function filesBelow(folder: string, name: RegExp): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && name.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

if (import.meta.main) {
  const found = checkDependencies(resolve(import.meta.dirname!, ".."));
  for (const each of found) console.error(each);
  console.error(found.length === 0 ? "Dependencies point one way" : `${found.length} violations`);
  process.exitCode = found.length === 0 ? 0 : 1;
}
