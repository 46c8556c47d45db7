import assert from "node:assert/strict";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import * as fs from "node:fs";
import * as path from "node:path";
import { madeNetwork, madeSamples } from "./made_network.ts";
import { openInference } from "./network.ts";
import { decodeSafetensors, encodeSafetensors } from "../core/safetensors.ts";
import { encodePytorch } from "./pytorch.ts";
import { LTH_ECG_PY, pythonHas, runPython } from "./testing_programs.ts";

const SHAPE = { filters: 4, kernel: 16, blocks: 5, blocksPerStage: 2, classes: 3 };

const hasTorch = pythonHas(["torch"], "exports are not loaded into PyTorch");

Deno.test({
  name: "PyTorch gives our logits from a dense, a sparse and an older file",
  ignore: !hasTorch,
  fn: () => {
    const directory = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "pytorch-"));
    try {
      const network = madeNetwork(resnet1dGraph(SHAPE), {
        density: 0.2,
        maskKind: "uniform",
        seed: 3,
      });
      network.tensors.get("block1.conv1.weight")!.fill(0); // an empty list of survivors
      const samples = madeSamples(513);
      using inference = openInference(network);
      const expected = inference.run(samples);
      const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
      const [model, input, output] = ["model", "input", "output"].map((name) =>
        path.join(directory, name)
      ) as [string, string, string];
      fs.writeFileSync(input, new Uint8Array(samples.buffer));
      for (const [sparse, before] of [[false, false], [true, false], [true, true]] as const) {
        const bytes = encodePytorch(network, { sparse });
        fs.writeFileSync(model, before ? asBefore(bytes) : bytes);
        const { success, text } = runPython(LTH_ECG_PY, "logits", model, input, output);
        assert.ok(success, text);
        const answer = fs.readFileSync(output);
        const logits = new Float32Array(new Uint8Array(answer).buffer);
        assert.equal(logits.length, expected.length);
        logits.forEach((x, i) => {
          assert.ok(Math.abs(x - expected[i]!) <= 1e-5 * largest, `${sparse} ${before} ${i}: ${x}`);
        });
      }
    } finally {
      fs.rmSync(directory, { recursive: true });
    }
  },
});

/** The file in the older format for residual networks: with sizes instead of nodes. */
function asBefore(bytes: Uint8Array): Uint8Array {
  const { tensors, metadata } = decodeSafetensors(bytes, "it");
  const { epsilon } = JSON.parse(metadata["network"]!);
  const network = JSON.stringify({ ...SHAPE, epsilon });
  return encodeSafetensors({ tensors, metadata: { ...metadata, network } });
}
