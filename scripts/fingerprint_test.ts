import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { findProgram, fingerprint } from "./fingerprint.ts";

/** A project with one source of each kind. */
function makeProject(): string {
  const root = mkdtempSync(join(tmpdir(), "lth-fingerprint-"));
  for (const folder of ["core", "cpu/kernels", "tests"]) {
    mkdirSync(join(root, "native", folder), { recursive: true });
  }
  writeFileSync(join(root, "CMakeLists.txt"), "project(x)");
  writeFileSync(join(root, "native/core/a.cc"), "int a;");
  writeFileSync(join(root, "native/cpu/kernels/b.cc"), "int b;");
  writeFileSync(join(root, "native/tests/a_test.cc"), "int main() {}");
  return root;
}

Deno.test("the fingerprint follows sources and settings, not tests or times", () => {
  const root = makeProject();
  try {
    const first = fingerprint(root);
    assert.match(first, /^[0-9a-f]{64}$/);
    utimesSync(join(root, "native/core/a.cc"), 1, 1);
    writeFileSync(join(root, "native/tests/a_test.cc"), "int main() { return 1; }");
    assert.equal(fingerprint(root), first);

    writeFileSync(join(root, "native/cpu/kernels/b.cc"), "int c;");
    const second = fingerprint(root);
    assert.notEqual(second, first);
    writeFileSync(join(root, "native/cpu/kernels/new.cc"), "");
    const third = fingerprint(root);
    assert.notEqual(third, second);
    writeFileSync(join(root, "CMakeLists.txt"), "project(y)");
    assert.notEqual(fingerprint(root), third);
  } finally {
    rmSync(root, { recursive: true });
  }
});

Deno.test("the fingerprint follows what is asked of the compiler", () => {
  const root = makeProject();
  const before = process.env["CXXFLAGS"];
  try {
    const first = fingerprint(root);
    process.env["CXXFLAGS"] = "-march=none";
    assert.notEqual(fingerprint(root), first);
  } finally {
    if (before === undefined) delete process.env["CXXFLAGS"];
    else process.env["CXXFLAGS"] = before;
    rmSync(root, { recursive: true });
  }
});

Deno.test("findProgram takes the first that exists", () => {
  assert.equal(findProgram(["no-such-program", "/no/such/program"]), undefined);
  assert.match(findProgram(["no-such-program", "sh"])!, /\/sh$/);
});
