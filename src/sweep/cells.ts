/**
 * Makes the cells of a plan: one run each, with the arguments of its command.
 *
 * @module
 */
import { foldSuffix } from "../run/resolve.ts";
import { isPath, type Plan, type Settings } from "./plan.ts";

/** One run of a sweep. */
export interface Cell {
  /** Its place in the list, from 1. */
  readonly number: number;
  /** The run's name. */
  readonly name: string;
  /** Arguments of `deno task lth`. */
  readonly args: readonly string[];
  /** The run that must be finished first; null if there is none. */
  readonly base: string | null;
  /** The run whose dense round is the same and comes first in the list; null if there is none. */
  readonly denseFrom: string | null;
}

/**
 * The cells of a plan in a fixed order: mode by mode, its runs (each seed, each fold) and then its controls,
 * so that the results of the first mode come first. A control comes after its base run.
 */
export function expandPlan(plan: Plan): Cell[] {
  const cells = plan.modes.flatMap((variant) => {
    const runs = replicatesOf(plan).map(({ seed, folds }) => {
      const name = `${plan.name}-${variant.label}-seed${seed}${foldSuffix(folds)}`;
      const args = [
        ...(plan.preset === undefined ? [] : ["--preset", plan.preset]),
        ...["--mode", variant.mode],
        ...optionWords({ ...plan.set, ...variant.set }, { seed, folds }),
        ...["--seed", String(seed)],
        ...(folds ? ["--folds", String(folds.count), "--fold", String(folds.fold)] : []),
        ...["--name", name],
      ];
      return { name, args, base: null };
    });
    const controls = plan.controls
      .filter(({ of }) => of === undefined || of.includes(variant.label))
      .flatMap(({ kind, rounds }) =>
        runs.map((run) => {
          const name = `${run.name}-${kind}`;
          const args = [
            ...["control", "--run", run.name, "--kind", kind],
            ...["--rounds", rounds === "all" ? rounds : rounds.join(","), "--name", name],
          ];
          return { name, args, base: run.name };
        })
      );
    return [...runs, ...controls];
  });
  return cells.map(({ name, args, base }, i) => ({
    number: i + 1,
    ...{ name, args, base, denseFrom: null },
  }));
}

/**
 * Lets cells with the same dense round take it from the first of them.
 *
 * @param keyOf A key that is equal for equal dense rounds; null if a cell has none.
 */
export function shareDenseRounds(
  cells: readonly Cell[],
  keyOf: (cell: Cell) => string | null,
): Cell[] {
  const first = new Map<string, string>();
  return cells.map((cell) => {
    const key = keyOf(cell);
    if (key === null) return cell;
    const denseFrom = first.get(key) ?? null;
    if (denseFrom === null) first.set(key, cell.name);
    return { ...cell, denseFrom };
  });
}

/** What sets the runs of one mode apart. */
interface Replicate {
  readonly seed: number;
  readonly folds: { readonly count: number; readonly fold: number } | null;
}

/** Each seed with all folds, or each fold with its number as the seed. */
function replicatesOf(plan: Plan): Replicate[] {
  const folds = foldsOf(plan);
  if (plan.folds?.seeds === "fold") return folds.map((folds) => ({ seed: folds!.fold, folds }));
  return (plan.seeds ?? []).flatMap((seed) => folds.map((folds) => ({ seed, folds })));
}

function foldsOf({ folds }: Plan): Replicate["folds"][] {
  if (folds === null) return [null];
  const { count } = folds;
  return Array.from({ length: count }, (_, i) => ({ count, fold: i + 1 }));
}

function optionWords(settings: Settings, replicate: Replicate): string[] {
  return Object.entries(settings).flatMap(([name, value]) => {
    const text = fillPlaces(Array.isArray(value) ? value.join(",") : String(value), replicate);
    if (isPath(name)) return ["--set", `${name}=${text}`];
    if (typeof value === "boolean") return value ? [`--${name}`] : [];
    return [`--${name}`, text];
  });
}

/** A setting's text with the run's own seed and fold in the places that a plan leaves for them. */
function fillPlaces(text: string, { seed, folds }: Replicate): string {
  return text.replaceAll("{seed}", String(seed))
    .replaceAll("{fold}", String(folds?.fold))
    .replaceAll("{folds}", String(folds?.count));
}
