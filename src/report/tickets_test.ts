import assert from "node:assert/strict";
import { collect } from "./collect.ts";
import type { ReportData } from "./data.ts";
import { fixtureSummary } from "./fixture.ts";
import { fixtureExtras } from "./fixture_extras.ts";
import { reportPage } from "./page.ts";
import { filtersAreCounted } from "./tickets.ts";

Deno.test("filters of the dense round alone are no result of a run that prunes", () => {
  const summary = fixtureSummary({ rounds: 4 });
  const extras = fixtureExtras(summary);
  const data = collect(summary, null, extras);
  const dense: ReportData = {
    ...data,
    rounds: data.rounds.map((own) => own.round === 0 ? own : { ...own, filters: null }),
  };
  assert.ok(data.rounds.every(({ filters }) => filters !== null));
  assert.equal(filtersAreCounted(data), true);
  assert.equal(filtersAreCounted(dense), false);
  assert.equal(filtersAreCounted({ ...dense, rounds: dense.rounds.slice(0, 1) }), true);
  const page = reportPage({ summary, data: dense, environment: null, extras, ecg: null });
  assert.match(page, /Filters that the masks cut off were not counted\./);
  assert.doesNotMatch(page, /data-figure="filters"|<th scope="col" class="idle">/);
});
