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
import { type ActivationUnits, activationUnits, roundToUnits } from "../ticket/fixed_point.ts";
import type { TrainedNetwork } from "../ticket/network.ts";
import { quantiseNetwork, type RoundedWeights } from "../ticket/quantise.ts";
import type { Ticket } from "../ticket/ticket.ts";
import { type Rows, runOperations } from "./page/client/engine.ts";
import { operationsOf } from "./page/operations.ts";

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

/** What the C code with these activations computes, but for the rounding of floats. */
export function fixedPoint(ticket: Ticket, units: ActivationUnits): LogitsOf {
  // The C code does not store what a sum pools: it takes the largest of stored activations.
  const stored = new Set(planStream(ticket.network).values.map(({ name }) => name));
  return watched(ticket, (name, rows) => {
    if (stored.has(name)) { for (const row of rows) roundToUnits(row, units.get(name)!); }
  });
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
