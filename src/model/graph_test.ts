import assert from "node:assert/strict";
import { analyse } from "./analyse.ts";
import { type Graph, prunableTensors, prunableWeights, tensorsOf } from "./graph.ts";
import { graphProblems } from "./graph_problems.ts";
import { resnet1dGraph } from "./networks/resnet1d.ts";

const SIZES = [
  { filters: 32, kernel: 16, blocks: 16, blocksPerStage: 4, classes: 4 },
  { filters: 3, kernel: 5, blocks: 7, blocksPerStage: 3, classes: 2 },
  { filters: 4, kernel: 1, blocks: 1, blocksPerStage: 1, classes: 3 },
  { filters: 2, kernel: 3, blocks: 17, blocksPerStage: 5, classes: 4 },
];

Deno.test("the residual network's tensors have these names and shapes, in this order", () => {
  const graph = resnet1dGraph({ filters: 2, kernel: 5, blocks: 3, blocksPerStage: 2, classes: 4 });
  const norm = (name: string, channels: number) =>
    ["gamma", "beta", "running_mean", "running_variance"].map((tensor) =>
      `${name}.${tensor} ${channels}`
    );
  assert.deepEqual(tensorsOf(graph).map(({ name, shape }) => `${name} ${shape.join(" x ")}`), [
    "stem.weight 2 x 1 x 5",
    "stem.bias 2",
    ...norm("stem.norm", 2),
    "block0.conv1.weight 2 x 2 x 5",
    "block0.conv1.bias 2",
    ...norm("block0.norm2", 2),
    "block0.conv2.weight 2 x 2 x 5",
    "block0.conv2.bias 2",
    ...norm("block1.norm1", 2),
    "block1.conv1.weight 2 x 2 x 5",
    "block1.conv1.bias 2",
    ...norm("block1.norm2", 2),
    "block1.conv2.weight 2 x 2 x 5",
    "block1.conv2.bias 2",
    ...norm("block2.norm1", 2),
    "block2.conv1.weight 4 x 2 x 5",
    "block2.conv1.bias 4",
    ...norm("block2.norm2", 4),
    "block2.conv2.weight 4 x 4 x 5",
    "block2.conv2.bias 4",
    ...norm("head.norm", 4),
    "head.weight 4 x 4 x 1",
    "head.bias 4",
  ]);
  assert.deepEqual(
    prunableTensors(graph).map(({ name }) => name),
    tensorsOf(graph).map(({ name }) => name).filter((name) => name.endsWith(".weight")),
  );
});

Deno.test("the residual network is valid at any size; its strides and reach follow from its blocks", () => {
  for (const size of SIZES) {
    const graph = resnet1dGraph(size);
    assert.deepEqual(graphProblems(graph), []);
    const { hop, reach, classes, nodes } = analyse(graph);
    assert.deepEqual([hop, classes], [2 ** Math.floor(size.blocks / 2), size.classes]);
    const strides = nodes.map(({ node }) => node.op === "conv" ? node.stride : 0);
    assert.equal(strides.filter((stride) => stride > 0).length, 2 + 2 * size.blocks);
    // Samples per position that the stem and the two convolutions of each block read.
    let positions = 1;
    for (let i = 0; i < size.blocks; i++) {
      positions += 2 ** Math.floor(i / 2) + 2 ** Math.ceil(i / 2);
    }
    assert.equal(reach, (size.kernel - 1) * positions);
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
