/**
 * Parts of `deno task test` for the fast loop.
 *
 * @module
 */

/**
 * Tests that train whole runs, start other processes or open a browser. All other tests together take less than
 * a minute.
 */
export const SLOW: readonly string[] = [
  "test",
  "bench",
  "python",
  "src/cli",
  "src/run",
  "src/addon/cuda_test.ts",
  "src/compare/page_test.ts",
  "src/export/c_test.ts",
  "src/export/page/page_test.ts",
  "src/predict/prediction_page_test.ts",
  "src/report/ecg/page_test.ts",
  "src/report/index_page_test.ts",
  "src/report/page_test.ts",
  "src/report/print_test.ts",
  "src/report/serve_test.ts",
  "src/report/single_page_test.ts",
  "src/statistics/crossed_test.ts",
  "scripts/check_references_test.ts",
  "scripts/containers_test.ts",
  "scripts/prebuild_test.ts",
  "scripts/verify_cuda_test.ts",
];

/** A part: whether native tests run, alone and under sanitizers, and the arguments of `deno test`. */
export interface Part {
  readonly native: boolean;
  readonly sanitized: boolean;
  readonly deno: readonly string[] | null;
}

/** Parts by name; without a name everything runs. */
export const PARTS = {
  unit: { native: false, sanitized: false, deno: ["--parallel", `--ignore=${SLOW.join(",")}`] },
  slow: { native: false, sanitized: false, deno: SLOW },
  native: { native: true, sanitized: true, deno: null },
  all: { native: true, sanitized: true, deno: [] },
} as const satisfies Record<string, Part>;

/** The part that the first argument names, and the remaining arguments, for `deno test`. */
export function partOf(args: readonly string[]): { part: Part; rest: readonly string[] } {
  const [first, ...rest] = args;
  const name = /^--part=(.*)$/.exec(first ?? "")?.[1];
  if (name === undefined) return { part: PARTS.all, rest: args };
  if (!Object.hasOwn(PARTS, name)) {
    throw new Error(`There is no part ${name}; expected one of ${Object.keys(PARTS).join(", ")}`);
  }
  return { part: PARTS[name as keyof typeof PARTS], rest };
}
