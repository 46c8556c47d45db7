/**
 * Checks that the modules which other programs and new parts build on say what every exported symbol is.
 *
 * @module
 */
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { filesBelow } from "./check_dependencies.ts";

/** The modules: the addon, networks, tickets and their predictions, recordings, statistics, what extensions implement. */
export const ENTRY_POINTS: readonly string[] = [
  ...["addon", "native", "select"].map((name) => `src/addon/${name}.ts`),
  ...["signal_file", "registry", "reading", "prepare", "units"]
    .map((name) => `src/data/formats/${name}.ts`),
  "src/export/exporter.ts",
  ...["graph", "analyse"].map((name) => `src/model/${name}.ts`),
  "src/predict/predictor.ts",
  ...["criterion", "mask_policy"].map((name) => `src/pruning/${name}.ts`),
  ...["bootstrap", "f1", "verdict"].map((name) => `src/statistics/${name}.ts`),
  "src/ticket/ticket_file.ts",
];

/**
 * What `deno doc --lint` finds, a line each. A type in a signature may be exported by any module: whoever uses the
 * signature can import it from there. A type that is made from a constant (`keyof typeof TABLE`) is complete.
 */
export async function checkDocs(root: string, files = ENTRY_POINTS): Promise<string[]> {
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["doc", "--lint", ...files],
    cwd: root,
    env: { NO_COLOR: "1" },
    stdout: "null",
  }).output();
  if (success) return [];
  const text = new TextDecoder().decode(stderr);
  const found = [...text.matchAll(/^error\[[\w-]+\]: (.*)\n *--> (.*):(\d+):\d+$/gm)];
  if (found.length === 0) throw new Error(`deno doc --lint failed: ${text}`);
  const exported = exportedTypes(root);
  return found.flatMap(([, what, file, line]) => {
    const type = /references private type '(\w+)'/.exec(what!)?.[1];
    if (type !== undefined && (exported.has(type) || /^[A-Z_]+$/.test(type))) return [];
    return [`${relative(root, file!)}:${line}: ${what}`];
  });
}

/** Names of all types that modules of `src` export. */
function exportedTypes(root: string): Set<string> {
  return new Set(
    filesBelow(join(root, "src"), /\.ts$/).flatMap((file) =>
      [
        ...readFileSync(file, "utf8").matchAll(
          /^export (?:abstract )?(?:interface|type|class) (\w+)/gm,
        ),
      ]
        .map(([, name]) => name!)
    ),
  );
}
