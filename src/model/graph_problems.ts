/**
 * Describes the mistakes in a graph in sentences.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { type Graph, INPUT, type Node, outChannelsOf, readsOf, strideOf } from "./graph.ts";

/** Samples per label; a network must make a whole number of predictions in them. */
export const LABEL_SAMPLES = 256;

/**
 * The mistakes in a graph whose single nodes are well formed: clashing names; inputs that are missing, come
 * later or form a cycle; sums whose sides do not fit; a hop that does not divide a label; nodes that
 * nothing reads. Empty for a valid graph.
 */
export function graphProblems(graph: Graph): string[] {
  const names = nameProblems(graph);
  if (names.length > 0) return names;
  const order = orderProblems(graph);
  if (order.length > 0) return order;
  return [...shapeProblems(graph), ...headProblems(graph)];
}

/** A name as it may look in an exported file, where only letters and digits are certain to stay. */
function plainName(name: string): string {
  return name.toLowerCase().replaceAll(/[._-]/g, "");
}

function nameProblems({ nodes }: Graph): string[] {
  const taken = new Map<string, string>();
  const problems: string[] = [];
  for (const { name } of nodes) {
    const other = taken.get(plainName(name));
    if (name === INPUT) {
      problems.push(
        `a node cannot be named "${INPUT}": that is the recording that the first reads`,
      );
    } else if (other === name) {
      problems.push(`two nodes are named "${name}"; each needs a name of its own`);
    } else if (other !== undefined) {
      problems.push(
        `the nodes "${other}" and "${name}" would share names in exported files; ` +
          `use names that differ in more than case, dots, dashes and underscores`,
      );
    }
    taken.set(plainName(name), name);
  }
  return problems;
}

function orderProblems({ nodes }: Graph): string[] {
  const all = new Map(nodes.map((node) => [node.name, node]));
  const earlier = new Set([INPUT]);
  const problems: string[] = [];
  for (const node of nodes) {
    for (const name of readsOf(node)) {
      if (earlier.has(name)) continue;
      problems.push(`node "${node.name}" reads ${whyUnreadable(name, { node, all, earlier })}`);
    }
    earlier.add(node.name);
  }
  return problems;
}

function whyUnreadable(
  name: string,
  context: { node: Node; all: ReadonlyMap<string, Node>; earlier: ReadonlySet<string> },
): string {
  const { node, all, earlier } = context;
  if (!all.has(name)) {
    return `"${name}", which is not there; the nodes before it are ${
      [...earlier].map((each) => `"${each}"`).join(", ")
    }`;
  }
  const cycle = wayBack(name, { to: node.name, all });
  return cycle === null
    ? `"${name}", which comes after it; move "${name}" before "${node.name}"`
    : `itself in a cycle, ${[node.name, ...cycle].join(" <- ")}; a network has none`;
}

/** The nodes on a path from `from` to `to` along the inputs of nodes; null if there is no path. */
function wayBack(
  from: string,
  { to, all }: { to: string; all: ReadonlyMap<string, Node> },
): string[] | null {
  const seen = new Set<string>();
  const search = (name: string): string[] | null => {
    if (name === to) return [name];
    if (seen.has(name)) return null;
    seen.add(name);
    const node = all.get(name);
    for (const read of node ? readsOf(node) : []) {
      const rest = search(read);
      if (rest !== null) return [name, ...rest];
    }
    return null;
  };
  return search(from);
}

interface Extent {
  readonly channels: number;
  readonly samples: number;
}

function shapeProblems({ nodes }: Graph): string[] {
  const known = new Map<string, Extent>([[INPUT, { channels: 1, samples: 1 }]]);
  const problems: string[] = [];
  for (const node of nodes) {
    const read = known.get(node.input)!;
    const own = {
      channels: outChannelsOf(node, read.channels),
      samples: read.samples * strideOf(node),
    };
    known.set(node.name, own);
    if (node.op === "shortcut" && node.channels < read.channels) {
      problems.push(
        `shortcut "${node.name}" has ${
          counted(node.channels, "channel")
        } and reads "${node.input}", which has ` +
          `${read.channels}; a shortcut can only add channels`,
      );
    }
    if (node.op !== "conv" || node.add === undefined) continue;
    const added = known.get(node.add)!;
    if (added.channels !== own.channels || added.samples !== own.samples) {
      problems.push(
        `convolution "${node.name}" has ${extentText(own)} and adds "${node.add}", which has ` +
          `${extentText(added)}; both must be the same`,
      );
    }
  }
  const last = nodes.at(-1);
  const hop = last ? known.get(last.name)!.samples : 1;
  if (LABEL_SAMPLES % hop !== 0) {
    problems.push(
      `the strides on the way to the head make one prediction per ${
        counted(hop, "sample")
      }, which must divide ` +
        `the ${LABEL_SAMPLES} samples of a label`,
    );
  }
  return problems;
}

function extentText({ channels, samples }: Extent): string {
  return `${counted(channels, "channel")} with a total stride of ${samples}`;
}

function headProblems({ nodes }: Graph): string[] {
  const last = nodes.at(-1);
  if (last === undefined) return ["there are no nodes; the last must be the head, a convolution"];
  const problems: string[] = [];
  if (last.op !== "conv") {
    problems.push(
      `there is no head: the last node must be a convolution whose channels are the classes, and ` +
        `"${last.name}" is a ${last.op}`,
    );
  }
  const read = new Set(nodes.flatMap(readsOf));
  for (const node of nodes.slice(0, -1)) {
    if (read.has(node.name)) continue;
    problems.push(
      `no node reads "${node.name}", and only the last node may be a head: remove it, or let a ` +
        `later node read it`,
    );
  }
  return problems;
}
