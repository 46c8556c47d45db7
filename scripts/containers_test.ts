import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT } from "./build.ts";

const read = (file: string) => fs.readFileSync(path.join(ROOT, file), "utf8");
const dockerfile = read("containers/Dockerfile");
const apptainer = read("containers/lth-ecg.def");

/** What the container files copy from the checkout. */
function copied(): Record<string, string[]> {
  const files = apptainer.slice(apptainer.indexOf("%files"), apptainer.indexOf("%post"));
  return {
    Dockerfile: [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)]
      .flatMap(([, sources]) => sources!.split(" ")),
    "lth-ecg.def": [...files.matchAll(/^ {4}(\S+) \/lth-ecg\/\1$/gm)].map(([, source]) => source!),
  };
}

Deno.test("the container files copy files that are there, and the same ones", () => {
  const { Dockerfile, "lth-ecg.def": def } = copied();
  assert.equal(Dockerfile!.length, 9);
  assert.deepEqual(Dockerfile!.toSorted(), def!.toSorted());
  for (const file of Dockerfile!) assert.ok(fs.existsSync(path.join(ROOT, file)), file);
});

Deno.test("containers have the Deno of the README and call tasks and scripts that exist", () => {
  const version = /npx -y deno@(\S+) task/.exec(read("README.md"))![1];
  const { tasks } = JSON.parse(read("deno.json"));
  for (const text of [dockerfile, apptainer]) {
    const versions = [...text.matchAll(/deno@(\S+)/g)].map((match) => match[1]);
    assert.ok(versions.length > 0 && versions.every((each) => each === version), String(versions));
    const called = [...text.matchAll(/deno task -q ([a-z]+)/g)].map((match) => match[1]!);
    assert.ok(called.length > 0);
    for (const task of called) assert.ok(task in tasks, task);
    for (const [, script] of text.matchAll(/(scripts\/\w+\.(?:sh|ts))/g)) {
      assert.ok(fs.existsSync(path.join(ROOT, script!)), script);
    }
  }
});

Deno.test("what is copied is enough to load every command", async () => {
  const root = await Deno.makeTempDir({ prefix: "lth-container-" });
  try {
    for (const file of copied()["Dockerfile"]!) {
      const target = path.join(root, file);
      fs.mkdirSync(path.dirname(target), { recursive: true });
      if (file === "data/sample") fs.mkdirSync(target); // large, and no module
      else fs.cpSync(path.join(ROOT, file), target, { recursive: true });
    }
    fs.symlinkSync(path.join(ROOT, "node_modules"), path.join(root, "node_modules"));
    for (const name of ["lth", "compare", "export"]) {
      const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "--cached-only", `src/cli/${name}.ts`, "--help"],
        cwd: root,
        env: { NO_COLOR: "1" },
      }).output();
      assert.equal(code, 0, new TextDecoder().decode(stderr));
      assert.match(new TextDecoder().decode(stdout), /^Usage: /);
    }
  } finally {
    fs.rmSync(root, { recursive: true });
  }
});
