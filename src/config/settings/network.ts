/**
 * Settings of the network.
 *
 * @module
 */
import { z } from "zod";
import { type GraphFile, graphFile, graphSentences } from "../../model/graph_file.ts";
import { choice, type Kind, number, orLeftOut, share, structure, whole } from "../kinds.ts";
import { group, setting } from "../setting.ts";

/** A user's own network. Each mistake in it gives one sentence. */
const graph: Kind<GraphFile> = {
  ...structure(graphFile, { expected: "a network", text: ({ name }) => name }),
  schema: z.unknown().transform((value, context) => {
    const result = graphFile.safeParse(value);
    if (result.success) return result.data;
    for (const message of graphSentences(result.error, value)) {
      context.addIssue({ code: "custom", message });
    }
    return z.NEVER;
  }),
};

/** The first four settings size the residual network. They have no effect if there is a `graph`. */
export const network = group({
  filters: setting(whole({ least: 1, most: 4096 }), {
    label: "Filters of the first stage",
    help: "filters of the first stage",
    flag: "--filters <n>",
    replacedBy: "graph",
    default: 32,
  }),
  kernel: setting(whole({ least: 1, most: 1024 }), {
    label: "Kernel size",
    counts: "sample",
    help: "kernel size of the convolutions, in samples",
    flag: "--kernel <n>",
    replacedBy: "graph",
    default: 16,
  }),
  // More than 17 blocks would make a prediction span more than the 256 samples of a label.
  blocks: setting(whole({ least: 1, most: 17 }), {
    label: "Residual blocks",
    help: "number of residual blocks",
    flag: "--blocks <n>",
    replacedBy: "graph",
    default: 16,
  }),
  blocksPerStage: setting(whole({ least: 1 }), {
    label: "Blocks per stage",
    help: "number of blocks after which the filters double",
    replacedBy: "graph",
    default: 4,
  }),
  dropout: setting(share(), {
    label: "Dropout",
    help: 'dropout rate: before each block\'s second convolution, or at "rate"',
    flag: "--dropout <rate>",
    default: 0.2,
  }),
  init: setting(choice(["fan-in", "fan-out"]), {
    label: "Initialisation scaled by",
    help: "factor on the spread of initial weights",
    default: "fan-in",
  }),
  normEpsilon: setting(number({ above: 0 }), {
    label: "Epsilon of batch norm",
    help: "constant that batch norm adds to a variance",
    default: 1e-3,
  }),
  normMomentum: setting(number({ above: 0, most: 1 }), {
    label: "Momentum of batch norm",
    help: "weight of each new batch in batch norm's running statistics",
    default: 0.1,
  }),
  /** Left out for the residual network. */
  graph: setting(orLeftOut(graph), {
    label: "Network",
    help: "resnet, plain, or a JSON file of a network (default: resnet)",
    flag: "--network <file>",
    refers: "network",
  }),
}, "network");
