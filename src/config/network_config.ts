/**
 * Makes the graph of a network from its settings: the residual network of some size, or the user's own.
 *
 * @module
 */
import { analyse } from "../model/analyse.ts";
import type { Graph } from "../model/graph.ts";
import { graphOf } from "../model/graph_file.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import type { ValueOf } from "./setting.ts";
import type { network } from "./settings/network.ts";

/** The settings of a network. */
export type NetworkSettings = ValueOf<typeof network>;

/** The graph of a network with this number of classes. */
export function networkGraph(network: NetworkSettings, classes: number): Graph {
  const { graph, dropout } = network;
  return graph ? graphOf(graph, { classes, dropout }) : resnet1dGraph({ ...network, classes });
}

/** Samples per prediction. */
export function networkHop(network: NetworkSettings): number {
  return analyse(networkGraph(network, 1)).hop;
}
