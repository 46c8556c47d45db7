/**
 * `deno task test`: builds, runs the native tests through ctest, again under the sanitizers, then
 * `deno test`, and ends with the totals of all. Arguments are passed on to `deno test`.
 * LTH_SANITIZE=0 leaves the sanitizers out.
 *
 * @module
 */
import process from "node:process";
import { Failure, messageOf } from "../src/core/errors.ts";
import { BUILD_DIR, buildAddon, buildNativeTests, ROOT } from "./build.ts";
import { checkDependencies } from "./check_dependencies.ts";
import { add, NONE, parseCtest, parseDenoTest, type Totals, totalsLine } from "./totals.ts";

/** Runs a program, shows what it prints and returns it. */
async function runShown(
  program: string,
  args: readonly string[],
): Promise<{ output: string; success: boolean; code: number }> {
  const child = new Deno.Command(program, {
    args: [...args],
    cwd: ROOT,
    env: { NO_COLOR: "1" },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let output = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    const text = decoder.decode(bytes, { stream: true });
    output += text;
    process.stdout.write(text);
  }
  const { success, code } = await child.status;
  return { output, success, code };
}

/** A runner that reports failure without a failed test has failed all the same. */
function reconciled(totals: Totals, success: boolean): Totals {
  return success || totals.failed > 0 ? totals : add(totals, { ...NONE, failed: 1 });
}

/** The exit code of scripts/sanitize.sh where the compiler cannot do it. */
const CANNOT = 77;

/** The native tests under the sanitizers. What cannot be tested is said and counted as skipped. */
async function runSanitized(): Promise<Totals> {
  if (process.env["LTH_SANITIZE"] === "0" || process.platform === "win32") {
    console.log("SKIPPED: the native tests under the sanitizers");
    return { ...NONE, skipped: 2 };
  }
  let totals = NONE;
  for (const sanitizer of ["address", "thread"]) {
    const args = ["scripts/sanitize.sh", sanitizer, "--verbose"];
    const { output, success, code } = await runShown("bash", args);
    const own = code === CANNOT ? { ...NONE, skipped: 1 } : reconciled(parseCtest(output), success);
    totals = add(totals, own);
  }
  return totals;
}

async function runAll(denoArgs: readonly string[]): Promise<Totals> {
  const violations = checkDependencies(ROOT);
  for (const each of violations) console.log(`dependency: ${each}`);
  const built = await buildAddon();
  if (built !== undefined) console.log(built);
  await buildNativeTests();
  const native = await runShown("ctest", [
    "--test-dir",
    BUILD_DIR,
    "--verbose",
    "--no-tests=error",
  ]);
  const sanitized = await runSanitized();
  const deno = await runShown(Deno.execPath(), ["test", "-A", ...denoArgs]);
  return [
    reconciled(parseCtest(native.output), native.success),
    sanitized,
    reconciled(parseDenoTest(deno.output), deno.success),
    { ...NONE, failed: violations.length },
  ].reduce(add);
}

if (import.meta.main) {
  let totals: Totals = NONE;
  try {
    totals = await runAll(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    console.log(`error: ${messageOf(error)}`);
    totals = { ...NONE, failed: 1 };
  }
  if (totals.passed + totals.failed === 0) console.log("error: no tests ran");
  console.log(totalsLine(totals));
  process.exitCode = totals.failed > 0 || totals.passed === 0 ? 1 : 0;
}
