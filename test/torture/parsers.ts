/**
 * Fuzz targets for all parsers of files from outside or from an earlier run, with valid inputs to mutate.
 *
 * @module
 */
import { zipSync } from "fflate";
import * as fs from "node:fs";
import * as path from "node:path";
import { decodeSafetensors, encodeSafetensors } from "../../src/core/safetensors.ts";
import { cacheFrom } from "../../src/data/cache.ts";
import { parseCsv } from "../../src/data/csv.ts";
import { readDescription } from "../../src/data/description.ts";
import { openZip } from "../../src/data/unzip.ts";
import { UsageError } from "../../src/core/errors.ts";
import { parseConfig } from "../../src/config/config.ts";
import { ROOT } from "../../src/core/paths.ts";
import { analyse } from "../../src/model/analyse.ts";
import { tensorsOf } from "../../src/model/graph.ts";
import { graphOf } from "../../src/model/graph_file.ts";
import { namedNetwork } from "../../src/run/network_file.ts";
import { readEnvironment } from "../../src/run/environment.ts";
import { presetConfig } from "../../src/config/presets.ts";
import { readKernels } from "../../src/run/round_kernels.ts";
import { writeToyDataset } from "../../src/run/testing.ts";
import { RunStore } from "../../src/run/run_store.ts";
import { parsePlan } from "../../src/sweep/plan.ts";
import { madeTicket } from "../../src/ticket/testing.ts";
import { decodeTicket, encodeTicket } from "../../src/ticket/ticket_file.ts";
import { decodeCheckpoint, encodeCheckpoint } from "../../src/training/checkpoint.ts";
import type { Target } from "./target.ts";
import { datasetParsers } from "./dataset_parsers.ts";
import { recordingParsers } from "./recording_parsers.ts";
import { remakeJson, remakeTensors } from "./remake.ts";

const text = (value: string) => new TextEncoder().encode(value);
/** A plain array, because slice() of Node's Buffer shares memory and mutations would change the seed. */
const bytesOf = (file: string) => new Uint8Array(fs.readFileSync(file));
const json = (value: unknown) => text(JSON.stringify(value));
const decoded = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
/** Parses JSON; the callers' own tests check files that are not JSON. */
const value = (bytes: Uint8Array): unknown => {
  try {
    return JSON.parse(decoded(bytes));
  } catch {
    throw new UsageError("it is not JSON");
  }
};

const snapshot = new Map([
  ["value/stem.weight", { shape: [2, 1, 3], data: Float32Array.of(1, -0, 1e-42, 3, 4, 5) }],
  ["mask/stem.weight", { shape: [2, 1, 3], data: Uint8Array.of(1, 0, 1, 1, 1, 0) }],
]);
const tensors = new Map([
  ["samples", { shape: [4], data: Int16Array.of(1, 2, 3, 4) }],
  ["offsets", { shape: [3], data: Float64Array.of(0, 2, 4) }],
  ["labels", { shape: [2], data: Int32Array.of(0, 1) }],
  ["split", { shape: [2], data: Uint8Array.of(0, 2) }],
]);
const small = encodeSafetensors({ tensors, metadata: { ids: '["a","b"]', sha256: "00" } });
const TINY = { filters: 1, kernel: 4, blocks: 2, blocksPerStage: 2, classes: 2 };
const NETWORK = {
  name: "n",
  nodes: [
    { op: "conv", name: "a", channels: 2, kernel: 4, stride: 2 },
    { op: "norm", name: "a.norm", dropout: "rate" },
    { op: "shortcut", name: "s", input: "a", channels: 3, stride: 2 },
    { op: "conv", name: "b", input: "a.norm", channels: 3, kernel: 3, stride: 2, add: "s" },
    { op: "conv", name: "head", channels: "classes", kernel: 1 },
  ],
};
const plan = {
  name: "p",
  preset: "quick",
  set: { filters: 4, epochs: 2 },
  modes: ["finetune", { mode: "weight-rewind", label: "late", set: { "rewind-to": "2it" } }],
  seeds: [1, 2],
  controls: [{ kind: "reinit", rounds: "all", of: ["late"] }],
};
const scores = { records: 1, loss: 1, accuracy: 1, f1: { A: 1 }, score: 1, confusion: [[1]] };
const round = { round: 0, kept: 1, prunable: 1, epochs: [], dev: scores, test: null, layers: [] };
const environment = { device: "cpu: x", native: "GNU", datasetSha256: "00", cores: 2 };

/** @param directory For the parsers that read files; on a file system in memory if possible. */
export function parsers(directory: string): Target[] {
  const at = (...parts: string[]) => path.join(directory, ...parts);
  fs.mkdirSync(at("run", "round-000"), { recursive: true });
  fs.writeFileSync(at("run", "round-000", "DONE"), "");
  /** Writes bytes to a file and parses it. */
  const file = (name: string, read: (file: string) => void) => (bytes: Uint8Array) => {
    fs.writeFileSync(at(name), bytes);
    read(at(name));
  };
  const store = new RunStore(at("run"));
  return [
    ...recordingParsers(),
    ...datasetParsers(directory),
    {
      name: "CSV",
      seeds: [text('id,label\nA1,"N"\nA2,~\n\n'), text("a;b\n"), text('"x""y",1\r\n')],
      parse: (bytes) => parseCsv(decoded(bytes), "it"),
    },
    {
      name: "safetensors",
      seeds: [small, encodeSafetensors({ tensors: snapshot, metadata: {} })],
      remake: remakeTensors(null),
      parse: (bytes) => decodeSafetensors(bytes, "it"),
    },
    {
      name: "data set cache",
      seeds: [small],
      remake: remakeTensors(null),
      parse: (bytes) => cacheFrom(decodeSafetensors(bytes, "it")),
    },
    {
      name: "data set description",
      slow: true,
      seeds: [bytesOf(path.join(writeToyDataset(directory), "dataset.json"))],
      remake: remakeJson,
      parse: file("dataset.json", () => readDescription(directory)),
    },
    {
      name: "checkpoint",
      seeds: [encodeCheckpoint({ snapshot, state: { round: 1, progress: { rows: [] } } })],
      remake: remakeTensors({ text: "state", types: false }),
      parse: (bytes) => decodeCheckpoint(bytes, "it"),
    },
    {
      name: "ticket",
      slow: true,
      seeds: [encodeTicket(madeTicket({ shape: TINY }))],
      remake: remakeTensors({ text: "ticket", types: true }),
      parse: (bytes) => decodeTicket(bytes, "it"),
    },
    {
      name: "configuration",
      slow: true,
      seeds: [json(presetConfig("quick", "cpu")), json(presetConfig("cinc2017", "cpu"))],
      remake: remakeJson,
      parse: (bytes) => parseConfig(value(bytes), "it"),
    },
    {
      name: "network",
      seeds: [json(NETWORK), bytesOf(path.join(ROOT, "src/model/networks/plain.json"))],
      remake: remakeJson,
      parse: file("network.json", (name) => {
        const graph = graphOf(namedNetwork(name)!, { classes: 2, dropout: 0 });
        // An accepted value must be readable in full.
        analyse(graph);
        tensorsOf(graph);
      }),
    },
    {
      name: "sweep plan",
      seeds: [json(plan)],
      remake: remakeJson,
      parse: (bytes) => parsePlan(value(bytes), "it"),
    },
    {
      name: "scores",
      seeds: [json(round)],
      remake: remakeJson,
      parse: file("run/round-000/scores.json", () => store.finishedRounds()),
    },
    {
      name: "kernels",
      seeds: [json({ stem: "forward=simt dgrad=tf32 wgrad=sparse", head: "forward=simt" })],
      remake: remakeJson,
      parse: file("run/round-000/kernels.json", (name) => readKernels(path.dirname(name))),
    },
    {
      name: "summary",
      seeds: [json({ complete: true, rounds: [round] })],
      remake: remakeJson,
      parse: file("run/summary.json", () => store.isComplete()),
    },
    {
      name: "timing",
      seeds: [json({ rounds: [{ round: 0, trainSeconds: 1, epochs: 3 }] })],
      remake: remakeJson,
      parse: file("run/timing.json", () => store.loadTiming()),
    },
    {
      name: "environment",
      seeds: [json(environment)],
      remake: remakeJson,
      parse: file("environment.json", readEnvironment),
    },
    {
      name: "zip",
      slow: true,
      seeds: [
        zipSync({ "a/x.txt": text("hello ".repeat(30)), "a/y": [text("raw"), { level: 0 }] }),
        zipSync({ "a/": new Uint8Array(), "b": new Uint8Array(500) }, { level: 9 }),
      ],
      parse: file("x.zip", (name) => {
        using zip = openZip(name, { limit: 1e6 });
        for (const entry of zip.entries) zip.read(entry);
      }),
    },
  ];
}
