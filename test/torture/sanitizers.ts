/**
 * The native tests under the sanitizers, as a part of `deno task torture`.
 *
 * @module
 */
import * as path from "node:path";
import { ROOT } from "../../src/core/paths.ts";
import type { TortureContext, TortureRow } from "./part.ts";

const NAMES = {
  address: "native tests under AddressSanitizer and UndefinedBehaviorSanitizer",
  thread: "native tests under ThreadSanitizer",
} as const;

/** One row per sanitizer, counting test programs. */
export async function sanitizersPart(_context: TortureContext): Promise<TortureRow[]> {
  const rows: TortureRow[] = [];
  for (const [sanitizer, what] of Object.entries(NAMES)) {
    const script = path.join(ROOT, "scripts/sanitize.sh");
    const { stdout, stderr, code } = await new Deno.Command("bash", {
      args: [script, sanitizer, "--verbose"],
    }).output();
    const output = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    rows.push({ what, ...read(output, code) });
  }
  return rows;
}

/** Test programs and findings in the script's output. */
export function read(
  output: string,
  code: number,
): Pick<TortureRow, "count" | "findings" | "detail"> {
  const ends = [...output.matchAll(/^\s*\d+\/\d+ Test\s+#\d+: (\S+) \.*\s*(\S.*?)\s+[\d.]+ sec/gm)];
  const findings = ends.filter(([, , end]) => end !== "Passed").map(([, name, end]) =>
    `${name}: ${end}`
  );
  if (code === 77) return { count: 0, findings, detail: "not run: the compiler has no runtime" };
  if (code !== 0 && findings.length === 0) findings.push(output.trim().split("\n").at(-1)!);
  const checks = [...output.matchAll(/^\d+: (\d+) passed/gm)]
    .reduce((sum, [, passed]) => sum + Number(passed), 0);
  return { count: ends.length, findings, detail: `${checks} checks` };
}
