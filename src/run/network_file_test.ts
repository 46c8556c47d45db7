import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT } from "../core/paths.ts";
import { HOP } from "../data/format.ts";
import { analyse } from "../model/analyse.ts";
import { prunableWeights } from "../model/graph.ts";
import { graphFile, graphOf } from "../model/graph_file.ts";
import { LABEL_SAMPLES } from "../model/graph_problems.ts";
import { namedNetwork, networkNames, RESNET } from "./network_file.ts";

Deno.test("every shipped network is valid, has the name of its file, and labels every 256 samples", () => {
  const names = networkNames();
  assert.deepEqual(names, [RESNET, "plain"]);
  assert.equal(namedNetwork(RESNET), undefined);
  for (const name of names.slice(1)) {
    const file = namedNetwork(name)!;
    assert.equal(file.name, name);
    assert.equal(analyse(graphOf(file, { classes: 4, dropout: 0 })).hop, 256);
  }
  assert.equal(
    prunableWeights(graphOf(namedNetwork("plain")!, { classes: 4, dropout: 0 })),
    525_056,
  );
});

Deno.test("a network's hop must divide the samples of a label", () => {
  assert.equal(LABEL_SAMPLES, HOP);
});

Deno.test("the network of docs/extending.md is valid", () => {
  const text = fs.readFileSync(path.join(ROOT, "docs/extending.md"), "utf8");
  const [, json] = /```json\n(.*?)```/s.exec(text)!;
  const { hop, reach } = analyse(graphOf(graphFile.parse(JSON.parse(json!)), {
    classes: 4,
    dropout: 0,
  }));
  // Kernels of 16 and 9 at 1 and 2 samples a position, then 9 at 4.
  assert.deepEqual([hop, reach], [4, 15 + 2 * 8 + 4 * 8]);
});
