/**
 * External programs that run exports in tests: Debian's Python, and a C compiler (testing_c.ts).
 *
 * @module
 */
import * as path from "node:path";
import { ROOT } from "../core/paths.ts";

export const PYTHON = "/usr/bin/python3";

/** Tickets and runs in Python. */
export const LTH_ECG_PY: string = path.join(ROOT, "python/lth_ecg.py");

/** What a Python program has printed: `out` on standard output, `text` on standard error. */
export interface PythonResult {
  readonly success: boolean;
  readonly code: number;
  readonly out: string;
  readonly text: string;
}

/** Runs Python. */
export function runPython(...args: string[]): PythonResult {
  try {
    const child = new Deno.Command(PYTHON, { args, stdout: "piped", stderr: "piped" });
    const { success, code, stdout, stderr } = child.outputSync();
    const [out, text] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { success, code, out: out!, text: text! };
  } catch (error) {
    return { success: false, code: -1, out: "", text: String(error) };
  }
}

/** Whether Python has these modules; if not, says which tests that leaves out. */
export function pythonHas(modules: readonly string[], leftOut: string): boolean {
  const { success, text } = runPython("-c", `import ${modules.join(", ")}`);
  if (!success) {
    console.warn(`SKIPPED: ${leftOut}: ${PYTHON}: ${text.trim().split("\n").at(-1)}`);
  }
  return success;
}
