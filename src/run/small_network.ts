/**
 * Finds a dense network with as many weights as a ticket keeps.
 *
 * @module
 */
import { networkGraph, type NetworkSettings } from "../config/network_config.ts";
import { prunableWeights } from "../model/graph.ts";
import { CLASSES, type GraphFile } from "../model/graph_file.ts";
import { type ResNet1dConfig, resnet1dGraph } from "../model/networks/resnet1d.ts";

/** The settings in which a small residual network differs from the full one. */
export type SmallResnet = Pick<NetworkSettings, "filters" | "kernel" | "blocksPerStage">;

/** The settings in which a small dense network differs from the full one. */
export type SmallNetwork = SmallResnet | { readonly graph: GraphFile };

/** The largest relative difference in weights that counts as equal. */
const TOLERANCE = 0.02;

/** The ticket that a small network is compared with. */
interface Ticket {
  /** Number of weights that it keeps. */
  readonly weights: number;
  /** Number of classes of the data set. */
  readonly classes: number;
}

/**
 * The dense network with about as many weights as a ticket keeps. Its depth and its number of samples per
 * prediction do not change.
 *
 * @param network The full network.
 */
export function smallNetwork(network: NetworkSettings, ticket: Ticket): SmallNetwork {
  const { graph } = network;
  if (graph) return { graph: narrowGraph({ ...network, graph }, ticket) };
  return smallResnet({ ...network, classes: ticket.classes }, ticket.weights);
}

/** A network is narrowed by a factor from 1 / FACTORS to 1, in steps of 1 / FACTORS. */
const FACTORS = 1000;

/**
 * Multiplies all channels except the head's by one factor and rounds them. The factor is the one that
 * gives the nearest number of weights.
 */
function narrowGraph(network: NetworkSettings & { graph: GraphFile }, ticket: Ticket): GraphFile {
  const candidates = Array.from({ length: FACTORS }, (_, i) => {
    const graph = withWidth(network.graph, (i + 1) / FACTORS);
    const weights = prunableWeights(networkGraph({ ...network, graph }, ticket.classes));
    return { graph, off: Math.abs(weights - ticket.weights) };
  });
  return least(candidates, ({ off }) => [off, 0]).graph;
}

function withWidth({ nodes, ...graph }: GraphFile, factor: number): GraphFile {
  const narrowed = nodes.map((node, i) =>
    node.op === "norm" || node.channels === CLASSES || i === nodes.length - 1
      ? node
      : { ...node, channels: Math.max(1, Math.round(node.channels * factor)) }
  );
  return { ...graph, nodes: narrowed };
}

/**
 * The residual network with about `weights` weights. Fewer filters alone change the number of weights in
 * large steps, so the kernel size changes as well: among the networks within 2 %, the one whose kernel
 * size changes least is taken. If there is none, filters may also double later. If that does not help
 * (tickets of a few hundred weights), the network nearest in weights is taken.
 */
export function smallResnet(network: ResNet1dConfig, weights: number): SmallResnet {
  let nearest: Candidate | null = null;
  for (let blocksPerStage = network.blocksPerStage;; blocksPerStage++) {
    const candidates = candidatesOf({ ...network, blocksPerStage }, { network, weights });
    const equal = candidates.filter(({ off }) => off <= TOLERANCE);
    if (equal.length > 0) return sizesOf(least(equal, ({ stretch, off }) => [stretch, off]));
    const own = least(candidates, ({ off, stretch }) => [off, stretch]);
    if (nearest === null || own.off < nearest.off) nearest = own;
    // The filters no longer double: there is nothing else to change.
    if (blocksPerStage >= network.blocks) return sizesOf(nearest);
  }
}

interface Candidate extends SmallResnet {
  /** Relative difference in weights. */
  readonly off: number;
  /** How much the kernel size changes, as a logarithm. */
  readonly stretch: number;
}

function candidatesOf(
  shape: ResNet1dConfig,
  { network, weights }: { network: ResNet1dConfig; weights: number },
): Candidate[] {
  const candidates: Candidate[] = [];
  for (let filters = 1; filters <= network.filters; filters++) {
    for (let kernel = 1; kernel <= 2 * network.kernel; kernel++) {
      const size = prunableWeights(resnet1dGraph({ ...shape, filters, kernel }));
      candidates.push({
        ...{ filters, kernel, blocksPerStage: shape.blocksPerStage },
        off: Math.abs(size - weights) / weights,
        stretch: Math.abs(Math.log(kernel / network.kernel)),
      });
    }
  }
  return candidates;
}

function sizesOf({ filters, kernel, blocksPerStage }: Candidate): SmallResnet {
  return { filters, kernel, blocksPerStage };
}

/** The candidate with the smallest first key; among equal ones, the smallest second key. */
function least<Candidate>(
  candidates: readonly Candidate[],
  keys: (candidate: Candidate) => [number, number],
): Candidate {
  return candidates.reduce((best, other) => {
    const [[a, b], [c, d]] = [keys(best), keys(other)];
    return c < a || (c === a && d < b) ? other : best;
  });
}
