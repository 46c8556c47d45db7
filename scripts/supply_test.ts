import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { importsOf } from "./check_dependencies.ts";

const ROOT = path.resolve(import.meta.dirname!, "..");
const read = (name: string) => JSON.parse(fs.readFileSync(path.join(ROOT, name), "utf8"));

Deno.test("every package is locked with its integrity, and comes from the registry", () => {
  const lock = read("deno.lock") as {
    npm: Record<string, { integrity?: string }>;
    specifiers: Record<string, string>;
  };
  const packages = Object.entries(lock.npm);
  assert.ok(packages.length > 10);
  for (const [name, { integrity }] of packages) {
    assert.match(integrity ?? "", /^sha512-[A-Za-z0-9+/]{86}==$/, name);
  }
  for (const specifier of Object.keys(lock.specifiers)) assert.match(specifier, /^npm:/);
  assert.ok(!("remote" in lock), "something is fetched from an address");
});

Deno.test("no install script runs: the packages that have one are denied by name", () => {
  const { allowScripts } = read("deno.json");
  assert.deepEqual(allowScripts.allow, []);
  const { scripts = {}, dependencies = {}, devDependencies = {} } = read("package.json");
  for (const name of ["preinstall", "install", "postinstall", "prepare"]) {
    assert.ok(!(name in scripts), name);
  }
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies })) {
    assert.match(String(version), /^[\^~]?\d/, `${name} does not come from the registry`);
  }
});

Deno.test("sources import packages and each other, never an address", () => {
  for (const folder of ["src", "test", "bench", "scripts"]) {
    const files = fs.readdirSync(path.join(ROOT, folder), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith(".ts"));
    assert.ok(files.length > 5);
    for (const name of files) {
      const text = fs.readFileSync(path.join(ROOT, folder, name), "utf8");
      for (const { specifier } of importsOf(text)) {
        assert.doesNotMatch(specifier, /^(https?|jsr|data):/, `${folder}/${name}`);
      }
    }
  }
});

Deno.test("only a requested download uses the network; the report server is local", () => {
  const { tasks } = read("deno.json") as { tasks: Record<string, { command: string }> };
  for (const [name, { command }] of Object.entries(tasks)) {
    if (["test", "torture"].includes(name.split(":")[0]!) || !command.startsWith("deno run")) {
      continue;
    }
    assert.doesNotMatch(command, / (-A|--allow-all) /, name);
    const net = /--allow-net(=\S+)?/.exec(command)?.[0];
    if (name === "build-datasets") assert.equal(net, "--allow-net");
    else if (name === "report") assert.equal(net, "--allow-net=127.0.0.1");
    else assert.equal(net, undefined, name);
  }
});
