/**
 * Exponential moving averages of a network's parameters and running statistics, bias-corrected
 * (Polyak and Juditsky 1992; with the correction of Kingma and Ba 2015, section 3). The network
 * holds the averages, and its training programs update them. While a round is trained, dev scores are
 * those of the averages; at its end the averages become the network. Without averages these functions do
 * nothing.
 *
 * Running statistics are averaged with the same decay. The average network then normalises by the mean of
 * the statistics of all its networks, without another pass over batches.
 *
 * @module
 */
import type { NativeBuilder } from "../addon/native.ts";
import type { Network } from "../model/network.ts";

/** Traces the update of the averages; call it after the optimiser. */
export function recordAverage(builder: NativeBuilder, network: Network, decay: number): void {
  builder.label("average");
  const buffers = network.averagedBuffers.map(({ value, average }) => ({ value, average }));
  builder.average({ buffers, decay });
}

/** Sets the averages to the present network. */
export function startAverages(network: Network): void {
  if (!network.keepsAverages) return;
  for (const { parameter } of network.parameters) {
    parameter.write("average", parameter.read("value"));
  }
  for (const { value, average } of network.averagedBuffers) average.write(value.read());
}

/** Sets the network to its averages. */
export function adoptAverages(network: Network): void {
  if (!network.keepsAverages) return;
  for (const { parameter } of network.parameters) {
    parameter.write("value", parameter.read("average"));
  }
  for (const { value, average } of network.averagedBuffers) value.write(average.read());
}

/** Runs `body` while the network holds its averages. */
export async function withAverages<Result>(
  network: Network,
  body: () => Promise<Result>,
): Promise<Result> {
  if (!network.keepsAverages) return await body();
  const parameters = network.parameters.map(({ parameter }) => ({
    parameter,
    own: parameter.read("value"),
  }));
  const statistics = network.averagedBuffers.map(({ value }) => ({ value, own: value.read() }));
  adoptAverages(network);
  try {
    return await body();
  } finally {
    for (const { parameter, own } of parameters) parameter.write("value", own);
    for (const { value, own } of statistics) value.write(own);
  }
}
