/** Who reads a page may not have the program: no page names an option or a command. */
import assert from "node:assert/strict";
import { comparisonPage } from "./page.ts";
import { writeRun } from "./fixture.ts";
import { compareDirectories, withDirectory } from "./testing.ts";
import type { Summary } from "../results/summary.ts";
import { collect } from "../report/collect.ts";
import type { Extras } from "../report/extras.ts";
import { fixtureSummary } from "../report/fixture.ts";
import { fixtureExtras } from "../report/fixture_extras.ts";
import { reportPage } from "../report/page.ts";

/** The text that a reader sees before the scripts run. */
function wordsOf(page: string): string {
  return page.replace(/<(script|style)[^]*?<\/\1>/g, "").replace(/<[^>]*>/g, " ");
}

function assertNoCommands(page: string): void {
  const found = wordsOf(page).match(/.{0,80}(\s--[a-z]|deno task).{0,40}/g);
  assert.equal(found, null);
}

Deno.test("a report names no options or commands, whatever it lacks", () => {
  const bare = fixtureSummary({ rounds: 4 });
  for (const { dev, test } of bare.rounds) {
    delete dev.calibration;
    delete test!.calibration;
  }
  const control = { ...fixtureSummary({ rounds: 3 }), control: { kind: "reorder", base: "r" } };
  const unfinished = { ...fixtureSummary({ rounds: 2 }), complete: false, testHidden: true };
  const full = fixtureSummary({ rounds: 5 });
  const cases: [Summary, Extras][] = [
    [bare, {}],
    [control as Summary, {}],
    [unfinished, {}],
    [full, fixtureExtras(full)],
  ];
  for (const [summary, extras] of cases) {
    const data = collect(summary, null, extras);
    assertNoCommands(reportPage({ summary, data, environment: null, extras, ecg: null }));
  }
});

Deno.test("a comparison's page names no options or commands; its hints do", () =>
  withDirectory((directory) => {
    const runs = (["weight-rewind", "lr-rewind"] as const).map((mode) =>
      writeRun(directory, {
        ...{ name: mode, mode },
        change: ({ config }) => {
          config["score"] = {
            decision: mode === "lr-rewind" ? "mean" : "vote",
            priorExponent: 0,
            priorUnit: "records",
          };
        },
      })
    );
    const comparison = compareDirectories(runs);
    const { hints } = comparison;
    assert.equal(hints.length, 3, hints.join("\n"));
    for (const hint of hints) assert.match(hint, /--[a-z]/);
    assertNoCommands(comparisonPage(comparison));
  }));
