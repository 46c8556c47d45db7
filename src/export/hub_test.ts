import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { parse } from "yaml";
import { Failure, UsageError } from "../core/errors.ts";
import { writeFolderAtomic } from "../core/files.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import { madeTicket } from "../ticket/testing.ts";
import { pythonHas, runPython } from "../ticket/testing_programs.ts";
import { decodeTicket, DEFAULT_TICKET, readTicket } from "../ticket/ticket_file.ts";
import type { Ticket } from "../ticket/ticket.ts";
import { hub } from "./hub.ts";
import { onnx } from "./onnx.ts";

const hasYaml = pythonHas(["yaml"], "front matter is read by npm's parser alone");

function filesOf(ticket: Ticket): Map<string, string | Uint8Array> {
  return new Map(hub.encode({ ticket, options: {}, name: "my: model" }).files);
}

/** The front matter by npm's parser, and by Python's if it is there. */
function frontMatter(readme: string): Record<string, unknown>[] {
  const text = /^---\n([^]*?)\n---\n\n# /.exec(readme)![1]!;
  const own = [parse(text)];
  if (!hasYaml) return own;
  const program = "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.argv[1])))";
  const { success, out, text: error } = runPython("-c", program, text);
  assert.ok(success, error);
  return [...own, JSON.parse(out)];
}

Deno.test("a hub's folder has the ticket, the model, their description and front matter that parses", () => {
  const shipped = readTicket(DEFAULT_TICKET);
  const files = filesOf(shipped);
  assert.deepEqual([...files.keys()].sort(), [
    ...["README.md", "config.json", "model.onnx", "ticket.safetensors"],
  ]);
  const readme = files.get("README.md") as string;
  for (const front of frontMatter(readme)) {
    assert.equal(front["license"], "odc-by");
    const [{ name, results }] = front["model-index"] as [{ name: string; results: unknown[] }];
    assert.equal(name, "my: model");
    const splits = Object.entries(shipped.metrics);
    assert.ok(splits.length > 0 && splits.length === results.length);
    splits.forEach(([split, { headline: { score, low, high }, records, f1 }], i) => {
      const own = results[i] as {
        dataset: Record<string, string>;
        metrics: { type: string; name: string; value: number; args?: Record<string, number> }[];
      };
      assert.match(own.dataset["name"]!, /CinC Challenge 2017/);
      assert.equal(own.dataset["split"], split);
      assert.equal(own.dataset["revision"], shipped.provenance.datasetSha256);
      assert.deepEqual(own.metrics[0], {
        type: "f1",
        name: "CinC F1",
        value: score,
        args: { records, confidence: 0.95, low, high },
      });
      assert.deepEqual(
        Object.fromEntries(own.metrics.slice(1).map(({ name, value }) => [name.slice(6), value])),
        f1,
      );
      const row = `| ${split} | ${records.toLocaleString("en")} | CinC F1 | ${score.toFixed(3)} | ${
        low!.toFixed(3)
      } to ${high!.toFixed(3)} |`;
      assert.ok(readme.includes(row), row);
    });
  }
  assert.match(readme, /Not a medical device/);
  assert.ok(readme.includes(shipped.licence));
  assert.deepEqual(decodeTicket(files.get("ticket.safetensors") as Uint8Array, "x"), shipped);
  const model = onnx.encode({ ticket: shipped, options: {}, name: "x" });
  assert.deepEqual(files.get("model.onnx"), model.files[0]![1]);
  const config = JSON.parse(files.get("config.json") as string);
  assert.deepEqual(Object.values(config.id2label), shipped.classes);
  assert.deepEqual(config.network.nodes, JSON.parse(JSON.stringify(shipped.network.graph.nodes)));
  assert.deepEqual([config.samples_per_step, config.sampling_rate], [256, 300]);
});

Deno.test("a licence without a name on hubs gets a file; a ticket without scores has no model index", () => {
  const made = { ...madeTicket(), licence: 'own: "data"\n---\nnothing', metrics: {} };
  const files = filesOf(made);
  assert.equal(files.get("LICENSE.md"), `${made.licence}\n`);
  for (const front of frontMatter(files.get("README.md") as string)) {
    assert.deepEqual([front["license"], front["license_link"]], ["other", "LICENSE.md"]);
    assert.ok(!("model-index" in front));
  }
});

Deno.test("a folder is written as a whole or not at all, and never over another", () =>
  inTemporaryDirectory((directory) => {
    const folder = path.join(directory, "below", "new");
    writeFolderAtomic(folder, [["a", "1"], ["deep/b", Uint8Array.of(2)]]);
    assert.deepEqual(fs.readdirSync(folder, { recursive: true }).sort(), ["a", "deep", "deep/b"]);
    assert.throws(
      () => writeFolderAtomic(folder, [["a", "2"]]),
      (error) => error instanceof UsageError && /there is a folder with files/.test(error.message),
    );
    assert.equal(fs.readFileSync(path.join(folder, "a"), "utf8"), "1");
    assert.throws(
      () => writeFolderAtomic(path.join(folder, "a"), [["a", "2"]]),
      (error) => error instanceof UsageError && /there is a file/.test(error.message),
    );
    // The second file needs a folder where the first one is.
    const broken = path.join(directory, "broken");
    assert.throws(() => writeFolderAtomic(broken, [["a", "1"], ["a/b", "2"]]), Failure);
    assert.deepEqual(fs.readdirSync(directory), ["below"]);
    fs.mkdirSync(broken);
    writeFolderAtomic(broken, [["a", "1"]]);
    assert.deepEqual(fs.readdirSync(broken), ["a"]);
  }));
