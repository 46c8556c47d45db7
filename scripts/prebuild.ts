/**
 * Prebuilt addons: `prebuilds/PLATFORM-ARCH/lth.node` and its `manifest.json`, as scripts/prebuild.sh makes
 * them. They are looked for on this machine only and never downloaded.
 *
 * @module
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join, relative, resolve } from "node:path";
import process from "node:process";
import { messageOf } from "../src/core/errors.ts";
import { sourcesHash } from "./fingerprint.ts";

/** What a prebuilt addon was made from, and for. */
export interface Manifest {
  /** Version in package.json. */
  readonly version: string;
  /** {@linkcode sourcesHash} of its sources. */
  readonly sources: string;
  /** Of lth.node, hexadecimal. */
  readonly sha256: string;
  readonly platform: string;
  readonly arch: string;
  /** The oldest glibc that has all the functions it calls, e.g. "2.18". */
  readonly glibc: string;
}

/** A prebuilt addon that can be used here, or why the one that is there cannot; null if there is none. */
export type Found = { readonly file: string; readonly glibc: string } | {
  readonly refused: string;
};

/**
 * Looks for a prebuilt addon in the folder that LTH_PREBUILD names, by default `prebuilds` of the project.
 * It is used if it was made from the project's present sources, is undamaged and loads here.
 */
export function findPrebuild(root: string): Found | null {
  const asked = process.env["LTH_PREBUILD"] || join(root, "prebuilds");
  if (asked === "off") return null;
  const folder = join(resolve(root, asked), `${process.platform}-${process.arch}`);
  const file = join(folder, "lth.node");
  if (!existsSync(file)) return null;
  const name = relative(root, folder);
  const manifest = readManifest(join(folder, "manifest.json"));
  if (manifest === null) return { refused: `${name}/manifest.json is missing or damaged` };
  if (manifest.sources !== sourcesHash(root)) {
    return {
      refused: `${name} was built from other sources than these (version ${manifest.version})`,
    };
  }
  if (sha256(file) !== manifest.sha256) {
    return { refused: `${name}/lth.node is damaged: its SHA-256 is not that of its manifest` };
  }
  const problem = whyItDoesNotLoad(file);
  if (problem !== null) return { refused: `${name}/lth.node does not load here (${problem})` };
  return { file, glibc: manifest.glibc };
}

function readManifest(file: string): Manifest | null {
  try {
    const manifest = JSON.parse(readFileSync(file, "utf8")) as Manifest;
    const texts = ["version", "sources", "sha256", "glibc"] as const;
    return texts.every((key) => typeof manifest[key] === "string") ? manifest : null;
  } catch {
    return null;
  }
}

/** Loads an addon in a process of its own, which may die of it. The reason if it does not load; else null. */
function whyItDoesNotLoad(file: string): string | null {
  const script = `import { createRequire } from "node:module";
    try { createRequire("file:///")(${JSON.stringify(file)}).listBackends(); }
    catch (error) { console.log(error.message.split("\\n")[0]); Deno.exit(3); }`;
  const { status, stdout, error } = spawnSync(Deno.execPath(), ["eval", script], {
    encoding: "utf8",
  });
  if (status === 0) return null;
  if (status === 3) return stdout.trim();
  return error ? messageOf(error) : "the process that loaded it died";
}

function sha256(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}

/** Puts a built addon into the folder of prebuilt addons of the project in `root`, and describes it. */
export function storePrebuild(
  root: string,
  { file, glibc }: { file: string; glibc: string },
): string {
  const { platform, arch } = process;
  const folder = join(root, "prebuilds", `${platform}-${arch}`);
  mkdirSync(folder, { recursive: true });
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const hashes = { sources: sourcesHash(root), sha256: sha256(file) };
  const manifest: Manifest = { version, ...hashes, platform, arch, glibc };
  copyFileSync(file, join(folder, "lth.node.tmp"));
  renameSync(join(folder, "lth.node.tmp"), join(folder, "lth.node"));
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
  return folder;
}

if (import.meta.main) {
  const [file, glibc] = process.argv.slice(2);
  const root = resolve(import.meta.dirname!, "..");
  const folder = storePrebuild(root, { file: file!, glibc: glibc! });
  console.log(`${relative(process.cwd(), folder)}/lth.node needs glibc ${glibc} or newer`);
}
