import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { loadAddonFrom } from "../src/addon/addon.ts";
import { ROOT } from "./build.ts";
import { storePrebuild } from "./prebuild.ts";

/** What the build needs of the project: the scripts, what they import, and the sources that are hashed. */
const PARTS = ["scripts", "src/core", "native", "CMakeLists.txt"];

/** The built addon, of these very sources where the tests have built it. */
const ADDON = path.join(ROOT, "build/Release/lth.node");

/** Calls `body` with a copy of the project in which `deno task build` can be called without a compiler. */
async function withCopy(
  body: (copy: {
    root: string;
    build: (env?: Record<string, string>) => { code: number; err: string };
  }) => void,
): Promise<void> {
  const root = await Deno.makeTempDir({ prefix: "lth-prebuild-" });
  try {
    for (const part of PARTS) {
      fs.cpSync(path.join(ROOT, part), path.join(root, part), { recursive: true });
    }
    // Without dependencies, which Deno would install.
    fs.writeFileSync(path.join(root, "package.json"), '{ "version": "1.2.3" }');
    const { tasks } = JSON.parse(fs.readFileSync(path.join(ROOT, "deno.json"), "utf8"));
    const args = (tasks.build.command as string).split(" ").slice(1);
    const none = path.join(root, "no-programs");
    fs.mkdirSync(none);
    const build = (env: Record<string, string> = {}) => {
      const { HOME = root, DENO_DIR } = Deno.env.toObject();
      const { code, stderr } = new Deno.Command(Deno.execPath(), {
        args,
        cwd: root,
        clearEnv: true,
        env: { HOME, ...(DENO_DIR ? { DENO_DIR } : {}), NO_COLOR: "1", PATH: none, ...env },
      }).outputSync();
      return { code, err: new TextDecoder().decode(stderr) };
    };
    body({ root, build });
  } finally {
    fs.rmSync(root, { recursive: true });
  }
}

const prebuilt = (root: string, name: string) =>
  path.join(root, "prebuilds", `${os.platform()}-${os.arch()}`, name);

Deno.test("without a compiler a prebuilt addon of the same sources is taken, once", () =>
  withCopy(({ root, build }) => {
    const without = build();
    assert.equal(without.code, 1);
    assert.match(
      without.err,
      /^error: Cannot build the native addon without CMake, a C\+\+20 compiler, make or ninja\. Install them, [^\n]*\n$/,
    );
    storePrebuild(root, { file: ADDON, glibc: "2.18" });
    const { code, err } = build();
    assert.equal(code, 0, err);
    assert.match(
      err,
      /^Took build\/Release\/lth\.node from prebuilds\/\S+\/lth\.node, made from the same sources\n$/,
    );
    const taken = path.join(root, "build/Release/lth.node");
    assert.deepEqual(fs.readFileSync(taken), fs.readFileSync(ADDON));
    assert.match(loadAddonFrom(taken).buildInfo, /Release/);
    assert.deepEqual(build(), { code: 0, err: "" });
    // Who wants it compiled is told what that needs.
    for (const env of [{ LTH_PREBUILD: "off" }, { LTH_CUDA: "ON" }, { CXXFLAGS: "-g" }]) {
      assert.match(build(env).err, /^error: Cannot build the native addon without /);
    }
  }));

Deno.test("a prebuilt addon can lie in another folder", () =>
  withCopy(({ root, build }) => {
    storePrebuild(root, { file: ADDON, glibc: "2.18" });
    fs.renameSync(path.join(root, "prebuilds"), path.join(root, "release"));
    assert.equal(build().code, 1);
    const { code, err } = build({ LTH_PREBUILD: path.join(root, "release") });
    assert.equal(code, 0, err);
    assert.match(err, /from release\//);
  }));

Deno.test("a prebuilt addon that does not fit is refused in a sentence that says why and what to do", () =>
  withCopy(({ root, build }) => {
    const addon = prebuilt(root, "lth.node");
    const manifest = prebuilt(root, "manifest.json");
    const refused = (why: RegExp) => {
      const { code, err } = build();
      assert.equal(code, 1);
      assert.match(err, /^error: [^\n]*\n$/);
      assert.match(err, why);
      assert.match(
        err,
        /Install them, .*, or have scripts\/prebuild\.sh make one from these sources/,
      );
      assert.ok(!fs.existsSync(path.join(root, "build/Release/lth.node")));
    };
    storePrebuild(root, { file: ADDON, glibc: "2.18" });
    const source = path.join(root, "native/core/arena.cc");
    const text = fs.readFileSync(source);
    fs.appendFileSync(source, "// changed\n");
    refused(
      /and cannot use the prebuilt one: prebuilds\/\S+ was built from other sources than these/,
    );
    fs.writeFileSync(source, text);

    const bytes = fs.readFileSync(addon);
    bytes[bytes.length >> 1]! ^= 1;
    fs.writeFileSync(addon, bytes);
    refused(/lth\.node is damaged: its SHA-256 is not that of its manifest/);

    const other = path.join(root, "other.node");
    fs.writeFileSync(other, "no shared object");
    storePrebuild(root, { file: other, glibc: "2.18" });
    refused(/lth\.node does not load here \(.+\)/);

    fs.writeFileSync(manifest, "{");
    refused(/manifest\.json is missing or damaged/);
  }));
