import assert from "node:assert/strict";
import { openDevice } from "../addon/select.ts";
import { PRESETS } from "../config/presets.ts";
import { prunableShapes, prunableWeights } from "./prunable_shapes.ts";
import { ResNet1d } from "./resnet1d.ts";

Deno.test("names and shapes are those of the network that is built", async () => {
  const device = openDevice({ backend: "cpu" });
  try {
    const { network } = PRESETS.quick;
    const norm = { epsilon: network.normEpsilon, momentum: network.normMomentum };
    const variants = [{}, { blocks: 1 }, { blocks: 7, blocksPerStage: 3, filters: 3, kernel: 5 }];
    for (const changes of variants) {
      const config = { ...network, classes: 4, norm, ...changes };
      using net = new ResNet1d(device, config);
      assert.deepEqual(
        prunableShapes(config),
        net.prunable.map(({ name, parameter }) => ({ name, shape: [...parameter.shape] })),
      );
    }
  } finally {
    await device.close();
  }
});

Deno.test("the full network has the published number of prunable weights", () => {
  assert.equal(prunableWeights({ ...PRESETS.cinc2017.network, classes: 4 }), 10_454_528);
});
