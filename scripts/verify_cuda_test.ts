/**
 * A dry run of scripts/verify_cuda.sh and scripts/pack_cuda.sh, with small programs on the emulator and
 * stand-ins for the GPU's tools and for slow programs.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import process from "node:process";
import { BUILD_DIR, ROOT } from "./build.ts";

/** Run as they are. */
const REAL = [
  "cuda_devices",
  "cuda_step_bench",
  "cuda_topk_bench",
  "gather_test",
  "shortcut_test",
  "cross_entropy_test",
  "wgrad_overlap_test",
];
const ignore = !REAL.every((name) => fs.existsSync(path.join(BUILD_DIR, name)));
if (ignore) console.log(`verify_cuda.sh is not tried: ${BUILD_DIR} lacks ${REAL.join(", ")}`);

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "lth-verify-"));
Deno.test.afterAll(() => fs.rmSync(folder, { recursive: true }));
const tools = path.join(folder, "tools");
const programs = path.join(folder, "programs");

function stub(file: string, body: string): void {
  fs.rmSync(file, { force: true });
  fs.writeFileSync(file, `#!/bin/bash\n${body}\n`, { mode: 0o755 });
}

function prepare(): void {
  for (const each of [tools, programs]) fs.mkdirSync(each);
  stub(path.join(tools, "nvidia-smi"), 'echo "NVIDIA Stand-in, 580.00, 1 MiB, 9.0"');
  stub(
    path.join(tools, "ncu"),
    'echo "ncu $*"; while [ "$1" != --export ]; do shift; done; : >"$2.ncu-rep"',
  );
  stub(
    path.join(tools, "compute-sanitizer"),
    'echo "sanitizer $*"; while [ -n "$1" ] && [ ! -x "$1" ]; do shift; done; "$@" && echo "ERROR SUMMARY: 0 errors"',
  );
  stub(
    path.join(tools, "python3"),
    '[ "$1" = -c ] || echo "torch 2.11 stand-in $*"; echo "density 1 step 1.00 ms"',
  );
  const names = fs.readFileSync(path.join(ROOT, "scripts/cuda_programs.sh"), "utf8")
    .match(/\bcuda_\w+_bench|\w+_test\b|cuda_devices/g)!;
  assert.ok(names.length >= 19);
  for (const name of names) stub(path.join(programs, name), `echo "${name} $*"`);
  for (const name of REAL) {
    fs.copyFileSync(path.join(BUILD_DIR, name), path.join(programs, name));
  }
  // Whole steps are trained once; what they are asked for otherwise is only shown.
  const step = path.join(programs, "cuda_step_bench");
  fs.renameSync(step, `${step}_real`);
  stub(
    step,
    `case "$*" in *tf32*--ops) exec "$(dirname "$0")/cuda_step_bench_real" "$@" ;; esac
echo "density 1 $*"`,
  );
  stub(path.join(programs, "norm_test"), 'echo "before it hangs"; sleep 1000');
  stub(path.join(programs, "optimizer_test"), 'echo "it is wrong"; exit 3');
  fs.rmSync(path.join(programs, "not_finite_test"));
}

async function verify(
  args: readonly string[],
): Promise<{ code: number; report: string; log: string; files: string[] }> {
  const out = fs.mkdtempSync(path.join(folder, "out-"));
  const { code, stderr } = await new Deno.Command("bash", {
    args: [path.join(ROOT, "scripts/verify_cuda.sh"), ...args, "--small"],
    env: {
      PATH: `${tools}:${process.env["PATH"]}`,
      OUT: out,
      LTH_EMULATE_MEMORY: String(64 << 20), // mapped and unmapped at every launch
    },
    stdout: "null",
    stderr: "piped",
  }).output();
  assert.equal(new TextDecoder().decode(stderr), "");
  const read = (name: string) => fs.readFileSync(path.join(out, name), "utf8");
  return {
    code,
    report: read(`cuda-${args[0]}-report.txt`),
    log: read(`cuda-${args[0]}.log`),
    files: fs.readdirSync(out).sort(),
  };
}

/** The result of a stage in a report's table. */
function result(report: string, stage: string): string | undefined {
  return report.match(new RegExp(`^${stage} +\\d+  (.*)$`, "m"))?.[1];
}

Deno.test(
  { name: "verify_cuda.sh first continues after every kind of failure", ignore },
  async () => {
    prepare();
    const { code, report, log, files } = await verify([
      "first",
      "--programs",
      programs,
      "--seconds",
      "170",
      "--test-limit",
      "20",
    ]);
    assert.equal(code, 1, report);
    assert.deepEqual(files, ["cuda-first-report.txt", "cuda-first.log"]);
    assert.match(report, /^CUDA, first call, commit \w+: NVIDIA Stand-in.*\n\nstage +seconds/);
    assert.equal(result(report, "norm_test"), "TIMEOUT after 20 s");
    assert.equal(result(report, "optimizer_test"), "FAILED: exit code 3");
    assert.equal(result(report, "not_finite_test"), "FAILED: cannot be started");
    const failed = [...report.matchAll(/ (?:FAILED|TIMEOUT|skipped).*$/gm)];
    assert.equal(failed.length, 3, report);
    for (const name of REAL.filter((each) => each.endsWith("_test"))) {
      assert.equal(result(report, name), "passed");
    }
    // The end of what failed is in the report, all output in the log.
    assert.match(report, /-- norm_test\nbefore it hangs/);
    assert.match(log, /=== optimizer_test\nit is wrong/);
    // A step of the emulator's, op by op.
    assert.match(report, /-- step-A-tf32\n.*a copy moves[^]*conv1d_dgrad[^]*slowest/);
    assert.match(report, /-- topk\n[^]*masks as the CPU's/);
    assert.match(log, /torch 2\.11 stand-in .*--amp bf16 .*--layout conv2d/);
    assert.match(log, /density 1 --precision bf16 .*--density 0\.2 .*--density 0\.007/);
  },
);

Deno.test({ name: "verify_cuda.sh second, from an archive of pack_cuda.sh", ignore }, async () => {
  const archive = path.join(folder, "programs.tar.xz");
  stub(path.join(programs, "not_finite_test"), "exit 0");
  const pack = (args: readonly string[]) =>
    new Deno.Command("bash", {
      args: [path.join(ROOT, "scripts/pack_cuda.sh"), "--no-build", ...args],
      env: { PATH: `${tools}:${process.env["PATH"]}` },
    }).output();
  stub(path.join(tools, "strip"), "exit 0"); // some are scripts
  assert.equal((await pack(["--build", programs, "--out", archive])).code, 0);
  assert.equal((await pack(["--build", folder, "--out", archive])).code, 1);
  assert.equal((await pack(["--bild", programs])).code, 2);
  const { code, report, log, files } = await verify(["second", "--programs", archive]);
  assert.equal(code, 0, report);
  assert.deepEqual(files, [
    "cuda-kernels.ncu-rep",
    "cuda-second-report.txt",
    "cuda-second.log",
  ]);
  assert.equal(result(report, "unpack"), "passed");
  for (const tool of ["memcheck", "racecheck", "synccheck"]) {
    assert.equal(result(report, `${tool}-cuda_fused_test`), "passed");
  }
  assert.match(report, /-- memcheck-cuda_fused_test\nERROR SUMMARY: 0 errors/);
  assert.match(log, /sanitizer --tool memcheck --report-api-errors no/);
  assert.match(log, /--filter block4\.conv2 --once/);
  assert.match(log, /torch 2\.11 stand-in .*--compile/);
});

Deno.test({ name: "verify_cuda.sh starts nothing that it has no time for", ignore }, async () => {
  const { code, report } = await verify(["second", "--programs", programs, "--seconds", "1"]);
  assert.equal(code, 0, report);
  assert.equal(result(report, "ncu"), "skipped: no time left");
  assert.equal([...report.matchAll(/ passed$/gm)].length, 0);
});

Deno.test("verify_cuda.sh and pack_cuda.sh refuse what they do not know", async () => {
  for (const args of [["third"], ["first", "--seconds"]]) {
    const { code, stderr } = await new Deno.Command("bash", {
      args: [path.join(ROOT, "scripts/verify_cuda.sh"), ...args],
    }).output();
    assert.equal(code, 2);
    assert.match(new TextDecoder().decode(stderr), /^error: (third is not|--seconds has no)/);
  }
});
