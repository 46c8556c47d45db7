/**
 * Calibrates the 16-bit activations of the C code, and computes what it computes.
 *
 * @module
 */
import { INPUT } from "../model/graph.ts";
import { logitsOf } from "../predict/judge.ts";
import { judgingOf } from "../predict/predictor.ts";
import { absorbedWork } from "../ticket/absorb.ts";
import { planStream } from "../ticket/c_layout.ts";
import { type ActivationUnits, activationUnits, toUnits } from "../ticket/fixed_point.ts";
import type { TrainedNetwork } from "../ticket/network.ts";
import { quantiseNetwork, type RoundedWeights } from "../ticket/quantise.ts";
import type { Ticket } from "../ticket/ticket.ts";
import { type Operation, type Rows, runOperations } from "./page/client/engine.ts";
import { operationsOf } from "./page/operations.ts";

const { fround } = Math;

/** Computes the logits [classes, steps] of a record in stored units. */
export type LogitsOf = (samples: ArrayLike<number>) => Float32Array;

/** The ticket's network with 8-bit or 16-bit weights. */
export function withRoundedWeights(ticket: Ticket, weights: RoundedWeights): Ticket {
  return { ...ticket, network: quantiseNetwork(ticket.network, weights) };
}

/**
 * The units of the activations by the largest ones on these records.
 *
 * @param ticket With the weights that the C code has.
 * @param records In stored units at the ticket's rate.
 */
export function calibrate(ticket: Ticket, records: readonly ArrayLike<number>[]): ActivationUnits {
  const largest = new Map<string, number>();
  const logits = watched(ticket, (name, rows) => {
    let most = largest.get(name) ?? 0;
    for (const row of rows) for (const x of row) most = Math.max(most, Math.abs(x));
    largest.set(name, most);
  });
  for (const samples of records) logits(samples);
  return activationUnits(largest);
}

/**
 * What the C code with these activations computes, bit by bit: values are whole units, sums of products are
 * exact, and every step after that is rounded to a 32-bit float.
 *
 * @param ticket With the weights that the C code has.
 */
export function fixedPoint(ticket: Ticket, units: ActivationUnits): LogitsOf {
  const { network } = ticket;
  const names = namesOf(network);
  const operations = operationsOf(network);
  // The C code does not store what a sum pools: it takes the largest of stored activations.
  const stored = new Set(planStream(network).values.map(({ name }) => name));
  const unitAt = (position: number): number => {
    const name = names[position + 1]!;
    return stored.has(name) ? units.get(name)! : unitAt(operations[position]!.input);
  };
  const weightUnits = absorbedWork(network).map((work) =>
    work.op === "conv" ? work.numbers.unit! : null
  );
  const whole = operations.map((operation, i) => inUnits(operation, weightUnits[i]!));
  /** Brings the sums of an operation to the unit of its result, in place. `values` are all results so far. */
  const finish = (position: number, rows: Rows, values: readonly Rows[]): void => {
    const operation = operations[position]!;
    const unit = unitAt(position);
    const inputUnit = unitAt(operation.input);
    if (operation.op === "pool") {
      if (!stored.has(names[position + 1]!)) return;
      const scale = fround(inputUnit / unit);
      for (const row of rows) row.forEach((x, i) => row[i] = toUnits(fround(x * scale), 1));
      return;
    }
    const isConv = operation.op === "conv";
    const factors = isConv ? weightUnits[position]! : operation.scale;
    const shifts = isConv ? operation.bias : operation.shift;
    const add = isConv ? operation.add : null;
    rows.forEach((row, channel) => {
      rescale(row, {
        scale: fround(factors[channel]! * inputUnit),
        shift: shifts[channel]!,
        added: add === null ? null : { row: values[add + 1]![channel]!, unit: unitAt(add) },
        unit,
        relu: operation.relu,
      });
    });
    // The result of the last operation is the logits.
    if (position < operations.length - 1) return;
    for (const row of rows) row.forEach((x, i) => row[i] = x * unit);
  };
  const judging = judgingOf(ticket);
  return (samples) => {
    const values: Rows[] = [];
    const run = (input: Float32Array) =>
      runOperations(whole, input, (position, rows) => {
        values[position + 1] = rows;
        if (position >= 0) return finish(position, rows, values);
        rows[0]!.forEach((x, i, row) => row[i] = toUnits(x, unitAt(position)));
      });
    return logitsOf(samples, judging, { run });
  };
}

/** Sums of one channel as whole units of its result, in place; every step is rounded to a 32-bit float. */
function rescale(
  row: Float32Array,
  { scale, shift, added, unit, relu }: {
    scale: number;
    shift: number;
    /** What is added to it, in units of its own. */
    added: { row: Float32Array; unit: number } | null;
    unit: number;
    relu: boolean;
  },
): void {
  for (let i = 0; i < row.length; i++) {
    let y = fround(fround(row[i]! * scale) + shift);
    if (added) y = fround(y + fround(added.row[i]! * added.unit));
    const units = toUnits(y, unit);
    row[i] = relu ? Math.max(units, 0) : units;
  }
}

/** The operation on whole units: sums alone, without what follows them. */
function inUnits(operation: Operation, weightUnit: Float32Array | null): Operation {
  if (operation.op === "pool") return operation;
  if (operation.op === "affine") {
    const { scale, shift } = operation;
    return { ...operation, relu: false, scale: scale.map(() => 1), shift: shift.map(() => 0) };
  }
  const { starts, bias } = operation;
  const weights = operation.weights.slice();
  bias.forEach((_, channel) => {
    for (let i = starts[channel]!; i < starts[channel + 1]!; i++) {
      weights[i] = Math.round(weights[i]! / weightUnit![channel]!);
    }
  });
  return { ...operation, relu: false, add: null, bias: bias.map(() => 0), weights };
}

function watched(ticket: Ticket, seen: (name: string, rows: Rows) => void): LogitsOf {
  const operations = operationsOf(ticket.network);
  const names = namesOf(ticket.network);
  const judging = judgingOf(ticket);
  const run = (input: Float32Array) =>
    runOperations(operations, input, (position, rows) => seen(names[position + 1]!, rows));
  return (samples) => logitsOf(samples, judging, { run });
}

/** The names of the record and of the operations in their order. */
function namesOf(network: TrainedNetwork): string[] {
  return [INPUT, ...absorbedWork(network).map(({ name }) => name)];
}
