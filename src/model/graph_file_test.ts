import assert from "node:assert/strict";
import { analyse } from "./analyse.ts";
import { graphFile, graphOf, graphSentences } from "./graph_file.ts";
import { resnet1dGraph } from "./networks/resnet1d.ts";

const FIRST = { op: "conv", name: "first", channels: 8, kernel: 16, stride: 2 };
const NORM = { op: "norm", name: "first.norm" };
const HEAD = { op: "conv", name: "head", channels: "classes", kernel: 1 };
const file = (...nodes: unknown[]) => ({ name: "tiny", nodes });

Deno.test("the defaults of a file are the previous node, stride 1, a ReLU and no dropout", () => {
  const parsed = graphFile.parse(file(FIRST, { ...NORM, dropout: "rate" }, HEAD));
  assert.deepEqual(graphFile.parse(parsed), parsed);
  assert.deepEqual(graphOf(parsed, { classes: 4, dropout: 0.25 }).nodes, [
    { op: "conv", name: "first", input: "input", channels: 8, kernel: 16, stride: 2 },
    { op: "norm", name: "first.norm", input: "first", relu: true, dropout: 0.25 },
    { op: "conv", name: "head", input: "first.norm", channels: 4, kernel: 1, stride: 1 },
  ]);
  assert.equal(analyse(graphOf(parsed, { classes: 4, dropout: 0 })).hop, 2);
});

Deno.test("the ResNet written as a file is the same graph", () => {
  const graph = resnet1dGraph({
    filters: 4,
    kernel: 16,
    blocks: 16,
    blocksPerStage: 4,
    classes: 4,
    dropout: 0.2,
  });
  const parsed = graphFile.parse(JSON.parse(JSON.stringify(graph)));
  assert.deepEqual(graphOf(parsed, { classes: 4, dropout: 0 }), graph);
});

Deno.test("a head may add a node, whose channels are then the classes", () => {
  const sum = (channels: number) =>
    file({ ...FIRST, channels }, NORM, { ...HEAD, add: "first.norm" });
  for (const classes of [2, 4]) {
    const parsed = graphFile.parse(sum(classes));
    assert.equal(analyse(graphOf(parsed, { classes, dropout: 0 })).classes, classes);
  }
  const strides = graphFile.safeParse(file(FIRST, { ...HEAD, stride: 2, add: "first" }));
  assert.match(
    strides.error!.message,
    /\"head\\" has 8 channels with a total stride of 4 and adds/,
  );
});

const halving = (name: string) => ({ op: "conv", name, channels: 2, kernel: 3, stride: 2 });
const WIDE = { op: "conv", name: "wide", input: "first", channels: 16, kernel: 3 };
const MISTAKES: readonly [mistake: string, value: unknown, sentence: RegExp][] = [
  ["no object", [], /^expected an object in braces, not \[\]$/],
  ["no list of nodes", { name: "tiny" }, /^nodes: expected a list in brackets, but it is missing$/],
  ["a node that is null", file(null, HEAD), /^node 1: expected an object in braces, not null$/],
  [
    "a node without a name",
    file({ ...FIRST, name: undefined }, HEAD),
    /^node 1: name: expected a text in quotes, but it is missing$/,
  ],
  [
    "a number for an input",
    file({ ...FIRST, input: 7 }, HEAD),
    /^node 1 \("first"\): input: expected a text in quotes, not 7$/,
  ],
  ["no nodes", file(), /^nodes: expected at least one node, the head$/],
  [
    "unknown field",
    file({ ...FIRST, dilation: 2 }, HEAD),
    /^node 1 \("first"\): Unrecognized key: "dilation"$/,
  ],
  [
    "unknown op",
    file({ op: "lstm", name: "a" }, HEAD),
    /^node 1 \("a"\): unknown op "lstm"; write one of conv, norm, shortcut$/,
  ],
  ["no op", file({ name: "a" }, HEAD), /^node 1 \("a"\): there is no op; write one of/],
  [
    "bad name",
    file({ ...FIRST, name: "../a" }, HEAD),
    /^node 1 \("\.\.\/a"\): name: expected a letter, then at most 63 letters/,
  ],
  [
    "kernel beyond its limit",
    file({ ...FIRST, kernel: 1025 }, HEAD),
    /^node 1 \("first"\): kernel: expected a whole number from 1 to 1,024$/,
  ],
  [
    "channels beyond their limit",
    file({ ...FIRST, channels: 4097 }, HEAD),
    /^node 1 \("first"\): channels: expected "classes" or a whole number from 1 to 4,096$/,
  ],
  [
    "dropout of 1",
    file(FIRST, { ...NORM, dropout: 1 }, HEAD),
    /^node 2 \("first.norm"\): dropout: expected "rate" or a number from 0 to below 1$/,
  ],
  [
    "unknown input",
    file(FIRST, { ...HEAD, input: "body" }),
    /^node "head" reads "body", which is not there; the nodes before it are "input", "first"$/,
  ],
  [
    "later input",
    file({ ...NORM, input: "first" }, { ...FIRST, input: "input" }, {
      ...HEAD,
      input: "first.norm",
    }),
    /^node "first.norm" reads "first", which comes after it; move "first" before "first.norm"$/,
  ],
  [
    "cycle",
    file({ ...WIDE, name: "a", input: "b" }, { ...WIDE, name: "b", input: "a" }, HEAD),
    /^node "a" reads itself in a cycle, a <- b <- a; a network has none$/,
  ],
  [
    "itself",
    file({ ...FIRST, input: "first" }, HEAD),
    /^node "first" reads itself in a cycle, first <- first; a network has none$/,
  ],
  [
    "duplicate name",
    file(FIRST, FIRST, HEAD),
    /^two nodes are named "first"; each needs a name of its own$/,
  ],
  [
    "names that clash in files",
    file(FIRST, { ...FIRST, name: "First" }, HEAD),
    /^the nodes "first" and "First" would share names in exported files; use names that differ/,
  ],
  [
    "a node named input",
    file({ ...FIRST, name: "input" }, HEAD),
    /^a node cannot be named "input": that is the recording that the first reads$/,
  ],
  [
    "channels that do not meet",
    file(FIRST, { ...WIDE, add: "first" }, HEAD),
    /^convolution "wide" has 16 channels with a total stride of 2 and adds "first", which has 8 /,
  ],
  [
    "strides that do not meet",
    file(FIRST, { ...WIDE, channels: 8, stride: 2, add: "first" }, HEAD),
    /^convolution "wide" has 8 channels with a total stride of 4 and adds "first", which has 8 .*2;/,
  ],
  [
    "a shortcut that drops channels",
    file(FIRST, { op: "shortcut", name: "less", channels: 4 }, HEAD),
    /^shortcut "less" has 4 channels and reads "first", which has 8; a shortcut can only add/,
  ],
  [
    "no head",
    file(FIRST, NORM),
    /^there is no head: the last node must be a convolution .* and "first.norm" is a norm$/,
  ],
  [
    "two heads",
    file(FIRST, { ...HEAD, name: "other", channels: 4, input: "first" }, {
      ...HEAD,
      input: "first",
    }),
    /^no node reads "other", and only the last node may be a head: remove it, or let a later/,
  ],
  [
    "an early node with as many channels as classes",
    file({ ...FIRST, channels: "classes" }, HEAD),
    /^only the last node, the head, can have "classes" as its channels, not "first"$/,
  ],
  [
    "a stride that there is no kernel for",
    file({ ...FIRST, stride: 3 }, HEAD),
    /^node 1 \("first"\): stride: expected 1 or 2$/,
  ],
  [
    "a hop of more than a label",
    file(...Array.from({ length: 9 }, (_, i) => halving(`conv${i}`)), HEAD),
    /^the strides on the way to the head make one prediction per 512 samples, which must divide the 256/,
  ],
];

for (const [mistake, value, sentence] of MISTAKES) {
  Deno.test(`a network file with a mistake gets one sentence: ${mistake}`, () => {
    const result = graphFile.safeParse(value);
    assert.ok(!result.success);
    const sentences = graphSentences(result.error, value);
    assert.equal(sentences.length, 1, sentences.join("\n"));
    assert.match(sentences[0]!, sentence);
  });
}
