/**
 * The answers of a comparison as sentences.
 *
 * @module
 */
import { counted } from "../core/counted.ts";
import { decimals } from "../core/decimals.ts";
import { epochsText, format } from "../report/format.ts";
import { commonKind, differenceTo, REFERENCE_NAMES, referenceOf } from "../statistics/reference.ts";
import { denseWords, intervalText } from "../statistics/verdict.ts";
import { decisive, levelReference } from "./reference.ts";
import type {
  Comparison,
  EqualTraining,
  LevelResult,
  MethodResult,
  PairResult,
  PairTest,
} from "./comparison.ts";

/** The results that the sentences describe. */
interface Results {
  methods: readonly MethodResult[];
  pairs: readonly PairResult[];
  tests: readonly PairTest[];
  margin: number;
  secondMargin: number;
}

/** The answers: for all methods together, for every method, for tests, for every pair. */
export function sentencesOf(results: Results): Comparison["sentences"] {
  const { methods, pairs, tests } = results;
  return {
    answer: answer(results),
    methods: methods.map((method) => methodSentence(method, results)),
    tests: tests.map(testText),
    pairs: pairs.map((pair) => pairText(pair, methods)),
  };
}

/**
 * The sparsest network that matches dense. If some methods have dense networks of equal training, only
 * those methods count.
 */
function answer({ methods, margin }: Results): string {
  const kind = commonKind(methods.flatMap(({ levels }) => levels));
  const compared = methods.filter(({ levels }) => commonKind(levels) === kind);
  const [best] = compared.flatMap(({ name, levels, matching }) => {
    const { byInterval } = matching;
    return byInterval === null ? [] : [{ name, level: levels[byInterval]! }];
  }).sort((a, b) => b.level.theta - a.level.theta);
  if (best) {
    return `Down to ${format(best.level.density, "percent")} of the weights ` +
      `(${format(best.level.theta, "factor")} fewer) a pruned network is shown to match ` +
      `${REFERENCE_NAMES[kind]} within ${margin}: ${best.name}, ` +
      `${intervalText(decisive(best.level)!)}.`;
  }
  return methods.some(({ levels, continued }) => levels.length > 1 && !continued)
    ? `No pruned network is shown to match dense within ${margin}.`
    : "There are only dense networks here.";
}

/** E.g. "dense of equal training (40 epochs, dense 40)". */
function equalDense({ epochs: { own, dense } }: EqualTraining): string {
  return `${REFERENCE_NAMES.equal} (${epochsText(own)}, dense ${format(dense, "epochs")})`;
}

function methodSentence(method: MethodResult, { margin, secondMargin }: Results): string {
  const { levels, matching, secondMatching } = method;
  const about = `${method.name} (${replicatesText(method)})`;
  if (levels.length === 1) return `${about} has no pruned network, only a dense one.`;
  if (method.continued) return continuedSentence(about, method);
  const { byInterval, byPoint, stoppedAt } = matching;
  const text: string[] = [];
  if (byInterval === null) {
    text.push(`${about}: no pruned network is shown to match dense.`);
  } else {
    const level = levels[byInterval]!;
    text.push(`${about} up to ${place(level)} ${verdict(level, margin)}.`);
    const strict = secondMatching.byInterval;
    if (strict !== byInterval) {
      text.push(
        strict === null
          ? `Within ${secondMargin} none is shown to match.`
          : `Within ${secondMargin}: up to ${place(levels[strict]!)}.`,
      );
    }
  }
  if (stoppedAt !== null) {
    const level = levels[stoppedAt]!;
    text.push(
      differenceTo(level, commonKind(levels)) === null
        ? `At ${place(level)} there is no dense network of equal training, so the tests end.`
        : `At ${place(level)} it ${verdict(level, margin)}: the tests end there.`,
    );
  }
  const last = levels.length - 1;
  if (last !== byInterval && last !== stoppedAt) {
    text.push(`At ${place(levels[last]!)} it ${verdict(levels[last]!, margin)}.`);
  }
  const shown = levels[byInterval ?? stoppedAt ?? last]!;
  if (shown.toDense !== null && referenceOf(shown).kind === "equal") {
    text.push(
      `Against the original dense network, at ${place(shown)}: ${intervalText(shown.toDense)}.`,
    );
  }
  if (byPoint !== null && byPoint !== byInterval) {
    text.push(
      `Judged by the difference alone, without its interval, it would be ${
        place(levels[byPoint]!)
      }.`,
    );
  }
  return text.join(" ");
}

/** The effect of more training alone on the dense network. */
function continuedSentence(about: string, { levels }: MethodResult): string {
  const last = levels.at(-1)!;
  const epochs = last.cost ? ` for ${epochsText(last.cost.epochs)} in total` : "";
  return `${about}, the dense network trained on${epochs}: ${
    intervalText(last.toDense!)
  } to the original ` +
    "dense network.";
}

function testText(
  { a, b, density, difference, low, high, p, adjusted, differs }: PairTest,
): string {
  const where = density === null ? "mean over all densities" : `${format(density, "percent")} kept`;
  return `${a} against ${b}, ${where}: ${intervalText({ difference, low, high })}, p ${
    shownP(p)
  }, adjusted ${shownP(adjusted)}: ${differs ? "they differ" : "no difference is shown"}.`;
}

/** E.g. "0.012", "below 0.001". */
export function shownP(p: number): string {
  return p < 0.001 ? "below 0.001" : p.toFixed(3);
}

function pairText(
  { a, b, named, levels, average }: PairResult,
  methods: readonly MethodResult[],
): string {
  const method = methods.find(({ name }) => name === a)!;
  const at = levels.map(({ levelA }) => method.levels[levelA]!);
  const [first, last] = [at[0]!, at.at(-1)!];
  const label = named ? "" : " (exploratory)";
  if (levels.length === 1) {
    return `${a} against ${b} at ${place(first)}: ${levels[0]!.sentence}${label}.`;
  }
  return `${a} against ${b}, mean of ${levels.length} densities from ` +
    `${format(first.density, "percent")} to ${format(last.density, "percent")}: ` +
    `${average.sentence}; at ${place(last)} ${levels.at(-1)!.sentence}${label}.`;
}

/** E.g. "is worse than dense: difference …, 95 % […]; by seed −0.020 to −0.012". */
function verdict(level: LevelResult, margin: number): string {
  const { kind, found } = levelReference(level)!;
  const words = denseWords(found, margin, kind === "equal" ? equalDense(found) : undefined);
  return `${words.startsWith("matches") ? "" : "is "}${words}: ${intervalText(found)}` +
    spread("seed", found.perSeed) + spread("fold", found.perFold);
}

function spread(what: string, values: readonly number[]): string {
  return values.length > 1
    ? `; by ${what} ${decimals(Math.min(...values))} to ${decimals(Math.max(...values))}`
    : "";
}

/** E.g. "12.2× fewer weights (8.2 % kept)". */
function place({ theta, density }: LevelResult): string {
  return `${format(theta, "factor")} fewer weights (${format(density, "percent")} kept)`;
}

/** E.g. "3 seeds", "5 folds, a seed each". */
export function replicatesText({ seeds, folds }: MethodResult): string {
  const count = counted(seeds.length, "seed");
  if (folds === 1) return count;
  if (seeds.length > 1) return `${seeds.length} times ${counted(folds, "fold")}`;
  return seeds[0] === null ? `${folds} folds, a seed each` : `${folds} folds, ${count}`;
}
