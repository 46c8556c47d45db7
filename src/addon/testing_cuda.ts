/**
 * A GPU for tests: this machine's, or else the emulated one in a separate addon that is built with the
 * native tests. A process loads one addon, so tests on it run in their own processes.
 *
 * @module
 */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { ROOT } from "../core/paths.ts";
import { listBackends } from "./select.ts";

const EMULATED = fileURLToPath(new URL("../../build/emulated/lth.node", import.meta.url));

/** Environment variables of processes. */
export interface TestCuda {
  /** Variables of a process with the GPU. */
  readonly present: Record<string, string>;
  /** Variables of a process without a GPU. */
  readonly absent: Record<string, string>;
  readonly emulated: boolean;
}

/** Null, with a message, if there is neither; with LTH_REQUIRE_CUDA that is an error. */
export function findTestCuda(): TestCuda | null {
  const cuda = listBackends().find(({ name }) => name === "cuda");
  if (cuda?.available) {
    return { present: {}, absent: { CUDA_VISIBLE_DEVICES: "" }, emulated: false };
  }
  if (existsSync(EMULATED)) return { present: { LTH_ADDON: EMULATED }, absent: {}, emulated: true };
  if (process.env["LTH_REQUIRE_CUDA"]) throw new Error("CUDA is required, and there is none");
  console.log(
    `The CUDA backend is not tested: ${cuda?.detail ?? "not built"}, and there is no ${EMULATED} ` +
      "(deno task test builds it, unless CUDA itself is built)",
  );
  return null;
}

/**
 * Runs test files on the GPU in a separate process.
 *
 * @param options.files Paths relative to the root of the project.
 * @param options.only Names of the tests in them; all if undefined.
 * @param options.env Environment variables besides the GPU's.
 */
export async function runTestsOn(
  cuda: TestCuda,
  options: {
    files: readonly string[];
    only?: RegExp | undefined;
    env?: Record<string, string>;
  },
): Promise<void> {
  const { files, only, env } = options;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["test", "-A", "--no-check"],
      ...(only === undefined ? [] : ["--filter", String(only)]),
      ...files,
    ],
    cwd: ROOT,
    env: { NO_COLOR: "1", LTH_TEST_BACKEND: "cuda", ...cuda.present, ...env },
  }).output();
  const text = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  // If no test has such a name, that is not a success.
  assert.ok(success && /^ok \| [1-9]\d* passed/m.test(text), text);
}
