import assert from "node:assert/strict";
import { noiseDataset } from "../training/testing.ts";
import { presetConfig } from "../config/presets.ts";
import { graphFile } from "../model/graph_file.ts";
import { applyOverrides } from "./resolve.ts";
import { workbenchConfig } from "./workbench_config.ts";

Deno.test("balanced class weights give each class the same share, and steps a mean weight of 1", () => {
  const dataset = noiseDataset();
  const config = applyOverrides(presetConfig("quick", "cpu"), { classWeights: "balanced" });
  const { classWeights } = workbenchConfig(config, dataset).loss;
  const { labels, lengths } = dataset.splits.train;
  const steps = [0, 0, 0, 0];
  labels.forEach((label, i) => steps[label]! += lengths[i]! / 256);
  const shares = steps.map((count, c) => count * classWeights![c]!);
  const all = steps.reduce((sum, count) => sum + count, 0);
  for (const share of shares) assert.ok(Math.abs(share - all / 4) < 1e-12, `${shares}`);

  // A class without records has weight 0.
  const records = {
    ...dataset.splits.train,
    labels: labels.map((label) => label === 3 ? 0 : label),
  };
  const without = { ...dataset, splits: { ...dataset.splits, train: records } };
  assert.equal(workbenchConfig(config, without).loss.classWeights![3], 0);
});

Deno.test("a list of class weights must have one for each class", () => {
  const dataset = noiseDataset();
  const quick = presetConfig("quick", "cpu");
  const { loss } = workbenchConfig(applyOverrides(quick, { classWeights: [1, 2, 3, 0] }), dataset);
  assert.deepEqual(loss.classWeights, [1, 2, 3, 0]);
  assert.throws(
    () => workbenchConfig(applyOverrides(quick, { classWeights: [1, 2] }), dataset),
    /Cannot use 2 class weights: the data set has 4 classes, A, N, O, ~/,
  );
});

Deno.test("augmentation is converted with the data set's own rate", () => {
  const config = applyOverrides(presetConfig("quick", "cpu"), {
    ...{ crop: 10, wander: [0, 0.1], wanderFrequency: [0.5, 2], masks: [1, 0.5], bursts: [5, 0.1] },
  });
  const at = (sampleRate: number) => workbenchConfig(config, { ...noiseDataset(), sampleRate });
  const [usual, slow] = [at(300), at(200)];
  assert.deepEqual([usual.longest, slow.longest], [2816, 1792]);
  assert.deepEqual(slow.augment?.wander?.frequency, [0.0025, 0.01]);
  assert.deepEqual(slow.augment?.bursts, { probability: 0.025, length: 20 });
  assert.deepEqual([usual.augment?.masks?.length, slow.augment?.masks?.length], [150, 100]);
});

Deno.test("a head that adds a node of other than the data set's channels is refused in a sentence", () => {
  const config = (channels: number) => {
    const graph = graphFile.parse({
      name: "sum",
      nodes: [
        { op: "conv", name: "first", channels, kernel: 3, stride: 2 },
        { op: "conv", name: "head", channels: "classes", kernel: 3, add: "first" },
      ],
    });
    const quick = presetConfig("quick", "cpu");
    return { ...quick, network: { ...quick.network, graph } };
  };
  assert.equal(workbenchConfig(config(4), noiseDataset()).network.graph.nodes.length, 2);
  assert.throws(
    () => workbenchConfig(config(2), noiseDataset()),
    {
      name: "UsageError",
      message: "Cannot use the network sum with the 4 classes of the data set, A, N, O, ~: " +
        'convolution "head" has 4 channels with a total stride of 2 and adds "first", which has 2 ' +
        "channels with a total stride of 2; both must be the same",
    },
  );
});
