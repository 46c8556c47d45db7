import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { namedDataset } from "../data/named/list.ts";
import { findLabels } from "../data/named/list.ts";
import { inTemporaryDirectory } from "../data/testing.ts";
import { defaultLabels } from "./default_labels.ts";

const said = (body: () => unknown): string => {
  try {
    body();
  } catch (error) {
    assert.ok(error instanceof UsageError, String(error));
    return error.message;
  }
  throw new Error("nothing was refused");
};

Deno.test("without REFERENCE-v3.csv, a file that is named like labels is mentioned, with what it lacks", () =>
  inTemporaryDirectory((directory) => {
    const source = path.join(directory, "records");
    const inside = path.join(source, "REFERENCE.csv");
    fs.mkdirSync(source);
    const beside = path.join(directory, "REFERENCE-v3.csv");
    assert.equal(defaultLabels(source, {}), beside, "nothing is there");

    fs.writeFileSync(inside, "A00001,N\nA00002,A\n");
    assert.equal(
      said(() => defaultLabels(source, {})),
      `There is no REFERENCE-v3.csv beside or inside ${source}, but there is ${inside}: if these are the labels, ` +
        `give --labels ${inside}; if these are the recordings of China Physiological Signal Challenge ` +
        "2018, use --dataset cpsc2018",
    );
    fs.writeFileSync(inside, "Recording,First_label,Second_label\nA0001,5,\n");
    const lacking = said(() => defaultLabels(source, {}));
    assert.match(
      lacking,
      /with --labels \S+ it ends with "Cannot read .* Second_label is known to be the label; name it with --label-column"; if these/,
    );
    assert.match(
      said(() => defaultLabels(source, { label: "First_label" })),
      /: if these are the labels, give/,
    );
    // A published data set without its labels mentions the file, too.
    assert.match(
      said(() => findLabels(namedDataset("cinc2017"), source)),
      /it has no REFERENCE-v3\.csv, neither is one beside it, but \S+REFERENCE\.csv: give --labels \S+REFERENCE\.csv if/,
    );
    fs.rmSync(inside);
    assert.doesNotMatch(said(() => findLabels(namedDataset("cinc2017"), source)), /--labels/);

    const own = path.join(directory, "labels.csv");
    fs.writeFileSync(own, "id,label\n");
    assert.match(said(() => defaultLabels(source, {})), /labels\.csv lists no records"$/);

    const v3 = path.join(source, "REFERENCE-v3.csv");
    fs.writeFileSync(v3, "A00001,N\n");
    assert.equal(defaultLabels(source, {}), v3);
    fs.writeFileSync(beside, "A00001,N\n");
    assert.equal(defaultLabels(source, {}), beside);
  }));
