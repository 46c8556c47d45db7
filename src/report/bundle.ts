/**
 * Bundles a page's script into one text: types are erased, and each module keeps its own scope.
 *
 * @module
 */
import * as fs from "node:fs";
import { stripTypeScriptTypes } from "node:module";
import * as path from "node:path";

const IMPORT = /^import\s+\{([\s\S]*?)\}\s+from\s+"([^"]+)";$/gm;
const MODULES = path.resolve(import.meta.dirname ?? ".", "../../node_modules");

/** Packages that a script may use: their script for pages, which sets one global name. */
const PACKAGES: Readonly<Record<string, { readonly file: string; readonly global: string }>> = {
  fflate: { file: "fflate/umd/index.js", global: "fflate" },
};

const EXPORT = /^export (?=(?:async )?(?:function\*?|const|class) (\w+))/gm;

/**
 * Joins `entry` and what it imports into one script that runs without modules (which browsers
 * refuse to load from file://). Understands what our modules use: named relative imports at the
 * start of a line, type-only imports, exported functions, constants and classes, and named imports of
 * the packages above.
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
        const source = from.startsWith(".")
          ? add(path.resolve(path.dirname(file), from))
          : addPackage(from, file);
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

  /** Runs a package's script with a global object of its own. */
  function addPackage(specifier: string, file: string): string {
    const known = names.get(specifier);
    if (known !== undefined) return known;
    const found = PACKAGES[specifier];
    if (!found) throw new Error(`Cannot bundle "${specifier}" into ${file}`);
    const code = fs.readFileSync(path.join(MODULES, found.file), "utf8");
    const name = `package_${found.global}`;
    names.set(specifier, name);
    pieces.push(
      `const ${name} = ((self, module, exports, define) => {\n${code}\nreturn self.${found.global};\n})({});`,
    );
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
