/**
 * A made-up ticket for tests.
 *
 * @module
 */
import { analyse } from "../model/analyse.ts";
import { madeNetwork, type MaskKind } from "./made_network.ts";
import type { Graph } from "../model/graph.ts";
import { type ResNet1dConfig, resnet1dGraph } from "../model/networks/resnet1d.ts";
import type { Ticket } from "./ticket.ts";

/** 16 blocks, so that a step is 256 samples as in a real ticket, but two filters. */
export const SMALL_SHAPE: ResNet1dConfig = {
  filters: 2,
  kernel: 16,
  blocks: 16,
  blocksPerStage: 8,
  classes: 4,
};

/** A ticket with made-up weights, of which `density` survives. */
export function madeTicket(
  {
    shape = SMALL_SHAPE,
    graph = resnet1dGraph(shape),
    density = 0.3,
    maskKind = "uniform",
    seed = 1,
  }: {
    shape?: ResNet1dConfig;
    graph?: Graph;
    density?: number;
    maskKind?: MaskKind;
    seed?: number;
  } = {},
): Ticket {
  const { classes } = analyse(graph);
  return {
    network: madeNetwork(graph, { density, maskKind, seed }),
    classes: ["A", "N", "O", "~"].slice(0, classes),
    normalisation: { mean: 7.5, std: 236.25, rate: 300 },
    priors: [0.1, 0.5, 0.3, 0.1].slice(0, classes),
    provenance: {
      run: "made-up",
      round: 3,
      config: { seed },
      datasetSha256: "0".repeat(64),
      records: { train: 4, dev: 2, test: 2 },
    },
    licence: "made up",
    metrics: {
      test: {
        records: 2,
        name: "CinC F1",
        headline: { score: 0.5, low: 0.25, high: 0.75 },
        f1: { A: 0.5, N: 0.5, O: 0.5, "~": null },
      },
    },
  };
}
