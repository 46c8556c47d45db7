/**
 * A dense network with as many weights as a ticket keeps.
 *
 * @module
 */
import { prunableWeights, type ShapeConfig } from "../model/prunable_shapes.ts";

/** What a small dense network differs in from the one it stands beside. */
export type SmallNetwork = Pick<ShapeConfig, "filters" | "kernel" | "blocksPerStage">;

/** The largest relative difference in weights that counts as equal. */
const TOLERANCE = 0.02;

/**
 * The dense network that stands for `weights` surviving weights. Fewer filters alone change the number of
 * weights in large steps, so the kernel size changes as well: of the networks within 2 % the one whose
 * kernel size changes least is taken. Where there is none, filters may double later, too; and where that
 * does not help (tickets of a few hundred weights), the network nearest in weights is taken. Depth stays,
 * and with it the number of samples per prediction.
 *
 * @param network The full network.
 * @param weights Of the ticket.
 */
export function smallNetwork(network: ShapeConfig, weights: number): SmallNetwork {
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

interface Candidate extends SmallNetwork {
  /** Relative difference in weights. */
  readonly off: number;
  /** How much the kernel size changes, as a logarithm. */
  readonly stretch: number;
}

function candidatesOf(
  shape: ShapeConfig,
  { network, weights }: { network: ShapeConfig; weights: number },
): Candidate[] {
  const candidates: Candidate[] = [];
  for (let filters = 1; filters <= network.filters; filters++) {
    for (let kernel = 1; kernel <= 2 * network.kernel; kernel++) {
      const size = prunableWeights({ ...shape, filters, kernel });
      candidates.push({
        ...{ filters, kernel, blocksPerStage: shape.blocksPerStage },
        off: Math.abs(size - weights) / weights,
        stretch: Math.abs(Math.log(kernel / network.kernel)),
      });
    }
  }
  return candidates;
}

function sizesOf({ filters, kernel, blocksPerStage }: Candidate): SmallNetwork {
  return { filters, kernel, blocksPerStage };
}

/** The candidate with the smallest first key; of equal ones the smallest second key. */
function least(
  candidates: readonly Candidate[],
  keys: (candidate: Candidate) => [number, number],
): Candidate {
  return candidates.reduce((best, other) => {
    const [[a, b], [c, d]] = [keys(best), keys(other)];
    return c < a || (c === a && d < b) ? other : best;
  });
}
