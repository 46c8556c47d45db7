/**
 * The settings of a network: the size of the residual network, or a graph of one's own in its place.
 *
 * @module
 */
import { z } from "zod";
import { analyse } from "../model/analyse.ts";
import type { Graph } from "../model/graph.ts";
import { graphFile, graphOf } from "../model/graph_file.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";

const fraction = z.number().min(0).lt(1);
const count = z.number().int().min(1);

export const networkSettings = z.strictObject({
  /** Of the residual network, as are the next three: without effect if there is a `graph`. */
  filters: count,
  kernel: count,
  // More than 17 blocks would make a prediction span more than the 256 samples of a label.
  blocks: z.number().int().min(1).max(17),
  blocksPerStage: count,
  /** In the graph: of norms whose dropout is "rate". */
  dropout: fraction,
  init: z.enum(["fan-in", "fan-out"]),
  normEpsilon: z.number().gt(0),
  normMomentum: z.number().gt(0).max(1),
  /** A network of one's own; absent for the residual network. */
  graph: graphFile.optional(),
});

/** The settings of a network. */
export type NetworkSettings = z.infer<typeof networkSettings>;

/** The graph of a network of so many classes. */
export function networkGraph(network: NetworkSettings, classes: number): Graph {
  const { graph, dropout } = network;
  return graph ? graphOf(graph, { classes, dropout }) : resnet1dGraph({ ...network, classes });
}

/** Samples per prediction. */
export function networkHop(network: NetworkSettings): number {
  return analyse(networkGraph(network, 1)).hop;
}
