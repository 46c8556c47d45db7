import assert from "node:assert/strict";
import { presetConfig } from "./presets.ts";
import { changedConfig } from "./overrides.ts";
import { settingsTable } from "./table.ts";
import { LEAVES } from "./paths.ts";

function textAt(groups: ReturnType<typeof settingsTable>, path: string): string | undefined {
  return groups.flatMap(({ lines }) => lines).find((line) => line.path === path)?.text;
}

Deno.test("settings are shown with label, value and unit under their headings", () => {
  const config = changedConfig(presetConfig("quick", "cpu"), {
    ...{ wander: [0, 0.2], schedule: "cosine", keepLayers: ["stem", "head"], target: 20 },
  });
  const groups = settingsTable(config);
  assert.deepEqual(groups.map(({ heading }) => heading), [
    ...["Run", "Data", "Pruning", "Network", "Training", "Loss"],
    ...["Augmentation of training records", "Evaluation", "Device"],
  ]);
  const shown = [
    ["training.learningRate", "0.002"],
    ["training.schedule.kind", "cosine"],
    ["training.schedule.floor", "0.01 of the full rate"],
    ["training.augment.wander.amplitude", "0 to 0.2 mV"],
    ["training.augment.noise", "–"],
    ["training.earlyStopping.patience", "–"],
    ["training.flip", "yes"],
    ["pruning.keepLayers", "stem,head"],
    ["pruning.target", "20 ×"],
    ["folds.count", "–"],
    ["control.kind", "–"],
  ];
  for (const [path, text] of shown) assert.equal(textAt(groups, path!), text, path);
  assert.equal(textAt(groups, "training.schedule.factor"), undefined, "not of a cosine");
  assert.equal(textAt(groups, "folds.seed"), undefined, "there are no folds");
  const paths = groups.flatMap(({ lines }) => lines.map(({ path }) => path));
  assert.equal(new Set(paths).size, paths.length, "each once");
  for (const path of paths) assert.ok(LEAVES.some((leaf) => leaf.path === path), path);
});

Deno.test("one epoch, record and sample have no s", () => {
  const config = changedConfig(presetConfig("quick", "cpu"), {
    ...{ warmup: 1, batchSize: 1, kernel: 1, earlyStop: 1 },
  });
  const many = changedConfig(config, { warmup: 0.5, batchSize: 2, earlyStop: 3 });
  for (
    const [path, one, more] of [
      ["training.warmup", "1 epoch", "0.5 epochs"],
      ["training.batchSize", "1 record", "2 records"],
      ["training.earlyStopping.patience", "1 epoch without a gain", "3 epochs without a gain"],
      ["network.kernel", "1 sample", "1 sample"],
    ] as const
  ) {
    assert.deepEqual([config, many].map((each) => textAt(settingsTable(each), path)), [one, more]);
  }
});

Deno.test("with a user's own network, the sizes of the residual network are not shown", () => {
  const config = presetConfig("quick", "cpu");
  const nodes = [{ op: "conv", name: "head", channels: "classes", kernel: 1 }];
  const graph = { name: "own", nodes };
  const groups = settingsTable({ ...config, network: { ...config.network, graph } });
  assert.equal(textAt(groups, "network.graph"), "own");
  assert.equal(textAt(groups, "network.dropout"), "0");
  assert.equal(textAt(groups, "network.filters"), undefined);
  assert.equal(textAt(settingsTable(config), "network.filters"), "8");
});

Deno.test("a configuration of another version shows known settings by label, others by path", () => {
  const groups = settingsTable({
    seed: 3,
    network: { filters: "many", width: 2 },
    training: { schedule: { kind: "spiral", turns: 4 } },
    pruning: 7,
    later: { a: [1, 2], b: null },
  });
  assert.deepEqual(groups, [
    { heading: "Run", lines: [{ label: "Seed", text: "3", path: "seed" }] },
    {
      heading: "Network",
      lines: [{
        label: "Filters of the first stage",
        text: '"many"',
        path: "network.filters",
      }],
    },
    {
      heading: "Training",
      lines: [{
        label: "Learning-rate schedule",
        text: '"spiral"',
        path: "training.schedule.kind",
      }],
    },
    {
      heading: "Other",
      lines: [
        ["pruning", "7"],
        ["network.width", "2"],
        ["training.schedule.turns", "4"],
        ["later.a", "[1,2]"],
        ["later.b", "–"],
      ].map(([path, text]) => ({ label: path, text, path })),
    },
  ]);
});
