/**
 * The time of each part of a step, compared with its floor: the larger of the times that the machine's
 * multiply-adds and its memory need at least.
 *
 * @module
 */
import type { OpProfile } from "../src/addon/native.ts";
import { analyse } from "../src/model/analyse.ts";
import type { Graph } from "../src/model/graph.ts";
import type { Floors } from "./machine.ts";

/** The time of one op of one layer, or of several ops together. */
export interface OpTime {
  /** A layer ("block3.conv1"), or a part of the network ("64 channels"). */
  readonly where: string;
  readonly op: string;
  readonly detail: string;
  readonly seconds: number;
  /** max(useful FLOP / peak, bytes / bandwidth), computed for each op and summed. */
  readonly floorSeconds: number;
  readonly flops: number;
  readonly bytes: number;
}

/** Each traced op with its floor, in the order of the step. */
export function opTimes(ops: readonly OpProfile[], floors: Floors): OpTime[] {
  return ops.map(({ label, op, detail, seconds, flops, bytes }) => ({
    where: label,
    op,
    detail,
    seconds,
    floorSeconds: Math.max(
      flops / (1e9 * floors.peakGflops),
      bytes / (1e9 * floors.bandwidthGbps),
    ),
    flops,
    bytes,
  }));
}

/**
 * The part of a network that each label belongs to: nodes with the same number of output channels are one
 * part, and the head is a part. A label that is not a node is its own part.
 */
export function partsOf(graph: Graph): (label: string) => string {
  const { nodes, head } = analyse(graph);
  const parts = new Map(nodes.map(({ node, outChannels }) => [
    node.name,
    node === head.node ? node.name : `${outChannels} channels`,
  ]));
  return (label) => parts.get(label) ?? label;
}

/** Sums by part and op, largest time first. */
export function byPart(times: readonly OpTime[], graph: Graph): OpTime[] {
  const partOf = partsOf(graph);
  const sums = new Map<string, OpTime>();
  for (const time of times) {
    const where = partOf(time.where);
    const key = `${where} ${time.op}`;
    const sum = sums.get(key);
    sums.set(key, {
      where,
      op: time.op,
      detail: "",
      seconds: time.seconds + (sum?.seconds ?? 0),
      floorSeconds: time.floorSeconds + (sum?.floorSeconds ?? 0),
      flops: time.flops + (sum?.flops ?? 0),
      bytes: time.bytes + (sum?.bytes ?? 0),
    });
  }
  return [...sums.values()].sort((a, b) => b.seconds - a.seconds);
}
