import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { ROOT } from "../src/core/paths.ts";
import { checkReferences, commandsOf, optionsOf, pagesOf } from "./check_references.ts";

Deno.test("links, paths and tasks that the documentation names exist", () => {
  assert.deepEqual(checkReferences(ROOT), []);
});

Deno.test("commands of the documentation have the options that it names", async () => {
  const commands = pagesOf(ROOT).flatMap((page) =>
    commandsOf(readFileSync(join(ROOT, page), "utf8")).map((command) => ({ page, ...command }))
  ).filter(({ options }) => options.length > 0);
  assert.ok(commands.length > 50, `only ${commands.length} commands were found`);
  const helps = new Map<string, Promise<string[]>>();
  const wrong: string[] = [];
  for (const { page, task, words, options } of commands) {
    const sub = task === "lth" && /^(control|analyze)$/.test(words[0]!) ? [words[0]!] : [];
    const key = [task, ...sub].join(" ");
    if (!helps.has(key)) helps.set(key, helpOf(task, sub));
    const known = await helps.get(key)!;
    wrong.push(
      ...options.filter((option) => !known.includes(option))
        .map((option) => `${page}: deno task ${key} has no option ${option}`),
    );
  }
  assert.deepEqual(wrong, []);
});

Deno.test("what does not exist is found", () => {
  const root = mkdtempSync(join(tmpdir(), "lth-references-"));
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  try {
    write("deno.json", '{ "tasks": { "lth": {} } }');
    write("src/core/paths.ts", "");
    write("docs/other.md", "# A `code` heading: two\n\n```sh\n# no heading\n```\n");
    write(
      "README.md",
      [
        "[a](docs/other.md), [b](docs/none.md), [c](docs/other.md#a-code-heading-two), [d](docs/other.md#no-heading),",
        "[e](https://example.org/none), `src/core/paths.ts`, `src/core/*.ts`, `src/core/none.ts`, `checkpoints/r`,",
        "`deno task lth --plan` and `deno task none`.",
      ].join("\n"),
    );
    assert.deepEqual(checkReferences(root), [
      "README.md: the link docs/none.md leads nowhere",
      "README.md: docs/other.md has no heading #no-heading",
      "README.md: there is no src/core/none.ts",
      "README.md: there is no deno task none",
    ]);
  } finally {
    rmSync(root, { recursive: true });
  }
});

Deno.test("a command ends where its line or its comment does", () => {
  const text = "```sh\ndeno task lth control --run R \\\n  --kind continue   # not --this\n" +
    'npx -y deno@2.9.6 task sweep p.json --sbatch "--qos=low" && other --that\n```\n';
  assert.deepEqual(commandsOf(text).map(({ task, options }) => [task, ...options]), [
    ["lth", "--run", "--kind"],
    ["sweep", "--sbatch"],
  ]);
  assert.deepEqual(optionsOf("--set training.beta2=0.99 --no-flip a--b --"), [
    "--set",
    "--no-flip",
  ]);
});

/** The options in the help of a task. */
async function helpOf(task: string, words: readonly string[]): Promise<string[]> {
  const config = JSON.parse(readFileSync(join(ROOT, "deno.json"), "utf8"));
  const [deno, ...args] = (config.tasks[task].command as string).split(" ");
  assert.equal(deno, "deno");
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args, ...words, "--help"],
    cwd: ROOT,
    stderr: "null",
  }).output();
  return optionsOf(new TextDecoder().decode(stdout));
}
