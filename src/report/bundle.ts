/**
 * Bundles a page's script into one text: types are erased, and each module keeps its own scope.
 *
 * @module
 */
import * as fs from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import * as path from "node:path";

const IMPORT = /^import\s+\{([\s\S]*?)\}\s+from\s+"([^"]+)";$/gm;
const EXPORT = /^export (?=(?:async )?(?:function|const|class) (\w+))/gm;

/**
 * Joins `entry` and what it imports into one script that runs without modules (which browsers
 * refuse to load from file://). Understands what our modules use: named relative imports at the
 * start of a line, type-only imports, and exported functions, constants and classes.
 *
 * @throws {Error} On any other form of import or export, and on circular imports.
 */
export function bundleScript(entry: string): string {
  const names = new Map<string, string>();
  const pieces: string[] = [];

  function add(file: string): string {
    const known = names.get(file);
    if (known === "") throw new Error(`Cannot bundle ${file}: it imports itself through others`);
    if (known !== undefined) return known;
    names.set(file, "");
    const exported: string[] = [];
    const code = withoutTypes(fs.readFileSync(file, "utf8"))
      .replace(IMPORT, (_, members: string, from: string) => {
        if (!from.startsWith(".")) throw new Error(`Cannot bundle "${from}" into ${file}`);
        const source = add(path.resolve(path.dirname(file), from));
        return `const {${members.replace(/\bas\b/g, ":")}} = ${source};`;
      })
      .replace(EXPORT, (_, name: string) => {
        exported.push(name);
        return "";
      });
    const left = /^(?:import|export)\b.*/m.exec(code);
    if (left) throw new Error(`Cannot bundle this line of ${file}: ${left[0]}`);
    const name = `module${pieces.length}_${path.basename(file, ".ts").replace(/\W/g, "_")}`;
    names.set(file, name);
    pieces.push(`const ${name} = (() => {\n${code}\nreturn { ${exported.join(", ")} };\n})();`);
    return name;
  }

  add(path.resolve(entry));
  return `(() => {\n"use strict";\n${pieces.join("\n")}\n})();\n`;
}

/** Plain JavaScript: types and doc comments erased, no blank lines. */
function withoutTypes(source: string): string {
  return stripTypeScriptTypes(source)
    .replace(/^\s*\/\*\*[\s\S]*?\*\/\s*$/gm, "")
    .replace(/[ \t]+$/gm, "")
    .replace(/\n{2,}/g, "\n");
}
