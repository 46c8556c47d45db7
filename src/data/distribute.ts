/**
 * Distributes units of records (e.g. the recordings of a patient) over bins (the sides of a split, or folds),
 * so that every class comes close to its share of each bin. A unit is never divided.
 *
 * @module
 */
import type { Rng } from "../core/rng.ts";

/** Cost of a bin that has no record of a class although it should have one. */
const MISSING = 1e6;
/** Smaller gains are rounding errors. */
const LEAST_GAIN = 1e-9;
/** Number of divisions that are tried from the start; the best one is taken. */
const STARTS = 8;
/** Largest total number of moves and exchanges that are tried: seconds of work. */
const MOST_TRIES = 4e6;

/** The input of {@linkcode distribute}. */
export interface Deal {
  /** Records of each class in each unit [units][classes]. */
  units: readonly (readonly number[])[];
  /** Records of each class that each bin should have [bins][classes]; a bin of zeros stays empty. */
  targets: readonly (readonly number[])[];
  /** Decides between divisions that are equally good. */
  rng: Rng;
}

/**
 * The bin of each unit [units].
 *
 * Units are placed one by one, in random order but large ones first, each into the bin where it reduces the
 * distance to the targets most. Then units move to another bin, or are exchanged with a unit of another bin,
 * as long as this reduces the distance. Of several such divisions the closest is taken. The distance is the
 * sum over bins and classes of (records - target)^2 / target, plus a large cost for each class without a
 * record in a bin whose target is at least half a record.
 */
export function distribute({ units, targets, rng }: Deal): Int32Array {
  const open = targets.flatMap((target, bin) => (target.some((each) => each > 0) ? [bin] : []));
  const kinds = kindsOf(units, { bins: targets.length, rng });
  const budget = { tries: MOST_TRIES };
  let best: { cost: number; inBins: number[][] } = { cost: Infinity, inBins: [] };
  for (let start = 0; start < STARTS && budget.tries > 0; start++) {
    const bins = targets.map((target) => ({ target, has: target.map(() => 0) }));
    place(kinds, { bins, open, rng });
    improve(kinds, { bins, open, budget });
    const cost = bins.reduce((sum, bin) => sum + costOf(bin), 0);
    if (cost < best.cost - LEAST_GAIN) {
      best = { cost, inBins: kinds.map(({ inBin }) => [...inBin]) };
    }
  }
  const binOf = new Int32Array(units.length);
  for (const [k, { members }] of kinds.entries()) {
    let next = 0;
    for (const [bin, count] of best.inBins[k]!.entries()) {
      for (let i = 0; i < count; i++) binOf[members[next++]!] = bin;
    }
  }
  return binOf;
}

/** Makes the first division: puts each unit into the bin where it reduces the distance most. */
function place(
  kinds: readonly Kind[],
  { bins, open, rng }: { bins: readonly Bin[]; open: readonly number[]; rng: Rng },
): void {
  for (const kind of kinds) kind.inBin.fill(0);
  for (const kind of inOrder(kinds, rng)) {
    const costs = open.map((bin) => costWith(bins[bin]!, { add: kind }) - costOf(bins[bin]!));
    const bin = open[costs.indexOf(Math.min(...costs))]!;
    change(bins[bin]!, kind.counts, 1);
    kind.inBin[bin]!++;
  }
}

/** Units with the same class counts. They can be exchanged without changing the distance. */
interface Kind {
  /** Records of each class in one unit. */
  counts: readonly number[];
  /** The units, in random order. */
  members: number[];
  /** How many of them are in each bin. */
  inBin: number[];
}

interface Bin {
  target: readonly number[];
  has: number[];
}

function kindsOf(
  units: Deal["units"],
  { bins, rng }: { bins: number; rng: Rng },
): Kind[] {
  const kinds = new Map<string, Kind>();
  for (const [i, counts] of units.entries()) {
    const key = counts.join();
    const kind = kinds.get(key) ??
      { counts, members: [], inBin: new Array<number>(bins).fill(0) };
    kinds.set(key, kind);
    kind.members.push(i);
  }
  for (const { members } of kinds.values()) rng.shuffle(members);
  return [...kinds.values()];
}

/** Each kind once for each of its units: shuffled, then sorted by size up to a factor of two. */
function inOrder(kinds: readonly Kind[], rng: Rng): Kind[] {
  const totals = kinds[0]?.counts.map((_, c) =>
    kinds.reduce((sum, { counts, members }) => sum + counts[c]! * members.length, 0)
  );
  const size = ({ counts }: Kind) =>
    Math.floor(Math.log2(Math.max(...counts.map((n, c) => (n === 0 ? 0 : n / totals![c]!)))));
  const sizes = new Map(kinds.map((kind) => [kind, size(kind)]));
  const order = rng.shuffle(kinds.flatMap((kind) => kind.members.map(() => kind)));
  return order.sort((a, b) => sizes.get(b)! - sizes.get(a)!);
}

/** Moves or exchanges units as long as this brings the bins closer to their targets. */
function improve(
  kinds: readonly Kind[],
  { bins, open, budget }: {
    bins: readonly Bin[];
    open: readonly number[];
    budget: { tries: number };
  },
): void {
  const partners = [undefined, ...kinds];
  for (let improved = true; improved;) {
    improved = false;
    for (const kind of kinds) {
      for (const from of open) {
        for (const to of open) {
          if (from === to) continue;
          for (const other of partners) {
            if (kind.inBin[from] === 0) break;
            if (other === kind || other?.inBin[to] === 0) continue;
            if (--budget.tries < 0) return;
            const [source, target] = [bins[from]!, bins[to]!];
            const gain = costOf(source) - costWith(source, { add: other, remove: kind }) +
              costOf(target) - costWith(target, { add: kind, remove: other });
            if (gain <= LEAST_GAIN) continue;
            move(kind, from, to);
            if (other) move(other, to, from);
            improved = true;
          }
        }
      }
    }
  }

  function move(kind: Kind, from: number, to: number): void {
    change(bins[from]!, kind.counts, -1);
    change(bins[to]!, kind.counts, 1);
    kind.inBin[from]!--;
    kind.inBin[to]!++;
  }
}

function change({ has }: Bin, counts: readonly number[], sign: number): void {
  for (let c = 0; c < has.length; c++) has[c]! += sign * counts[c]!;
}

function costOf(bin: Bin): number {
  return costWith(bin, {});
}

function costWith(
  { target, has }: Bin,
  { add, remove }: { add?: Kind | undefined; remove?: Kind | undefined },
): number {
  let cost = 0;
  for (let c = 0; c < has.length; c++) {
    const found = has[c]! + (add ? add.counts[c]! : 0) - (remove ? remove.counts[c]! : 0);
    const wanted = target[c]!;
    cost += (found - wanted) ** 2 / Math.max(wanted, 0.5);
    if (found === 0 && wanted >= 0.5) cost += MISSING;
  }
  return cost;
}
