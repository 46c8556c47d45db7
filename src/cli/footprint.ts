/**
 * `deno task footprint`: what a ticket costs to store and to run, compared with the dense network.
 *
 * @module
 */
import { analyse } from "../model/analyse.ts";
import { footprintOf } from "../ticket/footprint.ts";
import { describeDecision, ruleOf, temperatureOf } from "../ticket/ticket.ts";
import { openTicket } from "../ticket/ticket_file.ts";
import { measureNetworks } from "../ticket/latency.ts";
import { madeNetwork } from "../ticket/made_network.ts";
import { createCommand, runMain } from "./command.ts";
import { table } from "./format.ts";

/** Length of the record whose latency is measured. */
const SECONDS = 30;

async function main(args: string[]): Promise<void> {
  const command = createCommand("footprint", "Bytes, multiplications and latency of a ticket.")
    .option("--ticket <file>", "ticket file (default: data/tickets/default.ticket.safetensors)")
    .option("--json", "print JSON")
    .parse(args, { from: "user" });
  const { ticket: file, json } = command.opts<{ ticket?: string; json?: true }>();
  const ticket = openTicket(file);
  const { network, normalisation: { rate } } = ticket;
  const footprint = footprintOf(network, rate);
  const hop = analyse(network.graph).hop;
  const samples = Math.floor(SECONDS * rate / hop) * hop;
  const dense = madeNetwork(network.graph, { density: 1, maskKind: "uniform", seed: 1 });
  const latency = await measureNetworks({ dense, ticket: network }, { samples });
  const decision = { decision: ruleOf(ticket), temperature: temperatureOf(ticket) };
  if (json) {
    console.log(JSON.stringify({ ...footprint, ...decision, samples, latency }, null, 2));
    return;
  }
  const { bytes, smallest } = footprint;
  const count = (n: number) => Math.round(n).toLocaleString("en");
  const ms = (x: number) => `${x.toFixed(2)} ms`;
  console.log(table([
    ["", "dense", "ticket"],
    ["prunable weights", count(footprint.weights), count(footprint.kept)],
    ["all parameters", count(footprint.parameters), count(footprint.parametersKept)],
    [`bytes (${smallest} index)`, count(bytes.dense), count(bytes[smallest])],
    [
      "multiplications per second of ECG",
      count(footprint.denseMacsPerSecond),
      count(footprint.macsPerSecond),
    ],
    [`latency of ${samples} samples, 1 thread`, ms(latency.denseMs), ms(latency.ticketMs)],
  ]));
  console.log(
    `Bytes by index: CSR ${count(bytes.csr)}, bitmap ${count(bytes.bitmap)}, ` +
      `byte distances ${count(bytes.delta)}.`,
  );
  console.log(describeDecision(ticket));
  const peer = latency.onnxruntimeDense;
  console.log(
    peer.ms === null
      ? `onnxruntime was not measured: ${peer.reason}`
      : `The dense network in onnxruntime ${peer.version}, 1 thread: ${ms(peer.ms)}, ` +
        `${latency.timesFaster!.toFixed(1)} times the ticket's. Engine: ${latency.engine}.`,
  );
}

if (import.meta.main) await runMain(main);
