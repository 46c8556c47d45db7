import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { roundFiles, runFiles } from "../core/paths.ts";
import { exporterOf, FORMATS } from "../export/registry.ts";
import { PRESETS } from "../config/presets.ts";
import type { RoundSummary } from "../results/summary.ts";
import { withToyDataset } from "../run/testing.ts";
import { madeTicket } from "../ticket/testing.ts";
import type { Ticket } from "../ticket/ticket.ts";
import { DEFAULT_TICKET, readTicket, writeTicket } from "../ticket/ticket_file.ts";
import { UNNAMED_RULE } from "../training/decision.ts";
import { command, type Outcome, outcome, OWN_NETWORK, toyArgs } from "./testing.ts";

/** Exit code 2, nothing on standard output, one sentence and no stack trace. */
function assertUsage({ code, out, err }: Outcome, pattern: RegExp): void {
  assert.equal(code, 2, err);
  assert.equal(out, "");
  assert.match(err, pattern);
  assert.doesNotMatch(err, /\n {4}at /);
}

/** `predict` labels every test recording as the round's predictions have it. */
async function assertPredictsAsScored(
  ticket: string,
  { run, round, records }: { run: string; round: number; records: string },
): Promise<void> {
  const predicted = await command("predict", [
    ...["--ticket", ticket, "--json", records],
  ]);
  assert.equal(predicted.code, 0, predicted.err);
  const labels = new Map<string, string>(
    predicted.out.trim().split("\n")
      .map((line) => JSON.parse(line) as { record: string; label: string })
      .map(({ record, label }) => [path.basename(record, path.extname(record)), label]),
  );
  const rows = fs.readFileSync(roundFiles.predictions(runFiles.round(run, round)), "utf8")
    .trim().split("\n").slice(1).map((line) => line.split(","));
  assert.ok(rows.length > 8);
  for (const [, record, , label] of rows) assert.equal(labels.get(record!), label, record);
  assert.match(predicted.err, /^Decision: .* Probabilities: mean .* temperature \d\.\d{3}\.$/m);
}

/** How `export` begins: run, round, surviving weights. */
function firstWords({ provenance: { run, round }, network }: Ticket): string {
  const weights = network.graph.nodes.flatMap(({ name, op }) =>
    op === "conv" ? [network.tensors.get(`${name}.weight`)!] : []
  );
  const [all, kept] = [() => true, (x: number) => x !== 0].map((counts) =>
    weights.reduce((sum, each) => sum + each.filter(counts).length, 0).toLocaleString("en")
  );
  return `${run}, round ${round}: ${kept} of ${all} weights\n`;
}

Deno.test("a trained round exports in every format, and its ticket predicts what the run scored", () =>
  withToyDataset(async ({ directory, data }) => {
    const run = path.join(directory, "run");
    const trained = await outcome(toyArgs(data, run));
    assert.equal(trained.code, 0, trained.err);
    const exported = async (...args: string[]) => {
      const result = await command("export", ["--run", run, ...args]);
      assert.equal(result.code, 0, result.err);
      return result.out;
    };
    const file = path.join(directory, "toy.ticket.safetensors");
    await exported("--format", "ticket", "--round", "1", "--out", file);
    const ticket = readTicket(file);
    assert.equal(ticket.provenance.round, 1);
    assert.deepEqual(ticket.classes, ["fast", "slow"]);
    assert.match(ticket.licence, /user's own/);
    const { low, score, high } = ticket.metrics["test"]!.headline;
    assert.ok(low === null || (low <= score && score <= high!));
    const saved = JSON.parse(
      fs.readFileSync(roundFiles.scores(runFiles.round(run, 1)), "utf8"),
    ) as RoundSummary;
    assert.deepEqual(ticket.decision, PRESETS.quick.score);
    assert.equal(ticket.temperature, saved.temperature);

    await assertPredictsAsScored(file, { run, round: 1, records: path.join(directory, "records") });

    for (
      const [args, name] of [
        [["--format", "safetensors"], "round-002.safetensors"],
        [["--format", "safetensors", "--sparse"], "round-002-sparse.safetensors"],
        [["--format", "onnx"], "round-002.onnx"],
        [["--format", "c"], "ecg_ticket.h"],
      ] as const
    ) {
      const said = await exported(...args);
      assert.match(said, /round 2: [\d,]+ of [\d,]+ weights\n.*export\/[^]*\nDecision: /);
      const bytes = fs.readFileSync(path.join(run, "export", name));
      assert.ok(bytes.length > 1000, name);
      assert.ok(bytes.includes("Decision: "), name); // the file itself says how to decide
    }
    const rounded = await exported("--format", "c", "--int8", "--name", "small");
    assert.match(
      rounded,
      /8-bit weights on \d+ test records: macro F1 [\d.]+ -> [\d.]+, \d+ labels/,
    );
    const fixed = await exported("--format", "c", "--int16", "--name", "fixed");
    assert.match(
      fixed,
      /16-bit activations, calibrated on \d+ recordings of the run's training data/,
    );
    assert.match(
      fixed,
      /16-bit weights and 16-bit activations on \d+ test records: macro F1 .* 0 labels/,
    );
    assert.deepEqual(
      await command("export", ["--run", run, "--format", "c", "--int16", "--records", directory]),
      {
        code: 2,
        out: "",
        err: "error: --records goes with a ticket: a run has records of its own\n",
      },
    );

    const absent = await command("export", ["--run", run, "--format", "onnx", "--round", "7"]);
    assertUsage(absent, /Cannot export round 7 of run: finished rounds are 0, 1, 2/);

    // The data set is moved: it is named, and the ticket is the same.
    const moved = path.join(directory, "moved");
    fs.renameSync(data, moved);
    const asTicket = ["--run", run, "--format", "ticket", "--round", "1"];
    assertUsage(
      await command("export", asTicket),
      /^error: Cannot open the data set .*data: the run was trained on it; name its folder with --data\n$/,
    );
    const out = path.join(directory, "moved.ticket.safetensors");
    await exported(...asTicket.slice(2), "--data", moved, "--out", out);
    assert.deepEqual(fs.readFileSync(out), fs.readFileSync(file));
    const wrong = [...asTicket, "--data", "sample", "--out", path.join(directory, "wrong")];
    assertUsage(await command("export", wrong), /was trained on data with sha256 .* with --data/);
  }));

Deno.test("a network of a file is exported in every format, and its ticket predicts as it was scored", () =>
  withToyDataset(async ({ directory, data }) => {
    const network = path.join(directory, "own.json");
    fs.writeFileSync(network, JSON.stringify(OWN_NETWORK));
    const run = path.join(directory, "run");
    const trained = await outcome([
      ...["--data", data, "--name", run, "--network", network, "--dropout", "0.1"],
      ...["--epochs", "10", "--batch-size", "4", "--rounds", "1", "--prune", "0.5"],
      ...["--checkpoint-every", "0", "--backend", "cpu"],
    ]);
    assert.equal(trained.code, 0, trained.err);
    for (const format of FORMATS) {
      const { code, err } = await command("export", ["--run", run, "--format", format]);
      assert.equal(code, 0, `${format}: ${err}`);
    }
    const ticket = path.join(run, "export", "round-001.ticket.safetensors");
    const { network: { graph } } = readTicket(ticket);
    assert.deepEqual(
      graph.nodes.map(({ name }) => name),
      OWN_NETWORK.nodes.map(({ name }) => name),
    );
    const again = path.join(directory, "again.onnx");
    const exported = await command("export", [
      ...["--ticket", ticket, "--format", "onnx", "--out", again],
    ]);
    assert.equal(exported.code, 0, exported.err);
    assert.ok(fs.readFileSync(again).equals(fs.readFileSync(`${run}/export/round-001.onnx`)));
    await assertPredictsAsScored(ticket, {
      run,
      round: 1,
      records: path.join(directory, "records"),
    });
  }));

Deno.test("a ticket file is exported in every format, the one that ships where none is named", async () => {
  const directory = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "export-"));
  try {
    const file = path.join(directory, "x.ticket.safetensors");
    writeTicket(file, madeTicket());
    for (const format of FORMATS) {
      const exporter = exporterOf(format);
      const { ending } = exporter;
      const out = path.join(directory, `net${ending}`);
      const shipped = format === "onnx";
      const source = shipped ? [] : ["--ticket", file];
      const { code, out: said, err } = await command("export", [
        ...[...source, "--format", format, "--out", out],
      ]);
      assert.equal(code, 0, err);
      assert.ok(
        said.startsWith(shipped ? firstWords(readTicket(DEFAULT_TICKET)) : "made-up, round 3: "),
      );
      const written = exporter.isFolder?.({})
        ? fs.readdirSync(out).map((name) => path.join(out, name))
        : [out];
      for (const each of written) {
        assert.ok(said.includes(`${each}: ${fs.statSync(each).size.toLocaleString("en")} bytes`));
      }
    }
    const twice = ["--ticket", file, "--format", "hub", "--out", path.join(directory, "net")];
    assertUsage(await command("export", twice), /net: there is a folder with files; name another/);
    assert.deepEqual(
      fs.readFileSync(path.join(directory, "net.ticket.safetensors")),
      fs.readFileSync(file),
    );
    const other = ["--format", "c", "--int8", "--name", "small"];
    const int8 = await command("export", ["--ticket", file, ...other, "--out", `${directory}/a.c`]);
    assert.match(int8.out, /loss was not measured, a ticket has no records; --run measures it/);
    assert.match(fs.readFileSync(`${directory}/a.c`, "utf8"), /#include "a\.h"[^]*small_push/);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

Deno.test("predict, footprint and export refuse misuse in one sentence", async () => {
  const directory = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "predict-"));
  try {
    const file = path.join(directory, "x.ticket.safetensors");
    writeTicket(file, madeTicket());
    const at = (name: string, text: string) => {
      fs.writeFileSync(path.join(directory, name), text);
      return path.join(directory, name);
    };
    const numbers = Array.from({ length: 600 }, (_, i) => (i * 37) % 400);
    const good = at("good.csv", numbers.join("\n"));
    const short = at("short.csv", "1\n2\n3\n");
    assertUsage(
      await command("predict", ["--ticket", file, good]),
      /no sample rate \(.*give --rate HZ/,
    );
    const predict = (...args: string[]) =>
      command("predict", ["--ticket", file, "--rate", "300", ...args]);

    const table = await predict(good);
    assert.equal(table.code, 0, table.err);
    assert.match(
      table.out,
      /record +label +A +N +O +~ +beats\/min +every 256 samples\n.*good\.csv +[ANO~] /,
    );
    assertUsage(await predict(good, short), /1 of 2 recordings cannot be used.*\n.*too short/);
    const rest = await predict("--skip-bad", good, short);
    assert.equal(rest.code, 0);
    assert.match(rest.out, /good\.csv/);
    assert.match(rest.err, /Left out 1 recording:/);
    const page = path.join(directory, "page.html");
    assertUsage(await predict("--html", page, good, short), /1 of 2 recordings cannot be used/);
    assert.ok(!fs.existsSync(page), "no page of a part");
    const drawn = await predict("--html", page, "--json", good);
    assert.equal(drawn.code, 0, drawn.err);
    const [answer] = JSON.parse(drawn.out);
    assert.deepEqual(Object.keys(answer.heartRate), ["perMinute", "beats"]);
    assert.match(drawn.err, /Page: .*page\.html/);
    assert.match(fs.readFileSync(page, "utf8"), /^\s*<!doctype html>[^]*good\.csv/);
    assertUsage(await predict("--html", directory, good), /--html must name a file .* \.html/);
    assertUsage(await predict("--html", page, "-"), /not standard input/);
    assertUsage(
      await predict(at("flat.csv", "7\n".repeat(300))),
      /constant \(all 256 samples are 7/,
    );
    assertUsage(await predict(at("word.csv", "1\nx\n")), /line 2 is "x"/);
    assertUsage(await predict("nowhere.mat"), /Cannot read nowhere\.mat: there is no such file/);
    assertUsage(
      await predict("--units", "volts", good),
      /Allowed choices are auto, mV, uV, V, raw/,
    );
    assertUsage(await predict("-", good), /cannot be mixed with files/);
    at("cut.ticket.safetensors", fs.readFileSync(file, "latin1").slice(0, 900));
    const cut = path.join(directory, "cut.ticket.safetensors");
    assertUsage(await command("predict", ["--ticket", cut, good]), /truncated, damaged or another/);
    assertUsage(
      await command("footprint", ["--ticket", good]),
      /Cannot use .*good\.csv as a ticket/,
    );
    assertUsage(
      await command("export", ["--run", "x", "--format", "onnx", "--sparse"]),
      /--sparse goes with --format safetensors/,
    );
    assertUsage(
      await command("export", ["--format", "c", "--sparse-weights"]),
      /--sparse-weights goes with --format onnx, not with c/,
    );
    assertUsage(
      await command("export", ["--run", "x", "--format", "tf"]),
      /--format must be one of/,
    );
    assertUsage(
      await command("export", ["--ticket", cut, "--format", "onnx"]),
      /truncated, damaged or another/,
    );
    assertUsage(
      await command("export", ["--ticket", file, "--run", "x", "--format", "onnx"]),
      /--ticket and --run both name what to export/,
    );
    assertUsage(
      await command("export", ["--ticket", file, "--round", "1", "--format", "onnx"]),
      /--round goes with --run/,
    );
    assertUsage(
      await command("export", ["--ticket", file, "--format", "onnx", "--opset", "26"]),
      /--opset must be one of 13, 14, 15, 16, 17, got "26"/,
    );

    const stream = (stdin: string) => command("predict", ["--ticket", file, "-"], { stdin });
    const streamed = await stream(numbers.join(" "));
    assert.equal(streamed.code, 0, streamed.err);
    assert.match(streamed.out, /^ +0\.85 s +[ANO~] +A [\d.]+ .*\n +1\.71 s +[ANO~] .*\n$/);
    assertUsage(await stream("1 2"), /ended after 2 samples/);

    const footprint = await command("footprint", ["--ticket", file, "--json"]);
    assert.equal(footprint.code, 0, footprint.err);
    const { weights, kept, latency, decision, temperature } = JSON.parse(footprint.out);
    assert.deepEqual([decision, temperature], [UNNAMED_RULE, 1]); // the ticket names none
    assert.ok(kept < weights && latency.ticketMs > 0);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});
