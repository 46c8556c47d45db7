import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../src/core/paths.ts";
import { checkDocs } from "./check_docs.ts";

Deno.test("the modules that others build on say what each exported symbol is", async () => {
  assert.deepEqual(await checkDocs(ROOT), []);
});

Deno.test("an exported symbol without a sentence and a type that nobody exports are found", async () => {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "lth-docs-")));
  try {
    mkdirSync(join(root, "src"));
    writeFileSync(
      join(root, "src/other.ts"),
      "/** Exported by another module. */\nexport interface Other {\n  /** One. */\n  one: 1;\n}\n",
    );
    writeFileSync(
      join(root, "src/own.ts"),
      [
        'import type { Other } from "./other.ts";',
        "interface Hidden {}",
        "export const bare: number = 1;",
        "/** Takes a hidden type. */",
        "export function take(hidden: Hidden, other: Other): void {",
        "  void [hidden, other];",
        "}",
      ].join("\n") + "\n",
    );
    assert.deepEqual(await checkDocs(root, ["src/own.ts"]), [
      "src/own.ts:3: exported symbol is missing JSDoc documentation",
      "src/own.ts:5: public type 'take' references private type 'Hidden'",
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});
