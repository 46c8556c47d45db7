import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { outcome, OWN_NETWORK, toyArgs } from "../src/cli/testing.ts";
import { ROOT, roundFiles, runFiles } from "../src/core/paths.ts";
import { readSampleRecordings } from "../src/data/sample.ts";
import { inTemporaryDirectory } from "../src/data/testing.ts";
import { readSignalFile } from "../src/data/formats/registry.ts";
import { prepare } from "../src/data/formats/prepare.ts";
import { understand } from "../src/data/formats/reading.ts";
import { READING_DEFAULTS } from "../src/data/recording.ts";
import { Predictor } from "../src/predict/predictor.ts";
import { readSummary } from "../src/results/read.ts";
import { withToyDataset } from "../src/run/testing.ts";
import { encodePytorch } from "../src/ticket/pytorch.ts";
import { openRound } from "../src/ticket/open_round.ts";
import { madeTicket } from "../src/ticket/testing.ts";
import { LTH_ECG_PY, pythonHas, runPython } from "../src/ticket/testing_programs.ts";
import { PLAIN_GRAPH } from "../src/ticket/testing_reference.ts";
import { DEFAULT_TICKET, encodeTicket, readTicket } from "../src/ticket/ticket_file.ts";

const hasTorch = pythonHas(["numpy", "torch"], "lth_ecg.py does not predict");
const hasBoth = hasTorch && pythonHas(["pandas"], "lth_ecg.py reads no runs");

/** What a Python program that has imported lth_ecg prints, from JSON. */
function python(program: string, ...args: string[]): unknown {
  const folder = JSON.stringify(path.dirname(LTH_ECG_PY));
  const head = `import json, sys\nsys.path.insert(0, ${folder})\nimport lth_ecg\n`;
  const { success, out, text } = runPython("-c", head + program, ...args);
  assert.ok(success, text);
  return JSON.parse(out);
}

interface Answer {
  readonly label: string;
  readonly probabilities: Record<string, number>;
  readonly votes: Record<string, number>;
  readonly steps: string[];
}

Deno.test({
  name: "lth_ecg.py labels the sample's recordings as predict does, by every rule",
  ignore: !hasTorch,
  fn: () =>
    inTemporaryDirectory((directory) => {
      const records = readSampleRecordings(40);
      const names = records.map(({ name }) => path.join(directory, name));
      records.forEach(({ bytes }, i) => fs.writeFileSync(names[i]!, bytes));
      const shipped = readTicket(DEFAULT_TICKET);
      const averaged = { ...shipped, flipAverage: true, temperature: 1.7 };
      const mean = {
        ...madeTicket({ density: 0.8, seed: 4 }),
        priors: [0.02, 0.6, 0.3, 0.08],
        decision: { decision: "mean", priorExponent: 0.5, priorUnit: "records" } as const,
        temperature: 0.8,
      };
      const tickets = [shipped, averaged, mean].map((ticket, i) => {
        const file = path.join(directory, `${i}.ticket.safetensors`);
        fs.writeFileSync(file, encodeTicket(ticket));
        return { ticket, file };
      });
      const answers = python(
        `answers = []
for file in sys.argv[1:4]:
    model = lth_ecg.load(file)
    network = model.torch()
    answers.append([lth_ecg.predict(model, lth_ecg.read_mat(name), network) for name in sys.argv[4:]])
print(json.dumps(answers))`,
        ...tickets.map(({ file }) => file),
        ...names,
      ) as Answer[][];
      const labels = new Set<string>();
      tickets.forEach(({ ticket }, t) => {
        using predictor = new Predictor(ticket);
        records.forEach(({ name, bytes }, i) => {
          const file = readSignalFile({ name, bytes, beside: () => null });
          const { samples } = prepare(understand(file, READING_DEFAULTS), READING_DEFAULTS);
          const { label, probabilities, votes, steps } = predictor.predict(samples);
          const got = answers[t]![i]!;
          assert.equal(got.label, label, name);
          assert.deepEqual(got.steps, steps, name);
          assert.deepEqual(got.votes, votes, name);
          assert.deepEqual(Object.keys(got.probabilities), Object.keys(probabilities));
          for (const [c, p] of Object.entries(probabilities)) {
            assert.ok(Math.abs(got.probabilities[c]! - p) <= 1e-5, `${name}: ${c}`);
          }
          labels.add(label);
        });
      });
      assert.equal(labels.size, 4);
    }),
});

Deno.test({
  name: "lth_ecg.py reads runs into tables, and their rounds into PyTorch; so does the notebook",
  ignore: !hasBoth,
  fn: () =>
    withToyDataset(async ({ directory, data }) => {
      const network = path.join(directory, "own.json");
      fs.writeFileSync(network, JSON.stringify(OWN_NETWORK));
      const runs = path.join(directory, "sweep");
      const [plain, own] = ["plain", "own"].map((name) => path.join(runs, name)) as [
        string,
        string,
      ];
      const short = ["--epochs", "3", "--batch-size", "4", "--checkpoint-every", "0"];
      for (
        const args of [
          [...toyArgs(data, plain), "--epochs", "3"],
          ["--data", data, "--name", own, "--network", network, ...short, "--rounds", "1"],
        ]
      ) {
        const { code, err } = await outcome(args);
        assert.equal(code, 0, err);
      }
      for (const run of [plain, own]) assertRead(run);
      assertTables(runs, [own, plain]);
      assertNotebook(plain);
    }),
});

/** The last round in PyTorch from its checkpoint, its ticket and its export. */
function assertRead(run: string): void {
  const { ticket } = openRound(run, {});
  const { round } = ticket.provenance;
  const [ticketFile, sparse, input] = ["t", "s", "i"].map((name) => path.join(run, name)) as [
    string,
    string,
    string,
  ];
  fs.writeFileSync(ticketFile, encodeTicket(ticket));
  fs.writeFileSync(sparse, encodePytorch(ticket.network, { sparse: true }));
  const samples = Int16Array.from({ length: 1024 }, (_, i) => 400 * Math.sin(i * i / 3000));
  const { mean, std } = ticket.normalisation;
  using predictor = new Predictor({ ...ticket, flipAverage: false });
  const expected = predictor.logits(samples);
  const factor = Math.fround(1 / std);
  const normalised = Float32Array.from(samples, (x) => (x - Math.fround(mean)) * factor);
  fs.writeFileSync(input, new Uint8Array(normalised.buffer));
  const end = roundFiles.end(runFiles.round(run, round));
  const answer = python(
    `import numpy
x = numpy.fromfile(sys.argv[2], "<f4")
models = [lth_ecg.load(file) for file in sys.argv[3:]] + [lth_ecg.load(sys.argv[1])]
masks = lth_ecg.masks(sys.argv[1], ${round})
print(json.dumps({
    "logits": [lth_ecg.logits(model, x).ravel().tolist() for model in models],
    "names": [sorted(model.state) for model in models],
    "hops": [model.hop for model in models],
    "temperatures": [model.temperature for model in models if model.classes],
    "classes": models[-1].classes,
    "kept": int(sum(mask.sum() for mask in masks.values())),
    "pruned": max(abs(models[-1].state[name][~mask]).max() for name, mask in masks.items()).item(),
}))`,
    run,
    input,
    ...[ticketFile, sparse, end],
  ) as {
    logits: number[][];
    names: string[][];
    hops: number[];
    temperatures: number[];
    classes: string[];
    kept: number;
    pruned: number;
  };
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  assert.equal(answer.logits.length, 4);
  for (const logits of answer.logits) {
    assert.equal(logits.length, expected.length);
    logits.forEach((x, i) => assert.ok(Math.abs(x - expected[i]!) <= 1e-5 * largest, `${i}: ${x}`));
  }
  for (const names of answer.names) assert.deepEqual(names, answer.names[0]);
  assert.deepEqual(new Set(answer.hops), new Set([predictor.hop]));
  assert.deepEqual(new Set(answer.temperatures), new Set([ticket.temperature]));
  assert.deepEqual(answer.classes, ticket.classes);
  assert.equal(answer.kept, readSummary(run).rounds.at(-1)!.kept);
  assert.equal(answer.pruned, 0);
}

type Row = Record<string, string | number | null>;

/** The tables of a folder of runs against what the runs wrote. */
function assertTables(folder: string, runs: readonly string[]): void {
  const tables = python(
    `tables = {name: getattr(lth_ecg, name)(sys.argv[1]) for name in
          ("rounds", "epochs", "layers", "predictions", "settings")}
print(json.dumps({name: json.loads(table.to_json(orient="records", double_precision=15))
                  for name, table in tables.items()}))`,
    folder,
  ) as Record<"rounds" | "epochs" | "layers" | "predictions" | "settings", Row[]>;
  const all = runs.flatMap((run) => {
    const summary = readSummary(run);
    return summary.rounds.map((round) => ({ run, summary, round }));
  });
  assert.equal(tables.rounds.length, all.length);
  all.forEach(({ run, summary, round }, i) => {
    const row = tables.rounds[i]!;
    assert.equal(row["path"], run);
    assert.equal(row["mode"], summary.mode);
    assert.equal(row["round"], round.round);
    assert.equal(row["kept"], round.kept);
    assert.equal(row["metric"], summary.metric.name);
    assert.ok(Math.abs(Number(row["test_score"]) - round.test!.score) < 1e-12);
    assert.ok(Math.abs(Number(row["dev_f1_slow"]) - round.dev.f1["slow"]!) < 1e-12);
    const of = (table: Row[]) =>
      table.filter((each) => each["path"] === run && each["round"] === round.round);
    assert.equal(of(tables.epochs).length, round.epochs.length);
    assert.equal(row["epochs"], round.epochs.at(-1)!.epoch);
    const kept = of(tables.layers).reduce((sum, each) => sum + Number(each["kept"]), 0);
    assert.equal(kept, round.kept);
    const scored = of(tables.predictions).filter(({ split }) => split === "test");
    const right = scored.filter(({ label, predicted }) => label === predicted).length;
    assert.ok(Math.abs(right / scored.length - round.test!.accuracy) < 1e-12);
  });
  assert.deepEqual(tables.settings.map((row) => row["training.epochs"]), [3, 3]);
}

/** Runs the code cells of the notebook, one after the other, with recorders in place of two packages. */
function assertNotebook(run: string): void {
  const file = path.join(ROOT, "docs/lth_ecg.ipynb");
  const notebook = JSON.parse(fs.readFileSync(file, "utf8"));
  assert.deepEqual([notebook.nbformat, notebook.nbformat_minor >= 5], [4, true]);
  const ids = new Set(notebook.cells.map(({ id }: { id: string }) => id));
  assert.equal(ids.size, notebook.cells.length);
  for (const cell of notebook.cells) {
    assert.ok(["markdown", "code"].includes(cell.cell_type) && Array.isArray(cell.source));
    if (cell.cell_type === "code") {
      assert.deepEqual([cell.outputs, cell.execution_count], [[], null]);
    }
  }
  const logged = python(
    `import contextlib, io, os, types
logged = []
os.environ["LTH_RUN"] = sys.argv[1]
os.chdir(os.path.dirname(sys.argv[2]))
class Run:
    def __enter__(self): return self
    def __exit__(self, *error): return False
mlflow = types.ModuleType("mlflow")
mlflow.start_run = lambda run_name: Run()
mlflow.log_params = lambda params: logged.append(["params", len(params)])
mlflow.log_metrics = lambda metrics, step: logged.append(["metrics", step, metrics["test_score"]])
class Writer(Run):
    def __init__(self, folder): pass
    def add_scalar(self, name, value, step): logged.append([name, step, value])
board = types.ModuleType("torch.utils.tensorboard")
board.SummaryWriter = Writer
sys.modules.update({"mlflow": mlflow, "torch.utils.tensorboard": board})
names = {}
with contextlib.redirect_stdout(io.StringIO()):
    for cell in json.load(open(sys.argv[2]))["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
print(json.dumps(logged))`,
    run,
    file,
  ) as unknown[][];
  const { rounds } = readSummary(run);
  for (const { round, test } of rounds) {
    const own = logged.find(([what, step]) => what === "metrics" && step === round);
    assert.ok(Math.abs(Number(own?.[2]) - test!.score) < 1e-12);
  }
  const curves = logged.filter(([what]) => /devScore$/.test(String(what)));
  assert.equal(curves.length, rounds.reduce((sum, { epochs }) => sum + epochs.length, 0));
  assert.ok(logged.some(([what, count]) => what === "params" && Number(count) > 20));
}

Deno.test({
  name: "lth_ecg.py refuses what it cannot use in one sentence",
  ignore: !hasTorch,
  fn: () =>
    inTemporaryDirectory((directory) => {
      const at = (name: string, bytes: Uint8Array | string) => {
        const file = path.join(directory, name);
        fs.writeFileSync(file, bytes);
        return file;
      };
      const nodes = PLAIN_GRAPH.nodes.map((node) =>
        node.op === "conv" && node.stride === 4 ? { ...node, stride: 2 } : node
      );
      const bytes = encodeTicket(madeTicket({ graph: { name: "plain-of-tests", nodes } }));
      const flipped = bytes.slice();
      flipped[flipped.length - 5]! ^= 1;
      const ticket = at("good", bytes);
      const record = at("r.mat", readSampleRecordings(1)[0]!.bytes);
      const cases: [string[], RegExp][] = [
        [["predict", at("flipped", flipped), record], /damaged, its checksum/],
        [["predict", at("cut", bytes.subarray(0, 700)), record], /truncated, damaged or no saf/],
        [["predict", at("short", "abc"), record], /truncated, damaged or no safetensors/],
        [
          ["predict", `${directory}/none`, record],
          /^error: Cannot use .*none: no such file or dir/,
        ],
        [
          ["predict", ticket, at("x.mat", "not a recording, but longer than a header")],
          /no row of int16/,
        ],
        [["predict", ticket, at("y.mat", "abc")], /it has 3 bytes/],
        [["predict", ticket, `${directory}/none.mat`], /Cannot use .*none\.mat: no such file/],
        [
          ["predict", ticket, at("z.mat", shortRecord(1))],
          /Cannot label .*z.mat: its length is 1, expected/,
        ],
        [
          ["logits", ticket, at("s", "abcde"), "out"],
          /Cannot use .*s: it has 5 bytes, expected fl/,
        ],
      ];
      for (const [args, pattern] of cases) assertRefused(args, pattern);
    }),
});

Deno.test({
  name: "lth_ecg.py refuses a folder without runs in one sentence",
  ignore: !hasBoth,
  fn: () =>
    inTemporaryDirectory((directory) => {
      assertRefused(["rounds", directory], /There is no run with a finished round in /);
      const file = path.join(directory, "file");
      fs.writeFileSync(file, "");
      assertRefused(["rounds", file], /There is no folder /);
    }),
});

function assertRefused(args: string[], pattern: RegExp): void {
  const { code, text } = runPython(LTH_ECG_PY, ...args);
  assert.equal(code, 1, text);
  assert.match(text, pattern);
  assert.match(text, /^error: [^\n]*\n$/, text);
}

/** A recording of so many samples, as PhysioNet/CinC 2017 has them. */
function shortRecord(samples: number): Uint8Array {
  const bytes = new Uint8Array(24 + 2 * samples);
  const view = new DataView(bytes.buffer);
  [30, 1, samples, 0, 4].forEach((value, i) => view.setInt32(4 * i, value, true));
  bytes.set(new TextEncoder().encode("val\0"), 20);
  return bytes;
}

Deno.test("lth_ecg.py says which package is missing and how to install it; usage ends with 2", () =>
  inTemporaryDirectory((directory) => {
    // A run, so that `rounds` comes to the table.
    fs.writeFileSync(
      path.join(directory, "summary.json"),
      '{"format": "lth-ecg-summary/1", "rounds": []}',
    );
    const ticket = path.join(directory, "t");
    fs.writeFileSync(ticket, encodeTicket(madeTicket({ density: 0.8, seed: 4 })));
    const samples = path.join(directory, "samples");
    fs.writeFileSync(samples, new Uint8Array(4 * 1024));
    const cases: [missing: string, args: string[], user: string][] = [
      ["numpy", ["rounds", directory], "The functions of lth_ecg\\.py"],
      ["pandas", ["rounds", directory], "Tables of runs"],
      ["torch", ["predict", ticket, "x.mat"], "Networks and predictions"],
      ["torch", ["logits", ticket, samples, "out"], "Networks and predictions"],
    ];
    for (const [missing, args, user] of cases) {
      if (missing !== "numpy" && !pythonHas(["numpy"], "lth_ecg.py without packages")) continue;
      const { code, text, out } = runWithout(missing, directory, args);
      assert.equal(code, 1, text);
      assert.match(
        text,
        new RegExp(
          `^error: ${user} need ${missing}, which \\S+ does not have: install it with [^\\n]*\\n$`,
        ),
      );
      assert.equal(out, "");
    }
    for (const args of [[], ["row"], ["predict", ticket], ["logits", ticket]]) {
      const { code, text, out } = runPython(LTH_ECG_PY, ...args);
      assert.deepEqual([code, out], [2, ""]);
      assert.match(text, /python3 lth_ecg\.py rounds RUN/);
    }
    const { code, out } = runPython(LTH_ECG_PY, "--help");
    assert.equal(code, 0);
    assert.match(out, /python3 lth_ecg\.py rounds RUN/);
  }));

/** Runs the program where a package is not installed. */
function runWithout(missing: string, directory: string, args: readonly string[]) {
  const site = path.join(directory, missing);
  fs.mkdirSync(site, { recursive: true });
  fs.writeFileSync(
    path.join(site, `${missing}.py`),
    `raise ModuleNotFoundError("No module named '${missing}'", name="${missing}")\n`,
  );
  const program = `import runpy, sys\nsys.path.insert(0, sys.argv[1])\nfile = sys.argv[2]\n` +
    `sys.argv = sys.argv[2:]\nrunpy.run_path(file, run_name="__main__")`;
  return runPython("-c", program, site, LTH_ECG_PY, ...args);
}
