/**
 * Finds a Python that has PyTorch.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { UsageError } from "../src/core/errors.ts";

/** Tried after the PATH, because distributions install python3-torch for it. */
const SYSTEM_PYTHON = "/usr/bin/python3";

/** Every python3 of the PATH, then the system's; each once. */
export function pythonCandidates(searchPath: string = process.env["PATH"] ?? ""): string[] {
  const found = searchPath.split(path.delimiter)
    .filter((directory) => directory !== "")
    .map((directory) => path.join(directory, "python3"))
    .filter((file) => fs.existsSync(file));
  return [...new Set([...found, SYSTEM_PYTHON])];
}

/**
 * The first of them that can import torch.
 *
 * @throws {UsageError} If none can.
 */
export async function pythonWithTorch(
  candidates: readonly string[] = pythonCandidates(),
): Promise<string> {
  for (const python of candidates) {
    try {
      const { success } = await new Deno.Command(python, {
        args: ["-c", "import torch"],
        stdout: "null",
        stderr: "null",
      }).output();
      if (success) return python;
    } catch {
      // It is missing or not executable; try the next one.
    }
  }
  throw new UsageError(
    `Cannot run the PyTorch peer: none of ${candidates.join(", ")} can import torch; install it ` +
      "(Debian: apt-get install python3-torch) or leave --peer out",
  );
}
