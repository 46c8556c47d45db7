/**
 * `deno task test`: builds, runs the native tests through ctest, then `deno test`, and ends with the
 * totals of both. Arguments are passed on to `deno test`.
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
): Promise<{ output: string; success: boolean }> {
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
  return { output, success: (await child.status).success };
}

/** A runner that reports failure without a failed test has failed all the same. */
function reconciled(totals: Totals, success: boolean): Totals {
  return success || totals.failed > 0 ? totals : add(totals, { ...NONE, failed: 1 });
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
  const deno = await runShown(Deno.execPath(), ["test", "-A", ...denoArgs]);
  return [
    reconciled(parseCtest(native.output), native.success),
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
