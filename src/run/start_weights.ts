/**
 * Reads the start of a run from weights that were made elsewhere: a safetensors file with a whole network.
 * Its tensors have the names of a checkpoint (`block0.conv1.weight`, with or without its `value/` and
 * `buffer/`) or of PyTorch (model/pytorch_names.ts).
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { whyUnreadable } from "../core/files.ts";
import { decodeSafetensors } from "../core/safetensors.ts";
import { pytorchName } from "../model/pytorch_names.ts";
import { describeGraph, type Graph, tensorsOf } from "../model/graph.ts";
import type { Network } from "../model/network.ts";
import type { Config } from "../config/config.ts";

/** A start file in a configuration. */
export type StartFile = NonNullable<Config["initFrom"]>;

/** A network's tensors by their names in files, without prefixes. */
export type StartWeights = ReadonlyMap<string, Float32Array>;

/**
 * The path and sha256 of the present file.
 *
 * @param file Path, relative to the working directory.
 * @throws {UsageError} If it cannot be read.
 */
export function startFile(file: string): StartFile {
  const whole = path.resolve(file);
  return { file: whole, sha256: sha256(readBytes(whole)) };
}

/**
 * Reads all tensors of a network of this graph. A norm whose running statistics are not in the file gets
 * those of a new network. Optimiser moments and PyTorch's count of batches are ignored.
 *
 * @throws {UsageError} If the file has changed since the configuration named it, is not a safetensors file,
 *   or does not hold this network. The message lists every tensor that is missing, unexpected, of another
 *   shape or type, or not finite.
 */
export function readStartWeights(
  { file, sha256: expected }: StartFile,
  graph: Graph,
): StartWeights {
  const bytes = readBytes(file);
  const found = sha256(bytes);
  if (found !== expected) {
    throw new UsageError(
      `Cannot start from ${file}: its sha256 is ${found}, that of the run's settings ${expected}; ` +
        `put the file back, or start another run`,
    );
  }
  const heads = headsOf(bytes);
  const wanted = tensorsOf(graph).map((tensor) => ({
    ...tensor,
    key: keyOf(tensor.name, heads),
  }));
  const problems = [...headProblems(wanted, heads)];
  const weights = new Map<string, Float32Array>();
  // A type that cannot be decoded is already in the list of problems.
  if (problems.length === 0 || heads.size === 0) {
    const { tensors } = decodeSafetensors(bytes, file);
    for (const { name, key, shape: extents } of wanted) {
      const size = extents.reduce((product, n) => product * n, 1);
      const data = key === null
        ? new Float32Array(size).fill(initialOf(name) ?? 0)
        : tensors.get(key)!.data as Float32Array;
      weights.set(name, data);
      problems.push(...numberProblems(key ?? name, { name, data }));
    }
  }
  if (problems.length === 0) return weights;
  throw new UsageError(
    `Cannot start from ${file}: ${problems.length} of its tensors do not fit this network ` +
      `(${describeGraph(graph)}):\n${problems.map((problem) => `  ${problem}`).join("\n")}`,
  );
}

/** Sets the initial weights of a run: from its seed, or from the file that it names. */
export function initialiseNetwork(
  network: Network,
  { seed, initFrom }: Pick<Config, "seed" | "initFrom">,
): void {
  network.initialise(seed);
  if (initFrom === null) return;
  const weights = readStartWeights(initFrom, network.graph);
  for (const { name, parameter } of network.parameters) {
    parameter.write("value", weights.get(name)!);
  }
  for (const { name, buffer } of network.buffers) buffer.write(weights.get(name)!);
}

interface Head {
  readonly dtype: string;
  readonly shape: readonly number[];
}

interface Wanted {
  readonly name: string;
  readonly shape: readonly number[];
  /** The tensor's name in the file; null if it is missing. */
  readonly key: string | null;
}

/** Types and shapes by name; empty if the header is broken: decoding then gives the error. */
function headsOf(bytes: Uint8Array): Map<string, Head> {
  try {
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    const header: unknown = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
    const entries = Object.entries(header as Record<string, Partial<Head>>);
    return new Map(
      entries.filter(([name]) => name !== "__metadata__").map(([name, { dtype, shape }]) => [
        name,
        { dtype: String(dtype), shape: Array.isArray(shape) ? shape : [] },
      ]),
    );
  } catch {
    return new Map();
  }
}

/** The names that a tensor may have, in the order of the search. */
function namesOf(name: string): string[] {
  const slot = initialOf(name) === null ? "value" : "buffer";
  return [name, pytorchName(name), `${slot}/${name}`];
}

function keyOf(name: string, heads: ReadonlyMap<string, Head>): string | null {
  return namesOf(name).find((key) => heads.has(key)) ?? null;
}

/** The value of a running statistic in a new network; null for other tensors. */
function initialOf(name: string): number | null {
  if (name.endsWith(".running_mean")) return 0;
  return name.endsWith(".running_variance") ? 1 : null;
}

/** Whether a tensor of the file is ignored. */
function isPassedOver(key: string): boolean {
  return /^moment[12]\//.test(key) || /\.num_batches_tracked$/.test(key);
}

function* headProblems(
  wanted: readonly Wanted[],
  heads: ReadonlyMap<string, Head>,
): Generator<string> {
  const text = (shape: readonly number[]) => `[${shape.join(", ")}]`;
  const used = new Set(wanted.map(({ key }) => key));
  for (const { name, key, shape } of wanted) {
    if (key === null) {
      if (initialOf(name) === null) {
        const other = pytorchName(name);
        yield `missing: ${name}${other === name ? "" : ` (or ${other})`} ${text(shape)}`;
      } else if (keyOf(siblingOf(name), heads) !== null) {
        yield `missing: ${name}, whose ${siblingOf(name)} is there`;
      }
      continue;
    }
    const head = heads.get(key)!;
    if (text(head.shape) !== text(shape)) {
      yield `shape: ${key} is ${text(head.shape)}, expected ${text(shape)}`;
    }
    if (head.dtype !== "F32") yield `type: ${key} is ${head.dtype}, expected F32`;
  }
  for (const [key, { shape }] of heads) {
    if (used.has(key) || isPassedOver(key)) continue;
    const sparse = /\.weight\.(rows|columns|values)$/.test(key)
      ? "; it is part of a sparse weight: export without --sparse"
      : "";
    yield `unexpected: ${key} ${text(shape)}${sparse}`;
  }
}

/** The other running statistic of a norm. */
function siblingOf(name: string): string {
  return name.endsWith("mean")
    ? name.replace(/mean$/, "variance")
    : name.replace(/variance$/, "mean");
}

function* numberProblems(
  key: string,
  { name, data }: { name: string; data: Float32Array },
): Generator<string> {
  const bad = data.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    const count = data.reduce((sum, value) => sum + (Number.isFinite(value) ? 0 : 1), 0);
    yield `not finite: ${key} has ${count} such numbers, the first is element ${bad}, ${data[bad]}`;
  }
  const low = name.endsWith(".running_variance") ? data.findIndex((value) => value < 0) : -1;
  if (low >= 0) yield `negative: element ${low} of the variance ${key} is ${data[low]}`;
}

function readBytes(file: string): Uint8Array {
  try {
    return fs.readFileSync(file);
  } catch (error) {
    throw new UsageError(
      `Cannot read the weights ${file}: ${
        whyUnreadable(error)
      }; name a .safetensors file, such as one that ` +
        `deno task export --format safetensors writes`,
    );
  }
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
