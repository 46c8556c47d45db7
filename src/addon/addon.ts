/**
 * Loads the native addon once. LTH_ADDON can name another file than the one that `deno task build` makes:
 * tests load an addon with an emulated GPU.
 *
 * @module
 */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Failure, messageOf } from "../core/errors.ts";
import type { NativeAddon } from "./native.ts";
import { NativeError } from "./native_error.ts";

const BUILT = fileURLToPath(new URL("../../build/Release/lth.node", import.meta.url));

let addon: NativeAddon | undefined;

/**
 * Loads the addon's exports; its errors about state are {@linkcode NativeError}s.
 *
 * @throws {Failure} If the addon has not been built or does not load.
 */
export function loadAddon(): NativeAddon {
  addon ??= loadAddonFrom(process.env["LTH_ADDON"] || BUILT);
  return addon;
}

/** Like {@linkcode loadAddon}, from any file. */
export function loadAddonFrom(path: string): NativeAddon {
  if (!existsSync(path)) {
    throw new Failure(`The native addon ${path} does not exist: run \`deno task build\``);
  }
  try {
    const loaded = createRequire(import.meta.url)(path) as NativeAddon;
    loaded.setNativeError(NativeError);
    return loaded;
  } catch (error) {
    const [reason] = messageOf(error).split("\n");
    throw new Failure(
      `The native addon ${path} does not load (${reason}): remove the folder build and ` +
        "run `deno task build`",
    );
  }
}
