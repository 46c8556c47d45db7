/**
 * Exponential moving averages of a network's parameters and running statistics, bias-corrected
 * (Polyak and Juditsky 1992; with the correction of Kingma and Ba 2015, section 3). The averages are kept
 * by the network and moved by its training programs. While a round is trained, they are what its dev
 * scores are of; at its end they become the network. Without averages nothing here does anything.
 *
 * Running statistics are averaged with the same decay: the average network then normalises by what the
 * networks that it is the mean of have seen, and no batch is computed for it.
 *
 * @module
 */
import type { NativeBuilder } from "../addon/native.ts";
import type { Network } from "../model/network.ts";

/** Records that the averages move; to be called after the optimiser. */
export function recordAverage(builder: NativeBuilder, network: Network, decay: number): void {
  builder.label("average");
  const buffers = network.averagedBuffers.map(({ value, average }) => ({ value, average }));
  builder.average({ buffers, decay });
}

/** The averages begin where the network is. */
export function startAverages(network: Network): void {
  if (!network.keepsAverages) return;
  for (const { parameter } of network.parameters) {
    parameter.write("average", parameter.read("value"));
  }
  for (const { value, average } of network.averagedBuffers) average.write(value.read());
}

/** The network becomes its average. */
export function adoptAverages(network: Network): void {
  if (!network.keepsAverages) return;
  for (const { parameter } of network.parameters) {
    parameter.write("value", parameter.read("average"));
  }
  for (const { value, average } of network.averagedBuffers) value.write(average.read());
}

/** Runs `body` with the averages in the network's place. */
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
