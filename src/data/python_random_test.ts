import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { PythonRandom } from "./python_random.ts";

function range(n: number): number[] {
  return Array.from({ length: n }, (_, i) => i);
}

// The golden numbers below were printed by CPython 3.11.7:
// python3 -c 'import random
// random.seed(2018); print([random.getrandbits(32) for _ in range(4)])
// for s, n in (2018, 20), (0, 10), (2**40 + 5, 10): random.seed(s); x = list(range(n)); random.shuffle(x); print(x)
// random.seed(2018); x = list(range(8528)); random.shuffle(x); print(x[:8], x[851:854], x[-2:])
// random.seed(2018); [random.getrandbits(32) for _ in range(1250)]; print(random.getrandbits(7))'

Deno.test("the words after seed(2018) are Python's, also after two refills of the state", () => {
  const random = new PythonRandom(2018);
  const words = [2289895903, 547268981, 118925551, 1734133243];
  assert.deepEqual(words.map(() => random.getrandbits(32)), words);
  for (let i = 4; i < 1250; i++) random.getrandbits(32);
  assert.equal(random.getrandbits(7), 2);
});

Deno.test("shuffles are Python's", () => {
  const shuffled = (seed: number, n: number) => new PythonRandom(seed).shuffle(range(n));
  const twenty = [2, 18, 14, 5, 15, 7, 13, 11, 19, 10, 3, 16, 8, 6, 1, 9, 12, 0, 4, 17];
  assert.deepEqual(shuffled(2018, 20), twenty);
  assert.deepEqual(shuffled(0, 10), [7, 8, 1, 5, 3, 4, 2, 0, 9, 6]);
  assert.deepEqual(shuffled(2 ** 40 + 5, 10), [1, 2, 3, 6, 7, 0, 5, 4, 9, 8]);
  assert.deepEqual(shuffled(-2018, 20), twenty);
  const all = shuffled(2018, 8528);
  assert.deepEqual(all.slice(0, 8), [1751, 7002, 4975, 8022, 5573, 4577, 7705, 8004]);
  assert.deepEqual(all.slice(851, 854), [5238, 3514, 3699]);
  assert.deepEqual(all.slice(-2), [453, 2087]);
});

Deno.test("seeds and bit counts that Python would treat differently are refused", () => {
  assert.throws(() => new PythonRandom(0.5), RangeError);
  assert.throws(() => new PythonRandom(2 ** 53), RangeError);
  assert.throws(() => new PythonRandom(1).getrandbits(33), RangeError);
});

const python = spawnSync("python3", ["--version"]).status === 0;

Deno.test({
  name: `python3 shuffles alike${python ? "" : " (skipped: no python3 here)"}`,
  ignore: !python,
  fn() {
    const cases = [[2018, 8528], [1, 1], [7, 2], [123456789, 1000], [2 ** 53 - 1, 257]] as const;
    const script = "import json, random, sys\nout = []\n" +
      "for s, n in json.loads(sys.argv[1]):\n" +
      "    random.seed(s); x = list(range(n)); random.shuffle(x); out.append(x)\n" +
      "print(json.dumps(out))";
    const run = spawnSync("python3", ["-c", script, JSON.stringify(cases)], { encoding: "utf8" });
    assert.equal(run.status, 0, run.stderr);
    const ours = cases.map(([seed, n]) => new PythonRandom(seed).shuffle(range(n)));
    assert.deepEqual(ours, JSON.parse(run.stdout));
  },
});
