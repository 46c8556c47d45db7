import assert from "node:assert/strict";
import { createRng } from "../core/rng.ts";
import { prunableTensors } from "../model/graph.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { evaluate } from "../training/evaluate.ts";
import { recalibrateStatistics } from "../training/recalibrate.ts";
import { BRANCHING, withBench, withGraph } from "../training/testing.ts";
import { deadFilters, livingFilters } from "./dead_filters.ts";

const CONFIG = { filters: 3, kernel: 5, blocks: 3, blocksPerStage: 2, classes: 4 };
const GRAPH = resnet1dGraph(CONFIG);

/** Random masks of which about `density` survives. */
function randomMasks(
  seed: number,
  density: number,
  graph = GRAPH,
): Map<string, Uint8Array> {
  const rng = createRng(seed, "masks");
  return new Map(
    prunableTensors(graph).map(({ name, shape: [out, inner, kernel] }) => [
      name,
      Uint8Array.from({ length: out * inner * kernel }, () => rng.next() < density ? 1 : 0),
    ]),
  );
}

/**
 * The same by following single edges between named channels: "x" is the signal, "s0:2" channel 2 of the
 * stream before block 0, "block0.conv1:2" a filter, "y" the logits.
 */
function edges(masks: ReadonlyMap<string, Uint8Array>): [from: string, to: string][] {
  const found: [string, string][] = [];
  for (const { name, shape: [out, inner, kernel] } of prunableTensors(GRAPH)) {
    const layer = name.replace(".weight", "");
    const block = Number(/block(\d+)/.exec(layer)?.[1] ?? NaN);
    const source = layer === "stem"
      ? "x"
      : layer === "head"
      ? `s${CONFIG.blocks}`
      : layer.endsWith("conv1")
      ? `s${block}`
      : `block${block}.conv1`;
    const target = layer === "stem" ? "s0" : layer === "head" ? "y" : `s${block + 1}`;
    for (let o = 0; o < out; o++) {
      for (let i = 0; i < inner; i++) {
        const row = (o * inner + i) * kernel;
        if (masks.get(name)!.subarray(row, row + kernel).includes(1)) {
          found.push([source === "x" ? "x" : `${source}:${i}`, `${layer}:${o}`]);
        }
      }
      if (!layer.endsWith("conv1")) {
        found.push([`${layer}:${o}`, target === "y" ? "y" : `${target}:${o}`]);
      }
    }
    // Shortcuts: the stream's channels go on to the next block's stream.
    if (layer.endsWith("conv1")) {
      for (let i = 0; i < inner; i++) found.push([`s${block}:${i}`, `s${block + 1}:${i}`]);
    }
  }
  return found;
}

function reachable(start: string, links: readonly (readonly [string, string])[]): Set<string> {
  const seen = new Set([start]);
  for (const node of seen) {
    for (const [from, to] of links) if (from === node) seen.add(to);
  }
  return seen;
}

Deno.test("filters without a path are the ones that a search along single weights does not reach", () => {
  const totals = { constant: 0, unused: 0 };
  for (const density of [0.02, 0.05, 0.1, 0.3, 1]) {
    for (let seed = 0; seed < 5; seed++) {
      const masks = randomMasks(seed, density);
      const links = edges(masks);
      const fromSignal = reachable("x", links);
      const toLogits = reachable("y", links.map(([from, to]) => [to, from] as const));
      for (const { name, filled, varying, used } of livingFilters(GRAPH, masks)) {
        filled.forEach((flag, f) => {
          const filter = `${name}:${f}`;
          assert.equal(varying[f] === 1, fromSignal.has(filter), `${filter} of ${density}`);
          assert.equal(used[f] === 1, toLogits.has(filter), `${filter} of ${density}`);
          assert.ok(flag || !varying[f], `${filter} is empty and varies`);
        });
      }
      for (const { constant, unused, empty } of deadFilters(GRAPH, masks)) {
        assert.ok(density < 1 || constant + unused + empty === 0);
        totals.constant += constant;
        totals.unused += unused;
      }
    }
  }
  assert.ok(totals.constant > 50 && totals.unused > 50, "the masks cut nothing off");
});

for (const graph of [GRAPH, BRANCHING]) {
  Deno.test(`weights of unused filters change no logit: ${graph.name}`, () =>
    withBench({ network: withGraph(graph) }, async (bench) => {
      const masks = randomMasks(2, 0.06, graph);
      const { network } = bench;
      for (const { name, parameter } of network.prunable) parameter.setMask(masks.get(name)!);
      await recalibrateStatistics(bench);
      const before = (await evaluate(bench, "dev")).predictions;
      let cut = 0;
      livingFilters(network.graph, masks).forEach(({ used }, layer) => {
        const { parameter } = network.prunable[layer]!;
        const values = parameter.read("value");
        const row = values.length / used.length;
        used.forEach((flag, f) => {
          if (flag) return;
          cut += values.subarray(f * row, (f + 1) * row).filter((w) => w !== 0).length;
          values.fill(0, f * row, (f + 1) * row);
        });
        parameter.write("value", values);
      });
      assert.ok(cut > 5, `only ${cut} weights belong to unused filters`);
      assert.deepEqual((await evaluate(bench, "dev")).predictions, before);
    }));
}
