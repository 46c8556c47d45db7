/**
 * The answers of a comparison as sentences.
 *
 * @module
 */
import { format } from "../report/format.ts";
import type { Comparison, LevelResult, MethodResult, PairResult } from "./comparison.ts";
import { intervalText, signed } from "./verdict.ts";

/** The answers: for all methods together, for every method, for every pair. */
export function sentencesOf(
  methods: readonly MethodResult[],
  pairs: readonly PairResult[],
  { margin }: { margin: number },
): Comparison["sentences"] {
  return {
    answer: answer(methods, margin),
    methods: methods.map(methodSentence),
    pairs: pairs.map((pair) => pairText(pair, methods)),
  };
}

/** The sparsest network of all that matches dense. */
function answer(methods: readonly MethodResult[], margin: number): string {
  const found = methods.flatMap(({ name, levels, matching: { byInterval } }) =>
    byInterval === null ? [] : [{ name, level: levels[byInterval]! }]
  ).sort((a, b) => b.level.theta - a.level.theta);
  const [best] = found;
  if (best) {
    return `Down to ${format(best.level.density, "percent")} of the weights ` +
      `(${format(best.level.theta, "factor")} fewer) a pruned network is shown to match dense ` +
      `within ${margin}: ${best.name}, ${intervalText(best.level.toDense!)}.`;
  }
  return methods.some(({ levels }) => levels.length > 1)
    ? `No pruned network is shown to match dense within ${margin}.`
    : "There are only dense networks here.";
}

function methodSentence(method: MethodResult): string {
  const { levels, matching: { byInterval, byPoint, gaps } } = method;
  const about = `${method.name} (${seedText(method.seeds)})`;
  if (levels.length === 1) return `${about} has no pruned network, only a dense one.`;
  const last = levels.length - 1;
  const text: string[] = [];
  if (byInterval === null) {
    text.push(`${about}: no pruned network is shown to match dense.`);
  } else {
    text.push(`${about} up to ${place(levels[byInterval]!)} ${verdict(levels[byInterval]!)}.`);
    if (gaps.length > 0) {
      text.push(
        `Denser ones that are not shown to match: ${
          gaps.map((i) => place(levels[i]!)).join(", ")
        }.`,
      );
    }
  }
  if (byPoint !== null && byPoint !== byInterval) {
    text.push(
      `By the bare difference, without its interval, it would be ${place(levels[byPoint]!)}.`,
    );
  }
  if (byInterval !== last) {
    text.push(`At ${place(levels[last]!)} it ${verdict(levels[last]!)}.`);
  }
  return text.join(" ");
}

function pairText({ a, b, levels, average }: PairResult, methods: readonly MethodResult[]): string {
  const method = methods.find(({ name }) => name === a)!;
  const at = levels.map(({ levelA }) => method.levels[levelA]!);
  const [first, last] = [at[0]!, at.at(-1)!];
  if (levels.length === 1) {
    return `${a} against ${b} at ${place(first)}: ${levels[0]!.sentence}.`;
  }
  return `${a} against ${b}, mean of ${levels.length} densities from ` +
    `${format(first.density, "percent")} to ${format(last.density, "percent")}: ` +
    `${average.sentence}; at ${place(last)} ${levels.at(-1)!.sentence}.`;
}

/** E.g. "is worse than dense: difference …, 95 % […]; by seed -0.020 to -0.012". */
function verdict({ toDense }: LevelResult): string {
  const { sentence, perSeed } = toDense!;
  const spread = perSeed.length > 1
    ? `; by seed ${signed(Math.min(...perSeed))} to ${signed(Math.max(...perSeed))}`
    : "";
  return `${sentence.startsWith("matches") ? "" : "is "}${sentence}${spread}`;
}

/** E.g. "12.2× fewer weights (8.2 % kept)". */
function place({ theta, density }: LevelResult): string {
  return `${format(theta, "factor")} fewer weights (${format(density, "percent")} kept)`;
}

function seedText(seeds: readonly unknown[]): string {
  return seeds.length === 1 ? "1 seed" : `${seeds.length} seeds`;
}
