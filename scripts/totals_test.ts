import assert from "node:assert/strict";
import { add, NONE, parseCtest, parseDenoTest, totalsLine } from "./totals.ts";

const CTEST = `
test 1
    Start 1: conv1d_test
1: Test command: /x/build/conv1d_test
1: forward: 7 cases
1: 20 passed, 0 failed
1/3 Test #1: conv1d_test ......................   Passed    0.40 sec
test 2
    Start 2: norm_test
2: norm.cc:3: got 1, expected 2
2: 4 passed, 2 failed, 1 skipped
2/3 Test #2: norm_test ........................***Failed    0.01 sec
test 3
    Start 3: pool_test
3/3 Test #3: pool_test ........................***Exception: SegFault  0.02 sec

33% tests passed, 2 tests failed out of 3
`;

Deno.test("parseCtest adds the executables' totals and counts one that died", () => {
  assert.deepEqual(parseCtest(CTEST), { passed: 24, failed: 3, skipped: 1 });
});

Deno.test("parseCtest counts an executable without totals, or with false totals, as a failure", () => {
  assert.deepEqual(parseCtest("1/1 Test #1: a_test ..........   Passed    0.40 sec\n"), {
    ...NONE,
    failed: 1,
  });
  const lying = "1: 5 passed, 0 failed\n1/1 Test #1: a_test ...........***Failed    0.40 sec\n";
  assert.deepEqual(parseCtest(lying), { ...NONE, passed: 5, failed: 1 });
});

Deno.test("parseDenoTest reads the last totals", () => {
  assert.deepEqual(parseDenoTest("a ... ok (1ms)\n\nok | 12 passed | 0 failed (3s)\n"), {
    passed: 12,
    failed: 0,
    skipped: 0,
  });
  const full = "FAILED | 3 passed (10 steps) | 2 failed (1 step) | 4 ignored (1 step) (12ms)\n";
  assert.deepEqual(parseDenoTest(full), { passed: 3, failed: 2, skipped: 4 });
});

Deno.test("parseDenoTest counts a run without totals as a failure", () => {
  assert.deepEqual(parseDenoTest("error: Type checking failed.\n"), { ...NONE, failed: 1 });
});

Deno.test("totals add up to the line that ends a run", () => {
  const sum = add({ passed: 1, failed: 2, skipped: 3 }, { passed: 10, failed: 20, skipped: 30 });
  assert.equal(totalsLine(sum), "11 passed, 22 failed, 33 skipped");
});
