import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { checkDependencies, importsOf, mayImport, STANDS_ON } from "./check_dependencies.ts";

/** Violations in a project with these files. */
function check(files: Record<string, string>): string[] {
  const root = mkdtempSync(join(tmpdir(), "lth-deps-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return checkDependencies(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

Deno.test("the project keeps to its own direction of dependencies", () => {
  assert.deepEqual(checkDependencies(resolve(import.meta.dirname!, "..")), []);
});

Deno.test("importsOf finds every form of import and no comment", () => {
  const text = [
    'import { a } from "./a.ts";',
    "import {\n  type B,\n} from '../b.ts';",
    'export * from "./c.ts";',
    'import "./d.ts";',
    'export type { D } from "./type.ts";',
    'const e = await import("./e.ts");',
    ' * import { f } from "./f.ts";',
    'const from = "./g.ts";',
  ].join("\n");
  assert.deepEqual(
    importsOf(text).map(({ specifier, typeOnly }) => specifier + (typeOnly ? " type" : "")),
    ["./a.ts", "../b.ts", "./c.ts", "./d.ts", "./type.ts type", "./e.ts"],
  );
});

Deno.test("the table has no cycle, and names only folders it knows", () => {
  for (const folder of Object.keys(STANDS_ON)) {
    for (const below of mayImport(folder)) assert.ok(STANDS_ON[below], below);
  }
  assert.deepEqual(mayImport("training"), ["core", "model", "addon", "data", "statistics"]);
});

Deno.test("an import against the direction is named", async (t) => {
  const cases: [string, string, boolean][] = [
    ["src/model/x.ts", 'import "../training/loop.ts";', false],
    ["src/model/x.ts", 'import type { A } from "../addon/native.ts";', true],
    ["src/core/x.ts", 'import { z } from "zod";', false],
    ["src/core/x.ts", 'import { join } from "node:path";', true],
    ["src/core/x.ts", 'import "../data/csv.ts";', false],
    ["src/report/x.ts", 'export { a } from "../run/summary.ts";', false],
    ["src/report/x.ts", 'import type { A } from "../analysis/analysis.ts";', true],
    ["src/report/x.ts", 'import type { A } from "../compare/run.ts";', false],
    ["src/report/x.ts", 'import uplot from "uplot";', true],
    ["src/run/x.ts", 'import "../cli/lth.ts";', false],
    ["src/run/x_test.ts", 'import "../cli/lth.ts";', true],
    ["src/training/deep/x.ts", 'import "../../run/run.ts";', false],
    ["src/data/x.ts", 'import "../../scripts/build.ts";', false],
    ["src/data/testing.ts", 'import "../../test/conformance/suite.ts";', true],
    ["src/data/x.ts", 'import "../../test/conformance/suite.ts";', false],
    ["src/novel/x.ts", "export {};", false],
  ];
  for (const [path, text, allowed] of cases) {
    await t.step(`${path}: ${text}`, () => {
      const found = check({ [path]: text });
      assert.equal(found.length, allowed ? 0 : 1, found.join("\n"));
      if (!allowed) assert.ok(found[0]!.startsWith(path), found[0]);
    });
  }
});

Deno.test("modules that import one another in a circle are named", () => {
  const circle = {
    "src/core/a.ts": 'import type { B } from "./b.ts";',
    "src/core/b.ts": 'export { c } from "./c.ts";',
    "src/core/c.ts": 'import "./a.ts";',
  };
  assert.deepEqual(check(circle), [
    "src/core/a.ts imports itself through others: src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> " +
    "src/core/a.ts",
  ]);
  assert.deepEqual(check({ ...circle, "src/core/c.ts": 'import "node:fs";' }), []);
});

Deno.test("an include against the direction is named", async (t) => {
  const cases: [string, string, boolean][] = [
    ["native/binding/x.cc", '#include "core/arena.h"', false],
    ["native/binding/x.cc", '#include "../cpu/kernels/simd.h"', false],
    ["native/binding/x.cc", '#include "lth/program.h"\n#include <napi.h>', true],
    ["native/core/x.cc", "#include <napi.h>", false],
    ["native/core/x.cc", '#include "cpu/thread_pool.h"', false],
    ["native/cpu/kernels/x.cc", '#include "cpu/kernel_table.h"\n#include "y.h"', true],
    ["native/cuda/x.cu", '#include "core/arena.h"', false],
    ["native/include/lth/x.h", '#include "core/arena.h"', false],
    ["native/tests/x_test.cc", '#include "core/arena.h"', true],
  ];
  for (const [path, text, allowed] of cases) {
    await t.step(`${path}: ${text}`, () => {
      const stubs = { "native/cpu/kernels/simd.h": "", "native/core/arena.h": "" };
      const found = check({ ...stubs, [path]: text });
      assert.equal(found.length, allowed ? 0 : 1, found.join("\n"));
      if (!allowed) assert.ok(found[0]!.startsWith(path), found[0]);
    });
  }
});
