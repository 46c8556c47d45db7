import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT } from "../core/paths.ts";

/** The text of each file in a folder of `native`. */
function textsIn(folder: string): string[] {
  const directory = path.join(ROOT, "native", folder);
  return fs.readdirSync(directory).map((name) =>
    fs.readFileSync(path.join(directory, name), "utf8")
  );
}

Deno.test("the method of an op is made from the op's own file: the binding names none of them", () => {
  const traced = textsIn("core/ops").flatMap((text) =>
    [...text.matchAll(/^const TracedOp \w+ = \{\s+\.name = "(\w+)"/gm)].map(([, name]) => name!)
  );
  assert.deepEqual(traced.sort(), ["conv1d", "shortcut"]);
  const types = fs.readFileSync(path.join(ROOT, "src/addon/native_program.ts"), "utf8");
  for (const name of traced) {
    for (const text of textsIn("binding")) assert.ok(!text.includes(`("${name}")`), name);
    assert.match(types, new RegExp(`^  ${name}\\(`, "m"));
  }
});

Deno.test("docs/extending.md counts the files of an op as its table lists them", () => {
  const text = fs.readFileSync(path.join(ROOT, "docs/extending.md"), "utf8");
  const [, said] = /^\| an op +\| (\d+) files/m.exec(text)!;
  const section = text.slice(text.indexOf("\n## An op\n"));
  const table = /^\| file [^]*?\n\n/m.exec(section)![0];
  const rows = table.trim().split("\n").slice(2);
  const files = rows.flatMap((row) =>
    [...row.split("|")[1]!.matchAll(/`([\w/.]+)`/g)].map(([, file]) => file!)
  );
  assert.equal(files.length, Number(said));
  assert.ok(files.length <= 7, "the goal");
  // `scale` is made up; every other op has its files where the table says.
  for (const file of files) {
    assert.ok(fs.existsSync(path.join(ROOT, file.replace("scale", "shortcut"))), file);
  }
});
