import assert from "node:assert/strict";
import { analyse } from "./analyse.ts";
import { type Graph, prunableTensors, prunableWeights, tensorsOf } from "./graph.ts";
import { graphProblems } from "./graph_problems.ts";
import { resnet1dGraph } from "./networks/resnet1d.ts";

import { hopOf } from "./resnet1d.ts";
import { reachOf, shapeLayers, tensorShapes } from "./shape.ts";

const SIZES = [
  { filters: 32, kernel: 16, blocks: 16, blocksPerStage: 4, classes: 4 },
  { filters: 3, kernel: 5, blocks: 7, blocksPerStage: 3, classes: 2 },
  { filters: 4, kernel: 1, blocks: 1, blocksPerStage: 1, classes: 3 },
  { filters: 2, kernel: 3, blocks: 17, blocksPerStage: 5, classes: 4 },
];

Deno.test("the ResNet's graph has the tensors, shapes, hop and reach of the layers written out", () => {
  for (const size of SIZES) {
    const graph = resnet1dGraph(size);
    assert.deepEqual(tensorsOf(graph), tensorShapes(size));

    assert.deepEqual(graphProblems(graph), []);
    const { hop, reach, classes, nodes } = analyse(graph);
    assert.deepEqual({ hop, reach, classes }, {
      hop: hopOf(size),
      reach: reachOf(size),
      classes: size.classes,
    });
    const layers = nodes.filter(({ node }) => node.op !== "shortcut").map((
      { node, inChannels, outChannels },
    ) =>
      node.op === "conv"
        ? {
          kind: "conv",
          name: node.name,
          inChannels,
          outChannels,
          kernel: node.kernel,
          stride: node.stride,
        }
        : { kind: "norm", name: node.name, channels: outChannels }
    );
    assert.deepEqual(layers, shapeLayers(size));
  }
  assert.equal(prunableWeights(resnet1dGraph(SIZES[0]!)), 10_454_528);
});

Deno.test("an analysed graph knows readers, sums, channels and samples per position", () => {
  const { nodes } = analyse(resnet1dGraph({ ...SIZES[0]!, blocks: 2, blocksPerStage: 1 }));
  const view = nodes.map(({ node, input, add, inChannels, outChannels, readers, ...rest }) => [
    node.name,
    [input, add, inChannels, outChannels],
    [rest.samplesPerInput, rest.samplesPerOutput, rest.reach],
    readers,
  ]);
  assert.deepEqual(view, [
    ["stem", [-1, null, 1, 32], [1, 1, 15], [1]],
    ["stem.norm", [0, null, 32, 32], [1, 1, 15], [2, 4]],
    ["block0.conv1", [1, null, 32, 32], [1, 1, 30], [3]],
    ["block0.norm2", [2, null, 32, 32], [1, 1, 30], [4]],
    ["block0.conv2", [3, 1, 32, 32], [1, 1, 45], [5, 8]],
    ["block1.norm1", [4, null, 32, 32], [1, 1, 45], [6]],
    ["block1.conv1", [5, null, 32, 64], [1, 2, 60], [7]],
    ["block1.norm2", [6, null, 64, 64], [2, 2, 60], [9]],
    ["block1.shortcut", [4, null, 32, 64], [1, 2, 45], [9]],
    ["block1.conv2", [7, 8, 64, 64], [2, 2, 90], [10]],
    ["head.norm", [9, null, 64, 64], [2, 2, 90], [11]],
    ["head", [10, null, 64, 4], [2, 2, 90], []],
  ]);
});

Deno.test("a shortcut that reads the recording itself can be added", () => {
  const graph: Graph = {
    name: "wide",
    nodes: [
      { op: "shortcut", name: "wide", input: "input", channels: 3, stride: 2 },
      {
        op: "conv",
        name: "head",
        input: "input",
        channels: 3,
        kernel: 4,
        stride: 2,
        add: "wide",
      },
    ],
  };
  assert.deepEqual(graphProblems(graph), []);
  assert.deepEqual(prunableTensors(graph), [{ name: "head.weight", shape: [3, 1, 4] }]);
  const { nodes, hop, reach } = analyse(graph);
  assert.deepEqual([nodes[1]!.input, nodes[1]!.add, hop, reach], [-1, 0, 2, 3]);
});
