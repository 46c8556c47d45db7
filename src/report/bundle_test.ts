import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { bundleScript } from "./bundle.ts";

/** Bundles modules given as text; the first is the entry. */
function bundle(modules: Record<string, string>): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "bundle-"));
  try {
    for (const [name, text] of Object.entries(modules)) {
      fs.writeFileSync(path.join(directory, name), text);
    }
    return bundleScript(path.join(directory, Object.keys(modules)[0] ?? ""));
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

Deno.test("modules keep their own names, types are removed, and each module runs once", () => {
  const code = bundle({
    "main.ts": `import { add } from "./a.ts";
import { twice as double, type Unused } from "./b.ts";
import type { Other } from "./missing.ts";
const hidden: number = 1;
(globalThis as unknown as { result: number[] }).result = [add(hidden, 2), double(4)];
`,
    "a.ts": `import { count } from "./count.ts";
const hidden = 100;
export function add(a: number, b: number): number { return a + b + hidden + count(); }
`,
    "b.ts": `import { count } from "./count.ts";
export interface Unused { x: number }
export const twice = (x: number): number => 2 * x + count();
`,
    "count.ts": `let calls = 0;
export function count(): number { return ++calls; }
`,
  });
  assert.ok(!/\bimport\b|\bexport\b|interface/.test(code), code);
  const scope: { result?: number[] } = {};
  new Function("globalThis", code)(scope);
  assert.deepEqual(scope.result, [104, 10]);
});

Deno.test("a package that pages may use is bundled once, and needs no module loader", () => {
  const code = bundle({
    "main.ts": `import { zlibSync } from "fflate";
import { back } from "./a.ts";
(globalThis as unknown as { result: number[] }).result = [...back(zlibSync(new Uint8Array([1, 2])))];
`,
    "a.ts": `import { unzlibSync } from "fflate";
export const back = (bytes: Uint8Array): Uint8Array => unzlibSync(bytes);
`,
  });
  const scope: { result?: number[] } = {};
  new Function("globalThis", code)(scope);
  assert.deepEqual(scope.result, [1, 2]);
  assert.equal(code.match(/const package_fflate/g)?.length, 1);
});

Deno.test("forms that would be bundled wrongly are refused", () => {
  assert.throws(() => bundle({ "m.ts": `import x from "./a.ts";\n`, "a.ts": "" }), /Cannot bundle/);
  assert.throws(() => bundle({ "m.ts": "export default 1;\n" }), /Cannot bundle this line/);
  assert.throws(() => bundle({ "m.ts": `import { x } from "uplot";\nx;\n` }), /"uplot"/);
  assert.throws(
    () => bundle({ "m.ts": `import { a } from "./m.ts";\nexport const b = a;\n` }),
    /imports itself/,
  );
});
