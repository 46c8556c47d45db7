import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { buildDataset, type BuildOptions } from "./build.ts";
import { loadDataset } from "./dataset.ts";
import { listTable } from "./list_table.ts";
import { isProblem } from "./record_list.ts";
import { READING_DEFAULTS } from "./recording.ts";
import { inTemporaryDirectory, mat4, noise } from "./testing.ts";

/** Writes recordings as PhysioNet's challenges lay them out: training/A00/A00012.mat, RECORDS. */
function writeLayout(directory: string, ids: readonly string[]): string {
  const source = path.join(directory, "training");
  for (const [i, id] of ids.entries()) {
    const file = path.join(source, `${id}.mat`);
    fs.mkdirSync(path.dirname(file), { recursive: true });
    fs.writeFileSync(file, mat4(noise(300, i)));
    fs.writeFileSync(
      path.join(source, `${id}.hea`),
      `${path.basename(id)} 1 300 300\n${path.basename(id)}.mat 16+24 1000/mV 16 0 0 0 0 ECG\n`,
    );
  }
  fs.writeFileSync(path.join(source, "RECORDS"), ids.map((id) => `${id}\n`).join(""));
  return source;
}

const IDS = Array.from({ length: 40 }, (_, i) => {
  const name = `A${String(i * 37).padStart(5, "0")}`;
  return `${name.slice(0, 3)}/${name}`;
});
const LABEL = (i: number) => "NNAO"[i % 4]!;

function optionsFor(directory: string, more: Partial<BuildOptions> = {}): BuildOptions {
  return {
    source: path.join(directory, "training"),
    labels: path.join(directory, "labels.csv"),
    out: path.join(directory, "out"),
    ...READING_DEFAULTS,
    rate: 300,
    split: { method: "stratified", dev: 0.1, test: 0.1, seed: 2018 },
    skipBad: false,
    ...more,
  };
}

Deno.test("PhysioNet's layout: ids with and without folders give the same data set", async () => {
  await inTemporaryDirectory((directory) => {
    const source = writeLayout(directory, IDS);
    const built = [(id: string) => id, (id: string) => path.basename(id)].map((written) => {
      const lines = IDS.map((id, i) => `${written(id)},${LABEL(i)}\n`);
      // Inside the source: REFERENCE.csv is no recording.
      const labels = path.join(source, "REFERENCE.csv");
      fs.writeFileSync(labels, lines.join(""));
      const description = buildDataset(optionsFor(directory, { labels }));
      assert.deepEqual(description.refused, []);
      assert.equal(description.labels.revision, "unknown"); // CinC's ids, in folders or not
      return description;
    });
    assert.equal(built[0]!.sha256, built[1]!.sha256);
    const { splits } = loadDataset(path.join(directory, "out"));
    const ids = Object.values(splits).flatMap((split) => split.ids);
    assert.deepEqual(ids.sort(), IDS.toSorted());
    const [line] = fs.readFileSync(path.join(directory, "out/train.json"), "utf8").split("\n");
    assert.match(JSON.parse(line!).ecg, /^\.\.\/training\/A\d\d\/A\d{5}\.mat$/);
  });
});

Deno.test("recordings that RECORDS does not list are not read, and a note says so", async () => {
  await inTemporaryDirectory((directory) => {
    const source = writeLayout(directory, IDS);
    fs.mkdirSync(path.join(source, "extra"));
    fs.writeFileSync(path.join(source, "extra/x.mat"), "");
    const labels = path.join(directory, "labels.csv");
    fs.writeFileSync(labels, IDS.map((id, i) => `${id},${LABEL(i)}\n`).join(""));
    const { entries, notes } = listTable({ source, labels });
    assert.equal(entries.length, 40);
    assert.match(
      notes.join(),
      /^1 recording in .* that RECORDS does not name: not read.*extra\/x$/,
    );
  });
});

Deno.test("an id that means two recordings, or two ids that mean one, are refused by name", async () => {
  await inTemporaryDirectory((directory) => {
    const source = writeLayout(directory, ["a/x", "b/x", "b/y", "b/z"]);
    const labels = path.join(directory, "labels.csv");
    fs.writeFileSync(labels, "x,N\nb/y,N\ny,A\nz,N\nc/z,A\n");
    const { entries } = listTable({ source, labels });
    assert.deepEqual(
      entries.map((entry) => isProblem(entry) ? [entry.id, entry.reason] : [entry.id]),
      [
        ["x", "ambiguous-id"],
        ["b/y", "duplicate-id"],
        ["b/z"],
        ["c/z", "missing"],
        ["a/x", "no-label"],
        ["b/x", "no-label"],
      ],
    );
    const [first] = entries;
    assert.ok(
      isProblem(first!) && /a\/x or b\/x; the label file must say which/.test(first.detail),
    );
  });
});

Deno.test("a record that RECORDS names but that does not exist is missing, with or without a label", async () => {
  await inTemporaryDirectory((directory) => {
    const source = writeLayout(directory, ["a/x", "a/y", "a/z"]);
    for (const name of ["a/x", "a/z"]) {
      for (const ending of [".mat", ".hea"]) fs.rmSync(path.join(source, name + ending));
    }
    const labels = path.join(directory, "labels.csv");
    fs.writeFileSync(labels, "x,N\ny,A\n");
    const { entries } = listTable({ source, labels });
    assert.deepEqual(
      entries.filter(isProblem).map(({ id, reason, detail }) => [id, reason, detail]),
      [["a/x", "missing", "no recording a/x"], ["a/z", "no-label", "RECORDS names it"]],
    );
  });
});
