/**
 * How a ticket's header describes its network: a residual network by its sizes, as in older tickets, any
 * other network by its graph.
 *
 * @module
 */
import type { z } from "zod";
import { UsageError } from "../core/errors.ts";
import { analyse } from "../model/analyse.ts";
import type { Graph } from "../model/graph.ts";
import { type GraphFile, graphFile, graphOf, graphSentences } from "../model/graph_file.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import type { resnetShape } from "./ticket.ts";

/** The settings that decide all sizes of a residual network. */
export type ResNetShape = z.infer<typeof resnetShape>;

/** A shape or a graph. */
export type StoredGraph = { readonly shape: ResNetShape } | { readonly graph: GraphFile };

/** The description of a graph in a header. @throws {UsageError} If a header cannot hold the network. */
export function storeGraph(graph: Graph): StoredGraph {
  const shape = resnetShapeOf(graph);
  if (shape) return { shape };
  const file = { name: graph.name, nodes: graph.nodes };
  const parsed = graphFile.safeParse(file);
  if (parsed.success) return { graph: parsed.data };
  throw new UsageError(
    `Cannot write a ticket of ${graph.name}: ${graphSentences(parsed.error, file)[0]}`,
  );
}

/** The graph of a header. */
export function loadGraph(stored: StoredGraph): Graph {
  if ("shape" in stored) return resnet1dGraph(stored.shape);
  // A stored graph is complete: no channels or dropout come from classes or settings.
  return graphOf(stored.graph, { classes: NaN, dropout: NaN });
}

/**
 * The sizes with which {@linkcode resnet1dGraph} makes this graph, without regard to dropout; null if it
 * cannot. If filters never double, `blocksPerStage` is the number of blocks.
 */
function resnetShapeOf(graph: Graph): ResNetShape | null {
  const blocks = graph.nodes.filter(({ name }) => /^block\d+\.conv2$/.test(name));
  const widths = blocks.map((node) => node.op === "conv" ? node.channels : 0);
  const stem = graph.nodes[0]!;
  if (blocks.length === 0 || stem.op !== "conv") return null;
  const doubled = widths.findIndex((width) => width !== stem.channels);
  const shape = {
    filters: stem.channels,
    kernel: stem.kernel,
    blocks: blocks.length,
    blocksPerStage: doubled < 1 ? blocks.length : doubled,
    classes: analyse(graph).classes,
  };
  return canonical(graph) === canonical(resnet1dGraph(shape)) ? shape : null;
}

/** A graph as text, without the parts that only training uses. */
function canonical({ name, nodes }: Graph): string {
  return JSON.stringify([
    name,
    nodes.map((node) =>
      Object.entries(node).filter(([key]) => key !== "dropout").sort(([a], [b]) => a < b ? -1 : 1)
    ),
  ]);
}
