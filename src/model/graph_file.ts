/**
 * A network in a JSON file of a user, in a configuration or in a ticket.
 *
 *     {"name": "tiny", "nodes": [
 *       {"op": "conv", "name": "first", "channels": 8, "kernel": 16, "stride": 2},
 *       {"op": "norm", "name": "first.norm"},
 *       {"op": "conv", "name": "head", "channels": "classes", "kernel": 1}
 *     ]}
 *
 * Defaults: `input` is the previous node, `stride` 1, `relu` true, `dropout` 0. The head's channels may be
 * "classes", the number of classes of the data set; a dropout may be "rate", the dropout of the settings.
 *
 * @module
 */
import { z } from "zod";
import { issueSentence } from "../core/issue.ts";
import { type Graph, INPUT, type Node } from "./graph.ts";
import { graphProblems } from "./graph_problems.ts";

/** The head's channels: the number of classes of the data set. */
export const CLASSES = "classes";
/** The dropout rate of the run's settings. */
export const RATE = "rate";

const MOST_CHANNELS = 4096;
const MOST_KERNEL = 1024;
const MOST_NODES = 1000;
/** Largest number of weights in a tensor of the addon. */
const MOST_WEIGHTS = 2 ** 31 - 1;

const name = z.string().regex(
  /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/,
  "expected a letter, then at most 63 letters, digits, dots, dashes and underscores",
);
const wholeUpTo = (most: number, or = "") => {
  const sentence = `expected ${or}a whole number from 1 to ${most.toLocaleString("en")}`;
  return z.number(sentence).int(sentence).min(1, sentence).max(most, sentence);
};
const channels = wholeUpTo(MOST_CHANNELS);
const headChannels = wholeUpTo(MOST_CHANNELS, `"${CLASSES}" or `);
/** The strides that the addon has kernels for. */
const stride = z.literal([1, 2], "expected 1 or 2").default(1);
const RATE_SENTENCE = `expected "${RATE}" or a number from 0 to below 1`;
const rate = z.number(RATE_SENTENCE).min(0, RATE_SENTENCE).lt(1, RATE_SENTENCE);
const input = name.optional();

const convNode = z.strictObject({
  op: z.literal("conv"),
  name,
  input,
  channels: z.union([z.literal(CLASSES), headChannels], {
    error: `expected "${CLASSES}" or a whole number from 1 to ${
      MOST_CHANNELS.toLocaleString("en")
    }`,
  }),
  kernel: wholeUpTo(MOST_KERNEL),
  stride,
  add: name.optional(),
});

const normNode = z.strictObject({
  op: z.literal("norm"),
  name,
  input,
  relu: z.boolean("expected true or false").default(true),
  dropout: z.union([z.literal(RATE), rate], { error: RATE_SENTENCE }).default(0),
});

const shortcutNode = z.strictObject({ op: z.literal("shortcut"), name, input, channels, stride });

const OPS = ["conv", "norm", "shortcut"];
const fileNode = z.discriminatedUnion("op", [convNode, normNode, shortcutNode], {
  error: ({ code, input }) => {
    if (code !== "invalid_union") return undefined;
    const op = (input as { op?: unknown }).op;
    return `${op === undefined ? "there is no op" : `unknown op ${JSON.stringify(op)}`}; ` +
      `write one of ${OPS.join(", ")}`;
  },
});

/** Fills in the input of each node; by default it is the previous node. */
function withInputs(nodes: readonly z.infer<typeof fileNode>[]) {
  return nodes.map((node, i) => ({ ...node, input: node.input ?? nodes[i - 1]?.name ?? INPUT }));
}

/** Checks each node by itself, and fills in its input. */
const wellFormed = z.strictObject({
  name,
  description: z.string().optional(),
  nodes: z.array(fileNode)
    .min(1, "expected at least one node, the head")
    .max(MOST_NODES, `expected at most ${MOST_NODES} nodes`)
    .transform(withInputs),
});

/**
 * Parses the network of a file. Defaults are written out, "classes" and "rate" stay. Parsing the result
 * again gives the same.
 */
export const graphFile = wellFormed.pipe(
  z.custom<z.output<typeof wellFormed>>().superRefine((file, context) => {
    for (const message of fileProblems(file)) context.addIssue({ code: "custom", message });
  }),
);

/** A checked network of a file, with its defaults written out. */
export type GraphFile = z.infer<typeof graphFile>;
type FileNode = GraphFile["nodes"][number];

function fileProblems({ nodes }: { nodes: readonly FileNode[] }): string[] {
  const early = nodes.slice(0, -1).filter((node) =>
    node.op === "conv" && node.channels === CLASSES
  );
  if (early.length > 0) {
    return early.map(({ name }) =>
      `only the last node, the head, can have "${CLASSES}" as its channels, not "${name}"`
    );
  }
  const classes = headChannelsOf(nodes);
  const graph = graphOf({ name: "checked", nodes: [...nodes] }, { classes, dropout: 0 });
  const problems = graphProblems(graph);
  return problems.length > 0 ? problems : sizeProblems(graph);
}

/**
 * How many classes a file can be checked with before the data set is known: as many as the node has
 * channels that its head adds, so that the sum fits. A data set with another number is refused when it is
 * there.
 */
function headChannelsOf(nodes: readonly FileNode[]): number {
  const head = nodes.at(-1)!;
  const added = head.op === "conv" ? nodes.find(({ name }) => name === head.add) : undefined;
  let at: FileNode | undefined = added;
  // A norm has the channels of what it reads; the number of steps ends a cycle.
  for (let steps = 0; at?.op === "norm" && steps < nodes.length; steps++) {
    const { input } = at;
    at = nodes.find(({ name }) => name === input);
  }
  return at === undefined || at.op === "norm" || at.channels === CLASSES ? 2 : at.channels;
}

function sizeProblems({ nodes }: Graph): string[] {
  const channels = new Map([[INPUT, 1]]);
  return nodes.flatMap((node) => {
    const inner = channels.get(node.input)!;
    channels.set(node.name, node.op === "norm" ? inner : node.channels);
    if (node.op !== "conv" || node.channels * inner * node.kernel <= MOST_WEIGHTS) return [];
    return [`convolution "${node.name}" has more than 2^31 - 1 weights`];
  });
}

/** The graph of a file for a data set and settings. */
export function graphOf(file: GraphFile, given: { classes: number; dropout: number }): Graph {
  const { name, description, nodes } = file;
  return {
    name,
    ...(description === undefined ? {} : { description }),
    nodes: nodes.map((node) => nodeOf(node, given)),
  };
}

function nodeOf(node: FileNode, { classes, dropout }: { classes: number; dropout: number }): Node {
  if (node.op === "shortcut") return node;
  if (node.op === "norm") {
    return { ...node, dropout: node.dropout === RATE ? dropout : node.dropout };
  }
  const { add, ...conv } = node;
  const channels = conv.channels === CLASSES ? classes : conv.channels;
  return { ...conv, channels, ...(add === undefined ? {} : { add }) };
}

/** The problems of a parsed file: one sentence each, with the node's name. */
export function graphSentences(error: z.ZodError, value: unknown): string[] {
  return error.issues.map((issue) => {
    const { path } = issue;
    const message = issueSentence(issue, value);
    const [list, index, ...rest] = path;
    if (list !== "nodes" || typeof index !== "number") {
      return path.length === 0 ? message : `${path.join(".")}: ${message}`;
    }
    const { nodes } = value as { nodes: readonly unknown[] };
    const named = (nodes[index] as { name?: unknown } | null)?.name;
    const field = rest.length === 0 || rest[0] === "op" ? "" : ` ${rest.join(".")}:`;
    return `node ${index + 1}${
      typeof named === "string" ? ` ("${named}")` : ""
    }:${field} ${message}`;
  });
}
