import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { listBackends } from "../addon/select.ts";
import { runFiles } from "../core/paths.ts";
import type { Environment } from "../run/environment.ts";
import type { Config } from "../config/config.ts";
import type { Summary } from "../results/summary.ts";
import { assertSameResults, withToyDataset } from "../run/testing.ts";
import { outcome, stoppedOnceSaved, toyArgs } from "./testing.ts";

const cpu = listBackends().find(({ name }) => name === "cpu");
const withoutBf16 = !cpu?.detail.includes("bf16");
if (withoutBf16) console.log(`Runs in bf16 are not tested: the CPU here has ${cpu?.detail}`);

const readJson = <Value>(file: string) => JSON.parse(fs.readFileSync(file, "utf8")) as Value;

Deno.test({
  name: "a run in bf16 is recorded as such, follows one in fp32 and is resumed to the same bits",
  ignore: withoutBf16,
  fn: () =>
    withToyDataset(async ({ directory, data }) => {
      const at = (name: string) => path.join(directory, name);
      const bf16 = ["--precision", "bf16", "--epochs", "30"];
      const [exact, whole, stopped] = [at("fp32"), at("bf16"), at("stopped")];
      const first = await outcome([...toyArgs(data, exact), "--epochs", "30"]);
      assert.equal(first.code, 0, first.err);
      const second = await outcome([...toyArgs(data, whole), ...bf16, "--threads", "1"]);
      assert.equal(second.code, 0, second.err);
      assert.match(second.out, /cpu, AVX-512, bf16, 1 thread/);
      assert.equal(readJson<Config>(runFiles.config(whole)).precision, "bf16");
      assert.equal(readJson<Config>(runFiles.config(exact)).precision, "fp32");
      const { device } = readJson<Environment>(runFiles.environment(whole));
      assert.equal(device, "cpu: AVX-512, bf16, 1 thread");
      assert.match(fs.readFileSync(runFiles.timing(whole), "utf8"), /forward=dense-bf16/);

      const losses = (run: string) =>
        readJson<Summary>(runFiles.summary(run)).rounds[0]!.epochs.map(({ trainLoss }) =>
          trainLoss
        );
      const [a, b] = [losses(exact), losses(whole)];
      assert.notDeepEqual(a, b);
      assert.ok(a.at(-1)! < a[0]! / 2, `fp32 has not learnt: ${a}`);
      for (const [epoch, loss] of b.entries()) {
        assert.ok(
          Math.abs(loss - a[epoch]!) < 0.15 * a[0]!,
          `epoch ${epoch}: ${loss}, ${a[epoch]}`,
        );
      }

      const half = await stoppedOnceSaved([...toyArgs(data, stopped), ...bf16], stopped);
      assert.equal(half.code, 130, half.err);
      const other = await outcome(["--name", stopped, "--resume", "--precision", "fp32"]);
      assert.equal(other.code, 2);
      assert.match(other.err, /^error: .*precision: "bf16", not "fp32"/);
      // If the precision is not given again, the run keeps its own.
      const resumed = await outcome(["--name", stopped, "--resume"]);
      assert.equal(resumed.code, 0, resumed.err);
      assertSameResults(stopped, whole);

      const control = await outcome([
        ...[
          "control",
          "--run",
          whole,
          "--kind",
          "reinit",
          "--rounds",
          "1",
          "--name",
          at("control"),
        ],
      ]);
      assert.equal(control.code, 0, control.err);
      assert.equal(readJson<Config>(runFiles.config(at("control"))).precision, "bf16");
    }),
});

Deno.test("unavailable precisions and devices give one sentence and exit code 2", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const cases: [string[], RegExp][] = [
      [["--precision", "fp16"], /Allowed choices are fp32, tf32, bf16/],
      [["--precision", "tf32"], /Precision tf32 is not available on the CPU .*use precision fp32/],
      [["--device", "1"], /Cannot use device 1 of backend cpu: only GPUs are counted/],
      [["--device", "-1"], /whole number/],
    ];
    if (withoutBf16) cases.push([["--precision", "bf16"], /Precision bf16 is not available/]);
    for (const [args, message] of cases) {
      const { code, err } = await outcome([...toyArgs(data, run), ...args]);
      assert.equal(code, 2, `${args}: ${err}`);
      assert.match(err, message);
      assert.doesNotMatch(err, /\n\s+at /, `${args} shows a stack trace`);
      assert.ok(!fs.existsSync(run), `${args} leaves a run behind`);
    }
  }));
