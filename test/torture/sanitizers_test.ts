import assert from "node:assert/strict";
import { read } from "./sanitizers.ts";

const SOUND = `1: 12 passed, 0 failed
1/2 Test #1: gather_test ......   Passed    0.10 sec
2: 30 passed, 0 failed
2/2 Test #2: program_test .....   Passed    1.10 sec
`;

Deno.test("test programs, checks and findings are read from the script's output", () => {
  assert.deepEqual(read(SOUND, 0), { count: 2, findings: [], detail: "42 checks" });
  const broken = SOUND.replace(
    "2/2 Test #2: program_test .....   Passed ",
    "2/2 Test #2: program_test .....***Failed ",
  );
  assert.deepEqual(read(broken, 1).findings, ["program_test: ***Failed"]);
  assert.deepEqual(read("error: no such file\n", 1).findings, ["error: no such file"]);
  assert.deepEqual(read("SKIPPED: no runtime\n", 77).count, 0);
});
