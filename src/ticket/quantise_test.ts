import assert from "node:assert/strict";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { madeNetwork } from "./made_network.ts";
import { quantiseNetwork } from "./quantise.ts";

Deno.test("weights become whole multiples of their channel's unit, the largest 127 of them", () => {
  const shape = { filters: 3, kernel: 2, blocks: 1, blocksPerStage: 1, classes: 2 };
  const network = madeNetwork(resnet1dGraph(shape), { density: 1, maskKind: "uniform", seed: 1 });
  const weight = network.tensors.get("stem.weight")!; // [3, 1, 2]
  weight.set([0.5, -1.27, 0, 0, 0.004, -0.0015]);
  const { tensors, units } = quantiseNetwork(network);
  const unit = units!.get("stem")!;
  const rounded = tensors.get("stem.weight")!;
  const whole = [...rounded].map((value, i) => {
    const each = unit[Math.floor(i / 2)]!;
    return each > 0 ? value / each : value;
  });
  assert.deepEqual(whole.map(Math.round), [50, -127, 0, 0, 127, -48]);
  whole.forEach((value) => assert.ok(Math.abs(value - Math.round(value)) < 1e-4));
  weight.forEach((value, i) => {
    assert.ok(Math.abs(rounded[i]! - value) <= unit[Math.floor(i / 2)]! * 0.501);
  });
  assert.equal(unit[1], 0);
  assert.deepEqual(tensors.get("stem.bias"), network.tensors.get("stem.bias"));
});
