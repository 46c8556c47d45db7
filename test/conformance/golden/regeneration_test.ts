/**
 * The golden files are what their scripts make: run again where Python has PyTorch.
 */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { decodeSafetensors, type TensorFile } from "../../../src/core/safetensors.ts";
import { OP_GOLDENS } from "./op_goldens.ts";
import { TRAINING_GOLDEN } from "./training_golden.ts";

const SCRIPTS = new URL("../../../scripts/golden/", import.meta.url);

/** A Python with PyTorch, or the reason why there is none. */
function findPython(): { program: string } | { reason: string } {
  const reasons: string[] = [];
  for (const program of ["python3", "/usr/bin/python3"]) {
    try {
      const { success, stderr } = new Deno.Command(program, { args: ["-c", "import torch"] })
        .outputSync();
      if (success) return { program };
      const lines = new TextDecoder().decode(stderr).trim().split("\n");
      reasons.push(`${program}: ${lines.at(-1)}`);
    } catch {
      reasons.push(`${program}: not found`);
    }
  }
  return { reason: reasons.join("; ") };
}

const python = findPython();
if ("reason" in python) {
  console.log(`  not tested: regeneration of the golden files (${python.reason})`);
}

function decode(file: string | URL): TensorFile {
  return decodeSafetensors(Deno.readFileSync(file), String(file));
}

/** Other versions of PyTorch and other processors add in another order, in float64. */
function assertSame(made: TensorFile, committed: TensorFile): void {
  assert.deepEqual([...made.tensors.keys()], [...committed.tensors.keys()]);
  for (const [name, { shape, data }] of committed.tensors) {
    const got = made.tensors.get(name)!;
    assert.deepEqual(got.shape, shape, name);
    assert.equal(got.data.constructor, data.constructor, name);
    for (let i = 0; i < data.length; i++) {
      const [a, b] = [Number(got.data[i]), Number(data[i])];
      const tolerance = data instanceof Float64Array ? 1e-12 * Math.max(1, Math.abs(b)) : 0;
      assert.ok(Math.abs(a - b) <= tolerance, `${name}[${i}] is ${a}, the committed file has ${b}`);
    }
  }
  assert.equal(made.metadata["settings"], committed.metadata["settings"]);
}

for (
  const { script, golden } of [
    { script: "make_ops.py", golden: OP_GOLDENS },
    { script: "make_training.py", golden: TRAINING_GOLDEN },
  ]
) {
  Deno.test({
    name: `${script} makes the committed golden file`,
    ignore: "reason" in python,
    fn: () => {
      assert.ok("program" in python);
      const file = Deno.makeTempFileSync({ suffix: ".safetensors" });
      try {
        const { success, stderr } = new Deno.Command(python.program, {
          args: [fileURLToPath(new URL(script, SCRIPTS)), file],
          env: { PYTHONDONTWRITEBYTECODE: "1" },
        }).outputSync();
        assert.ok(success, new TextDecoder().decode(stderr));
        assertSame(decode(file), decode(golden));
      } finally {
        Deno.removeSync(file);
      }
    },
  });
}
