/**
 * A trial: the convolutions of a network as text.
 *
 * @module
 */
import { analyse } from "../model/analyse.ts";
import { tensorOf } from "../ticket/network.ts";
import type { Exporter } from "./exporter.ts";

export const list: Exporter<{ readonly tabs?: true }> = {
  ending: ".txt",
  flags: { tabs: { flags: "--tabs", help: "columns separated by tabs" } },
  defaultName: (base) => base,
  encode: ({ ticket: { network }, options: { tabs } }) => {
    const rows = analyse(network.graph).nodes.flatMap(({ node, inChannels }) => {
      if (node.op !== "conv") return [];
      const kept = tensorOf(network, `${node.name}.weight`).filter((weight) => weight !== 0).length;
      return [[node.name, inChannels, node.channels, node.kernel, kept].join(tabs ? "\t" : " ")];
    });
    return { files: [[".txt", rows.join("\n") + "\n"]], lines: [`${rows.length} convolutions`] };
  },
};
