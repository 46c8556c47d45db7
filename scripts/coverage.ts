/**
 * Prints the table of docs/statistics.md: how often the 95 % intervals of comparisons hold the true
 * difference in simulated studies. `deno run scripts/coverage.ts [STUDIES] [DRAWS]`, minutes.
 *
 * @module
 */
import process from "node:process";
import { coverage, type Scenario } from "../src/statistics/testing.ts";

const [studies = 2000, draws = 200] = process.argv.slice(2).map(Number);
const DEVIATIONS = [0, 0.02, 0.06];

const crossed = (seeds: number, change: Partial<Scenario> = {}): Scenario => ({
  design: "crossed",
  seeds,
  paired: true,
  records: 767,
  seedDeviation: 0,
  loss: 0.05,
  ...change,
});

const SCENARIOS: [name: string, scenario: Scenario][] = [
  ...[2, 3, 5].map((seeds): [string, Scenario] => [`${seeds} seeds`, crossed(seeds)]),
  ["3 other seeds on either side", crossed(3, { paired: false })],
  ["5 folds", crossed(5, { design: "folds", records: 7670 })],
];

const percent = (share: number) => (100 * share).toFixed(1);

console.log("| design | records | deviation of F1 over seeds | interval | records alone | other |");
console.log("|---|---|---|---|---|---|");
for (const [name, scenario] of SCENARIOS) {
  for (const seedDeviation of DEVIATIONS) {
    const found = coverage({ ...scenario, seedDeviation }, { studies, draws, seed: 1 });
    const folds = scenario.design === "folds";
    const cells = [
      name,
      scenario.records,
      found.scoreDeviation.toFixed(3),
      `${percent(found.given)} (±${found.halfWidth.toFixed(3)})`,
      folds ? "-" : percent(found.records),
      percent(found.other),
    ];
    console.log(`| ${cells.join(" | ")} |`);
  }
}
