/**
 * Reads the totals out of the test runners' output.
 *
 * @module
 */

/** Outcome of a test run. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Totals of no tests. */
export const NONE: Totals = { passed: 0, failed: 0, skipped: 0 };

/** Totals of two runs together. */
export function add(a: Totals, b: Totals): Totals {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}

/** The line that ends a test run. */
export function totalsLine({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

/**
 * Totals of `ctest -V`: each executable ends with `N passed, N failed` (and `, N skipped`). An executable
 * that ends without totals, or fails although its totals have no failure, counts as one failure.
 */
export function parseCtest(output: string): Totals {
  let totals = NONE;
  const reported = new Map<string, Totals>();
  for (const line of output.split(/\r?\n/)) {
    const own = /^(\d+): (\d+) passed, (\d+) failed(?:, (\d+) skipped)?\s*$/.exec(line);
    if (own) {
      const each = { passed: Number(own[2]), failed: Number(own[3]), skipped: Number(own[4] ?? 0) };
      reported.set(own[1]!, add(reported.get(own[1]!) ?? NONE, each));
      totals = add(totals, each);
    }
    const end = /^\s*\d+\/\d+ Test\s+#(\d+): \S+ \.*\s*(\S.*?)\s+[\d.]+ sec/.exec(line);
    if (end) {
      const each = reported.get(end[1]!);
      const sound = end[2] === "Passed" && each !== undefined;
      if (!sound && (each?.failed ?? 0) === 0) totals = add(totals, { ...NONE, failed: 1 });
    }
  }
  return totals;
}

/**
 * Totals of `deno test` with NO_COLOR; steps are not counted. No totals at all (a module that does not
 * compile) count as one failure.
 */
export function parseDenoTest(output: string): Totals {
  const pattern =
    /^(?:ok|FAILED) \| (\d+) passed(?: \([^)]*\))? \| (\d+) failed(?: \([^)]*\))?(?: \| (\d+) ignored(?: \([^)]*\))?)?/gm;
  const last = [...output.matchAll(pattern)].at(-1);
  if (!last) return { ...NONE, failed: 1 };
  return { passed: Number(last[1]), failed: Number(last[2]), skipped: Number(last[3] ?? 0) };
}
