/**
 * Commands and options that would make a comparison's answers better, for the terminal.
 *
 * @module
 */
import { hasDenseRound } from "../config/dense_round.ts";
import { runWord } from "../core/paths.ts";
import { shellWords } from "../core/shell.ts";
import type { Comparison } from "./comparison.ts";
import { rulesOf, unequalTraining } from "./notes.ts";
import type { Method } from "./replicates.ts";

/** One sentence each. */
export function hintsOf(comparison: Comparison, methods: readonly Method[]): string[] {
  const { rescored, pairs } = comparison;
  const rules = new Set(rulesOf(methods).map(({ rule }) => rule));
  return [
    ...equalTrainingHint(comparison, methods),
    ...(rescored === null && rules.size > 1
      ? ["--decision mean applies one rule to all runs that saved probabilities."]
      : []),
    ...(pairs.some(({ named }) => !named) ? ["--pairs A:B names planned differences."] : []),
  ];
}

function equalTrainingHint(comparison: Comparison, methods: readonly Method[]): string[] {
  const lacking = unequalTraining(comparison)?.names ?? [];
  // One run per dense network, of the method with the longest training, is enough. A single training has no dense
  // network that could be trained on.
  const [longest] = methods.filter(({ name, replicates }) => {
    const { summary } = replicates[0]!.runs[0]!;
    return lacking.includes(name) && hasDenseRound(summary);
  }).sort((a, b) => b.levels.length - a.levels.length);
  const [base, ...others] = longest?.replicates
    .flatMap(({ runs }) => runs.map(({ directory }) => runWord(directory))) ?? [];
  if (base === undefined) return [];
  return [
    `deno task lth control --run ${
      shellWords([base])
    } --kind continue makes a dense network of equal training` +
    `${others.length > 0 ? ` (likewise for ${others.join(", ")})` : ""}; name it here.`,
  ];
}
