import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { runFiles } from "../core/paths.ts";
import { assertSameResults, withToyDataset } from "../run/testing.ts";
import { lth, type Outcome, outcome } from "./testing.ts";

const PLAIN = {
  name: "tiny",
  nodes: [
    { op: "conv", name: "first", channels: 4, kernel: 8, stride: 2 },
    { op: "norm", name: "first.norm", dropout: "rate" },
    { op: "conv", name: "second", channels: 6, kernel: 5, stride: 2 },
    { op: "norm", name: "second.norm" },
    { op: "conv", name: "head", channels: "classes", kernel: 1 },
  ],
};

/** A run of two pruned rounds. */
function args(data: string, run: string, network: string): string[] {
  return [
    ...["--data", data, "--name", run, "--network", network, "--dropout", "0.2"],
    ...["--epochs", "60", "--batch-size", "4", "--rounds", "2", "--prune", "0.5"],
    ...["--checkpoint-every", "0", "--backend", "cpu"],
  ];
}

function assertRefused({ code, err }: Outcome, message: RegExp): void {
  assert.equal(code, 2, err);
  assert.match(err, message);
  assert.doesNotMatch(err, /\n\s+at /, "a stack trace");
}

Deno.test("a network from a file trains, prunes, reports, and resumes bit-equal after a kill even if the file is gone", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const file = at("tiny.json");
    fs.writeFileSync(file, JSON.stringify(PLAIN));
    const whole = await outcome(args(data, at("whole"), file));
    assert.equal(whole.code, 0, whole.err);
    const weights = 4 * 8 + 6 * 4 * 5 + 2 * 6;
    assert.match(whole.out, new RegExp(`${weights} prunable weights in 3 convolutions`));
    assert.ok(fs.statSync(path.join(at("whole"), "report.html")).size > 1000);

    const child = lth(args(data, at("killed"), file)).spawn();
    let ended = false;
    child.status.then(() => ended = true);
    while (!fs.existsSync(runFiles.latest(at("killed"))) && !ended) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    assert.ok(!ended, "the run was over before it could be killed");
    child.kill("SIGKILL");
    await child.output();
    fs.writeFileSync(file, JSON.stringify({ ...PLAIN, name: "other" }));
    assertRefused(
      await outcome(["--name", at("killed"), "--resume", "--network", file]),
      /other settings \(network\.graph\.name: "tiny", not "other" \(--network\)\)/,
    );
    fs.rmSync(file);
    const resumed = await outcome(["--name", at("killed"), "--resume"]);
    assert.equal(resumed.code, 0, resumed.err);
    assertSameResults(at("killed"), at("whole"));

    assertRefused(
      await outcome(["--name", at("whole"), "--resume", "--filters", "4"]),
      /Cannot use --filters with the network tiny: it is a size of the residual network/,
    );

    const control = ["control", "--run", at("whole"), "--kind", "dense-small", "--rounds", "2"];
    const small = await outcome([...control, "--name", at("small"), "--backend", "cpu"]);
    assert.equal(small.code, 0, small.err);
    const [round] = JSON.parse(fs.readFileSync(runFiles.summary(at("small")), "utf8")).rounds;
    // The channels are 4 and 6 in the whole network.
    const shapes = round.layers.map(({ shape }: { shape: number[] }) => shape);
    assert.deepEqual(shapes, [[2, 1, 8], [2, 2, 5], [2, 2, 1]]);
  }));

Deno.test("mistakes about networks give one sentence and exit code 2", () =>
  withToyDataset(async ({ directory, data }) => {
    const at = (name: string) => path.join(directory, name);
    const write = (name: string, text: string) => {
      fs.writeFileSync(at(name), text);
      return at(name);
    };
    const head = (channels: unknown) => ({
      ...PLAIN,
      nodes: [...PLAIN.nodes.slice(0, -1), { ...PLAIN.nodes.at(-1), channels }],
    });
    const lstm = { name: "odd", nodes: [{ op: "lstm", name: "a" }, PLAIN.nodes.at(-1)] };
    const fixed = { ...PLAIN, nodes: PLAIN.nodes.filter(({ op }) => op === "conv") };
    const cases: [network: string, options: string[], message: RegExp][] = [
      ["residual", [], /Cannot read the network residual: there is no such file; .* resnet, plain/],
      [directory, [], /Cannot read the network .*: it is not a file/],
      [write("a.json", "{"), [], /Cannot read the network .*a\.json: it is not JSON/],
      [
        write("b.json", JSON.stringify(lstm)),
        [],
        /Cannot use the network .*b\.json: node 1 \("a"\): unknown op "lstm"; write one of conv, /,
      ],
      [
        write("c.json", JSON.stringify(head(7))),
        [],
        /Cannot use the network tiny: its head "head" has 7 channels, and the data set 2 classes, /,
      ],
      [
        write("d.json", JSON.stringify(fixed)),
        ["--dropout", "0.1"],
        /Cannot use --dropout with the network tiny: none of its norms has the dropout "rate"/,
      ],
      [
        "plain",
        ["--kernel", "8"],
        /Cannot use --kernel with the network plain: it is a size of the/,
      ],
    ];
    for (const [network, options, message] of cases) {
      const given = ["--data", data, "--name", at("x"), "--network", network, ...options];
      assertRefused(await outcome(given), message);
      assert.ok(!fs.existsSync(at("x")), `${network} has left a run`);
    }
  }));
