import assert from "node:assert/strict";
import * as path from "node:path";
import { graphFile } from "../model/graph_file.ts";
import { CRITERIA } from "../pruning/criteria.ts";
import { presetConfig } from "../config/presets.ts";
import { BRANCHING } from "../training/testing.ts";
import { doToyRun, halving, toyConfig, withToyDataset } from "./testing.ts";

const HEAD = { op: "conv", name: "head", channels: "classes", kernel: 3 };
/** Smallest networks that a file may hold, and one that uses everything a file may hold. */
const GRAPHS: readonly { name: string; nodes: readonly unknown[] }[] = [
  { name: "one-convolution", nodes: [HEAD] },
  { name: "norm-first", nodes: [{ op: "norm", name: "first", relu: false }, HEAD] },
  {
    name: "shortcut-first",
    nodes: [{ op: "shortcut", name: "first", channels: 2, stride: 2 }, HEAD],
  },
  {
    name: "recording-added",
    nodes: [{ op: "conv", name: "a", channels: 1, kernel: 5, add: "input" }, HEAD],
  },
  { ...BRANCHING, nodes: [...BRANCHING.nodes.slice(0, -1), { ...HEAD, input: "g.norm" }] },
];

Deno.test("unusual networks train, are pruned by every criterion, and finish", () =>
  withToyDataset(async ({ directory, data }) => {
    const { network, training } = presetConfig("quick", "cpu");
    for (const [g, value] of GRAPHS.entries()) {
      const graph = graphFile.parse(value);
      // Each criterion runs with at least one network, each network with at least one criterion.
      const criteria = CRITERIA.filter((_, c) =>
        c % GRAPHS.length === g || value.name === "branching"
      );
      for (const criterion of criteria) {
        const config = toyConfig(data, {
          network: { ...network, graph },
          training: { ...training, epochs: 2, batchSize: 4, learningRate: 1e-2, average: 0.9 },
          pruning: { ...halving(1), criterion },
        });
        const run = path.join(directory, `${value.name}-${criterion}`);
        const { summary, outcome } = await doToyRun({ directory: run, config });
        assert.equal(outcome, "finished");
        const [dense, pruned] = summary.rounds;
        const convolutions = graph.nodes.filter(({ op }) => op === "conv").length;
        assert.equal(dense!.layers.length, convolutions);
        assert.equal(pruned!.kept, dense!.prunable - Math.round(dense!.prunable / 2));
        assert.ok(Number.isFinite(pruned!.dev.loss), criterion);
      }
    }
  }));
