/**
 * Every op of every backend against the float64 reference. A failing case prints the command that
 * reruns it alone. LTH_TEST_SHARE=n tests about every n-th case, for slow devices.
 */
import assert from "node:assert/strict";
import { loadAddon } from "../../src/addon/addon.ts";
import type { NativeDevice } from "../../src/addon/native.ts";
import { compare, type Verdict } from "./comparison.ts";
import { type Candidate, candidates } from "./devices.ts";
import { messageOf } from "../../src/core/errors.ts";
import { type Check, loadSuites, selectSuites, shareOf } from "./suite.ts";

const SUITES = await loadSuites();
const RERUN = "LTH_CASE='{}' deno test -A test/conformance/conformance_test.ts";
const MOST_FAILURES_SHOWN = 5;
const SHARE = Number(Deno.env.get("LTH_TEST_SHARE") ?? 1);

/** The results of a device's comparisons for one op. */
interface Tally {
  elements: number;
  failures: string[];
  /** By quantity, the verdict nearest to its limit. */
  worst: Map<string, Verdict>;
}

async function check(run: Check, on: { device: NativeDevice; text: string; tally: Tally }) {
  const { device, text, tally } = on;
  try {
    for (const verdict of (await run(device)).map(compare)) {
      tally.elements += verdict.count;
      if (verdict.failure !== null) tally.failures.push(`${verdict.failure}\n    ${rerun(text)}`);
      const { quantity, ratio, limit } = verdict;
      const worst = tally.worst.get(quantity);
      if (limit > 0 && (!worst || ratio / limit > worst.ratio / worst.limit)) {
        tally.worst.set(quantity, verdict);
      }
    }
  } catch (error) {
    tally.failures.push(`${messageOf(error)}\n    ${rerun(text)}`);
  }
}

function rerun(text: string): string {
  return RERUN.replace("{}", text);
}

function summary(name: string, tally: Tally): string {
  const worst = [...tally.worst.values()].map(({ quantity, ratio, limit }) =>
    `${quantity} ${ratio.toPrecision(2)} of ${limit}`
  );
  const roundings = worst.length > 0 ? `; most roundings: ${worst.join(", ")}` : ", all exact";
  return `  ${name}: ${tally.elements} elements${roundings}`;
}

Deno.test("every backend computes what the reference computes", async (t) => {
  const known: Candidate[] = await candidates(loadAddon());
  for (const { name, absence } of known) {
    if (absence !== null) console.log(`  not tested: ${name} (${absence})`);
  }
  const present = known.filter(({ absence }) => absence === null);
  assert.ok(present.length > 0, "No backend can be tested here");

  for (const { op, cases: all } of selectSuites(SUITES, Deno.env.get("LTH_CASE"))) {
    const cases = shareOf(all, SHARE);
    await t.step(`${op}: ${cases.length} cases`, async () => {
      const addon = loadAddon();
      const devices = present.map(({ name, options }) => ({
        name,
        device: new addon.Device(options),
        tally: { elements: 0, failures: [], worst: new Map() } as Tally,
      }));
      try {
        for (const { text, prepare } of cases) {
          const run = prepare();
          for (const { device, tally } of devices) await check(run, { device, text, tally });
        }
      } finally {
        for (const { device } of devices) await device.close();
      }
      const failures = devices.flatMap(({ name, tally }) =>
        tally.failures.map((failure) => `${name}: ${failure}`)
      );
      const shown = failures.slice(0, MOST_FAILURES_SHOWN).join("\n  ");
      assert.equal(
        failures.length,
        0,
        `${failures.length} comparisons failed, such as\n  ${shown}`,
      );
      for (const { name, tally } of devices) {
        assert.ok(tally.elements > 0, `Nothing was compared on ${name}`);
        console.log(summary(name, tally));
      }
    });
  }
});
