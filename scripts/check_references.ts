/**
 * Checks that what the documentation names exists: linked files and headings, paths of the repository, tasks, and
 * the options of commands.
 *
 * @module
 */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { filesBelow } from "./check_dependencies.ts";

/** Folders of the repository whose files the documentation may name only if they exist. */
const FOLDERS = ["src", "native", "docs", "scripts", "bench", "test", "python", "containers"];

/** Where paths in the text may begin, in addition to the root and the page's own folder. */
const BASES = ["", "src", "native", "src/model"];

/** Files that a page tells its reader to write, by page. */
const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  "docs/extending.md": [
    "native/core/ops/scale.cc",
    "native/cpu/kernels/scale.cc",
    "native/cuda/scale.cu",
    "test/conformance/ops/scale.ts",
  ],
};

/** The pages for users, from `root`. */
export function pagesOf(root: string): string[] {
  return [
    "README.md",
    "CONTRIBUTING.md",
    ...["docs", "data"].flatMap((folder) =>
      filesBelow(join(root, folder), /\.md$/).map((file) => relative(root, file))
    ),
  ]
    .filter((file) => existsSync(join(root, file)));
}

/** Links, paths and tasks of the pages that do not exist, a line each. */
export function checkReferences(root: string): string[] {
  const tasks = Object.keys(JSON.parse(readFileSync(join(root, "deno.json"), "utf8")).tasks);
  return pagesOf(root).flatMap((page) => {
    const text = readFileSync(join(root, page), "utf8");
    return [
      ...brokenLinks(root, page, text),
      ...missingPaths(root, page, text),
      ...commandsOf(text).filter(({ task }) => !tasks.includes(task))
        .map(({ task }) => `there is no deno task ${task}`),
    ].map((what) => `${page}: ${what}`);
  });
}

/** A command in the documentation: its task, its words after that, and the options among them. */
export interface Command {
  readonly task: string;
  readonly words: readonly string[];
  readonly options: readonly string[];
}

/** All `deno task ...` in the code of a page; a line that ends in a backslash goes on in the next one. */
export function commandsOf(text: string): Command[] {
  return codeOf(text).flatMap((code) =>
    [
      ...code.replaceAll(/\\\n/g, " ").matchAll(
        /deno(?:@[\d.]+)? task(?: -q)? ([\w:-]+)([^\n#;&|]*)/g,
      ),
    ]
      .map(([, task, rest]) => ({
        task: task!,
        words: rest!.trim().split(/\s+/),
        options: optionsOf(rest!.replaceAll(/"[^"]*"/g, '""')),
      }))
  );
}

/** Options of the form `--name` in a text, each once. */
export function optionsOf(text: string): string[] {
  return [...new Set([...text.matchAll(/(?<![\w-])--[a-z][\w-]*\w/g)].map(([option]) => option))];
}

/** The fenced blocks and the code spans of a page. */
function codeOf(text: string): string[] {
  return [...text.matchAll(/^```.*\n([^]*?)^```|`([^`]+)`|^ {4}(deno .*)$/gm)]
    .map(([, block, span, indented]) => block ?? span ?? indented!);
}

function brokenLinks(root: string, page: string, text: string): string[] {
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => {
    if (/^[a-z]+:/.test(target!)) return [];
    const [path, heading] = target!.split("#") as [string, string?];
    const file = path === "" ? page : normalize(join(dirname(page), path));
    if (!existsSync(join(root, file))) return [`the link ${target} leads nowhere`];
    return heading === undefined || headingsOf(join(root, file)).has(heading)
      ? []
      : [`${file} has no heading #${heading}`];
  });
}

/** The headings of a page as links name them. */
function headingsOf(file: string): Set<string> {
  const text = readFileSync(file, "utf8").replaceAll(/^```[^]*?^```/gm, "");
  return new Set(
    [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading!.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")
    ),
  );
}

/** Paths in code spans that begin with a folder of the repository and are not there. */
function missingPaths(root: string, page: string, text: string): string[] {
  const spans = [...text.replaceAll(/^```[^]*?^```/gm, "").matchAll(/`([^`\n]+)`/g)]
    .flatMap(([, span]) => [...span!.matchAll(/(?<![\w./-])[\w-]+(?:\/[\w.*-]+)+\/?/g)]);
  return spans.map(([path]) => path.replace(/[.,]$/, ""))
    .filter((path) => FOLDERS.includes(path.split("/")[0]!))
    .filter((path) => !(EXAMPLES[page] ?? []).includes(path))
    .filter((path) =>
      [...BASES, dirname(page)].every((base) => globSync(join(root, base, path)).length === 0)
    )
    .map((path) => `there is no ${path}`);
}
