/**
 * Finds the first NaN or infinity.
 *
 * @module
 */
import { NativeError } from "../addon/native_error.ts";
import type { NativeBuilder, NativeProgram, Value } from "../addon/native.ts";
import type { Batch } from "../data/batches.ts";
import { recordForward } from "../model/record.ts";
import { type Snapshot, takeSnapshot } from "./snapshot.ts";
import type { Workbench } from "./workbench.ts";

/** The first tensor of a snapshot that holds NaN or infinity; null if all numbers are finite. */
export function firstNotFinite(snapshot: Snapshot): string | null {
  for (const [name, { data }] of snapshot) {
    if (!(data instanceof Float32Array)) continue;
    // NaN and infinity times 0 are NaN, which stays in the sum.
    let sum = 0;
    for (let i = 0; i < data.length; i++) sum += data[i]! * 0;
    if (sum !== 0) return name;
  }
  return null;
}

/** The first tensor of the network or the optimiser that is not finite; null if all are. */
export function notFiniteState({ network }: Workbench): string | null {
  const key = firstNotFinite(takeSnapshot(network, { optimiser: true }));
  return key === null ? null : nameOf(key);
}

/** A training step that was not applied. */
export interface FailedStep {
  readonly batch: Batch;
  /** Its random stream. */
  readonly stream: number;
}

/**
 * Finds the first place at which a skipped step is not finite: the network's state, an activation in the
 * order of the forward pass, or a gradient in the order of the backward pass.
 *
 * @param bench Holds the network before the step, and the gradients that the step computed.
 * @returns A clause, e.g. "the first that is not finite is the output of block3.conv1". If only the sum of
 *   the gradients' squares is not finite, it names the largest gradient.
 */
export async function whereNotFinite(bench: Workbench, step: FailedStep): Promise<string> {
  const state = notFiniteState(bench);
  const gradient = firstGradient(bench);
  const first = state ?? await firstActivation(bench, step) ?? gradient;
  return first === null ? largestGradient(bench) : `the first that is not finite is ${first}`;
}

/** A tensor's key, such as "value/stem.weight", in words. */
export function nameOf(key: string): string {
  const [slot, name] = [key.slice(0, key.indexOf("/")), key.slice(key.indexOf("/") + 1)];
  return slot === "value" || slot === "buffer" ? name : `the ${slot} of ${name}`;
}

function firstGradient({ network }: Workbench): string | null {
  for (const { name, parameter } of network.parameters.toReversed()) {
    const data = parameter.read("gradient");
    if (firstNotFinite(new Map([[name, { shape: [data.length], data }]])) !== null) {
      return `the gradient of ${name}`;
    }
  }
  return null;
}

function largestGradient({ network }: Workbench): string {
  let largest = { name: "", size: 0 };
  for (const { name, parameter } of network.parameters) {
    const size = parameter.read("gradient").reduce((most, g) => Math.max(most, Math.abs(g)), 0);
    if (size > largest.size) largest = { name, size };
  }
  return `the largest gradient, of ${largest.name}, is ${largest.size.toExponential(1)}`;
}

/** Repeats the step's forward pass and keeps all activations. */
async function firstActivation(bench: Workbench, step: FailedStep): Promise<string | null> {
  const { length } = step.batch;
  let recorded: { program: NativeProgram; result: [string, Value][] };
  try {
    recorded = bench.record(
      { length, records: "augmented" },
      (builder, x) => keepActivations(bench, builder, x),
    );
  } catch (error) {
    if (error instanceof NativeError) return null; // there is no memory for it
    throw error;
  }
  using program = recorded.program;
  await bench.device.run([program], {
    records: bench.deviceRecords("train", step.batch),
    stream: step.stream,
  });
  for (const [name, value] of recorded.result) {
    const data = program.readValue(value);
    if (firstNotFinite(new Map([[name, { shape: [data.length], data }]])) !== null) return name;
  }
  return null;
}

function keepActivations(bench: Workbench, builder: NativeBuilder, x: Value): [string, Value][] {
  const { network } = bench;
  const { input, values } = recordForward(builder, network, { x, pass: bench.trainingPass });
  const named: [string, Value][] = [
    ["the batch", input],
    ...network.graph.nodes.map(({ name }, i): [string, Value] => [
      `the output of ${name}`,
      values[i]!,
    ]),
  ];
  for (const [, value] of named) builder.output(value);
  return named;
}
