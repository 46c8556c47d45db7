/**
 * `deno task test`: builds, runs the native tests through ctest, again under the sanitizers, then
 * `deno test`, and ends with the totals of all. Arguments are passed on to `deno test`.
 * LTH_SANITIZE=0 leaves the sanitizers out; `--part=NAME` does one of the parts in test_parts.ts.
 *
 * @module
 */
import process from "node:process";
import { Failure, messageOf } from "../src/core/errors.ts";
import { BUILD_DIR, buildAddon, buildNativeTests, ROOT } from "./build.ts";
import { checkDependencies } from "./check_dependencies.ts";
import { type Part, partOf } from "./test_parts.ts";
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

/** Counts a failure if a runner reports failure without a failed test. */
function reconciled(totals: Totals, success: boolean): Totals {
  return success || totals.failed > 0 ? totals : add(totals, { ...NONE, failed: 1 });
}

/** The exit code of scripts/sanitize.sh if the compiler lacks a sanitizer. */
const CANNOT = 77;

/** Runs the native tests under the sanitizers. Tests that cannot run are reported and counted as skipped. */
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

async function runAll(args: readonly string[]): Promise<Totals> {
  const { part, rest } = partOf(args);
  const violations = checkDependencies(ROOT);
  for (const each of violations) console.log(`dependency: ${each}`);
  const built = await buildAddon({ prebuilt: false }); // the native tests are built beside it
  if (built !== undefined) console.log(built);
  return [
    await runNative(part),
    part.sanitized ? await runSanitized() : NONE,
    await runDeno(part, rest),
    { ...NONE, failed: violations.length },
  ].reduce(add);
}

async function runNative({ native }: Part): Promise<Totals> {
  if (!native) return NONE;
  await buildNativeTests();
  const args = ["--test-dir", BUILD_DIR, "--verbose", "--no-tests=error"];
  const { output, success } = await runShown("ctest", args);
  return reconciled(parseCtest(output), success);
}

async function runDeno({ deno }: Part, args: readonly string[]): Promise<Totals> {
  if (deno === null) return NONE;
  const { output, success } = await runShown(Deno.execPath(), ["test", "-A", ...deno, ...args]);
  return reconciled(parseDenoTest(output), success);
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
