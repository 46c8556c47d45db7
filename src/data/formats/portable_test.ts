import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";

/** Everything that a page needs to read a recording. */
const ENTRANCES = ["registry.ts", "reading.ts", "prepare.ts", "record_files.ts", "assumptions.ts"];
const IMPORT = /^\s*(?:import|export)\b[^;"']*?\bfrom\s*["']([^"']+)["']/gm;

Deno.test("readers use neither Deno nor Node.js, so a page can read recordings, too", () => {
  const seen = new Set<string>();
  const packages = new Set<string>();
  const visit = (file: string) => {
    if (seen.has(file)) return;
    seen.add(file);
    const text = fs.readFileSync(file, "utf8");
    assert.doesNotMatch(text, /\b(Deno|process|Buffer)\./, file);
    for (const [, specifier] of text.matchAll(IMPORT)) {
      if (specifier!.startsWith(".")) visit(path.resolve(path.dirname(file), specifier!));
      else packages.add(specifier!);
    }
  };
  for (const name of ENTRANCES) visit(path.join(import.meta.dirname!, name));
  assert.ok(seen.size > 20, `${seen.size}`);
  assert.deepEqual([...packages], ["fflate"]);
});
