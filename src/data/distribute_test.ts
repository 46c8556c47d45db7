import assert from "node:assert/strict";
import { createRng, type Rng } from "../core/rng.ts";
import { distribute } from "./distribute.ts";

/** The distance that the documentation states, without the cost of absent classes. */
function distance(units: number[][], targets: number[][], binOf: ArrayLike<number>): number {
  const has = targets.map((target) => target.map(() => 0));
  units.forEach((unit, u) => unit.forEach((count, c) => has[binOf[u]!]![c]! += count));
  let sum = 0;
  targets.forEach((target, bin) =>
    target.forEach((wanted, c) => {
      sum += (has[bin]![c]! - wanted) ** 2 / Math.max(wanted, 0.5);
      if (has[bin]![c] === 0 && wanted >= 0.5) sum += 1e6;
    })
  );
  return sum;
}

/** The least distance of all divisions. */
function least(units: number[][], targets: number[][]): number {
  const bins = targets.length;
  let best = Infinity;
  for (let code = 0; code < bins ** units.length; code++) {
    const binOf = units.map((_, u) => Math.floor(code / bins ** u) % bins);
    best = Math.min(best, distance(units, targets, binOf));
  }
  return best;
}

function madeUnits(rng: Rng, count: number, classes: number): number[][] {
  return Array.from({ length: count }, () => {
    const unit = Array.from(
      { length: classes },
      () => rng.integer(3) === 0 ? 1 + rng.integer(4) : 0,
    );
    if (Math.max(...unit) === 0) unit[rng.integer(classes)] = 1;
    return unit;
  });
}

function sharesOf(units: number[][], shares: number[]): number[][] {
  const totals = units[0]!.map((_, c) => units.reduce((sum, unit) => sum + unit[c]!, 0));
  return shares.map((share) => totals.map((total) => share * total));
}

Deno.test("with few units the division is the best one in most cases, and close to it in all", () => {
  let exact = 0;
  const tries = 60;
  for (let i = 0; i < tries; i++) {
    const rng = createRng(i, "distribute");
    const units = madeUnits(rng, 8, 3);
    const targets = sharesOf(units, [0.6, 0.2, 0.2]);
    const found = distance(units, targets, distribute({ units, targets, rng }));
    const best = least(units, targets);
    // No class is absent from a bin that another division could give it to.
    assert.equal(Math.floor(found / 1e6), Math.floor(best / 1e6), `try ${i}: ${found}, ${best}`);
    if (found < best + 1e-6) exact++;
  }
  assert.ok(exact >= 0.8 * tries, `${exact} of ${tries} are the best`);
});

Deno.test("with many units every class is within one record of its share", () => {
  for (let i = 0; i < 5; i++) {
    const rng = createRng(i, "many");
    const units = madeUnits(rng, 3000, 4);
    const targets = sharesOf(units, [0.8, 0.1, 0.1]);
    const binOf = distribute({ units, targets, rng });
    targets.forEach((target, bin) =>
      target.forEach((wanted, c) => {
        const has = units.reduce((sum, unit, u) => sum + (binOf[u] === bin ? unit[c]! : 0), 0);
        assert.ok(Math.abs(has - wanted) <= 1, `bin ${bin}, class ${c}: ${has}, not ${wanted}`);
      })
    );
  }
});

Deno.test("a bin without targets stays empty; equal seeds give equal divisions", () => {
  const units = madeUnits(createRng(3), 200, 2);
  const targets = [...sharesOf(units, [0.7, 0.3]), [0, 0]];
  const of = (seed: number) => distribute({ units, targets, rng: createRng(seed) });
  assert.deepEqual(new Set(of(1)), new Set([0, 1]));
  assert.deepEqual(of(1), of(1));
  assert.notDeepEqual(of(1), of(2));
  assert.deepEqual(distribute({ units: [], targets, rng: createRng(1) }), new Int32Array());
});

Deno.test("thousands of units of unequal contents take seconds at most", () => {
  const rng = createRng(9);
  const units = Array.from(
    { length: 3000 },
    (_, u) => [1 + u, 1 + rng.integer(3000), rng.integer(9)],
  );
  const started = performance.now();
  distribute({ units, targets: sharesOf(units, new Array(10).fill(0.1)), rng });
  assert.ok(performance.now() - started < 20_000, `${performance.now() - started} ms`);
});
