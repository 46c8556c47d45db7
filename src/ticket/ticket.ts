/**
 * A ticket: a finished network with everything that is needed to use it and to know its origin.
 *
 * @module
 */
import { z } from "zod";
import {
  type DecisionRule,
  decisionRule,
  describeRule,
  UNNAMED_RULE,
} from "../training/decision.ts";
import { graphFile } from "../model/graph_file.ts";
import type { TrainedNetwork } from "./network.ts";

const count = z.number().int().min(1);
const score = z.number().min(0).max(1);

/** A score with its 95 % interval; null where one cannot be estimated. */
const interval = z.object({ score, low: score.nullable(), high: score.nullable() });

/** The sizes of a residual network; see model/networks/resnet1d.ts. */
export const resnetShape = z.object({
  filters: count,
  kernel: count,
  blocks: z.number().int().min(1).max(17),
  blocksPerStage: count,
  classes: count,
});

/** Everything in a ticket except the numbers of the network. */
export const ticketHeader = z.object({
  /** Only for a residual network. */
  shape: resnetShape.optional(),
  /** For any other network; its head has a number of channels. */
  graph: graphFile.optional(),
  epsilon: z.number().positive(),
  /** Class names in the order of the logits. */
  classes: z.array(z.string().min(1)).min(2),
  /** For stored samples (1000 units per mV) at `rate` Hz: the network takes (sample - mean) / std. */
  normalisation: z.object({ mean: z.number(), std: z.number().positive(), rate: count }),
  /** The smoothed prior of each class, in the unit that the decision rule names. */
  priors: z.array(z.number().positive()),
  /** How the steps of a record give its label; older tickets lack it and use UNNAMED_RULE. */
  decision: decisionRule.optional(),
  /** Whether softmax is the mean over a record and its negative; false if absent. */
  flipAverage: z.boolean().optional(),
  /** Divisor of logits for probabilities; older tickets lack it and use 1. */
  temperature: z.number().positive().optional(),
  provenance: z.object({
    run: z.string(),
    round: z.number().int().min(0),
    /** The run's resolved configuration; of the data set's path only its last part. */
    config: z.record(z.string(), z.unknown()),
    datasetSha256: z.string(),
    /** Records by split: train, dev, test. */
    records: z.record(z.string(), z.number().int().min(0)),
  }),
  /** Licence and origin of the data that the network was trained on. */
  licence: z.string(),
  /** By split, or CROSS_VALIDATION (cross_validation.ts): number of records, the headline score and each class's F1. */
  metrics: z.record(
    z.string(),
    z.object({
      records: count,
      name: z.string(),
      headline: interval,
      f1: z.record(z.string(), score.nullable()),
    }),
  ),
}).refine(
  ({ shape, graph }) => (shape === undefined) !== (graph === undefined),
  "there must be either a shape or a graph",
).refine(({ classes, shape, graph, priors }) => {
  const head = graph?.nodes.at(-1);
  const outputs = shape?.classes ?? (head?.op === "conv" ? head.channels : undefined);
  return classes.length === outputs && priors.length === outputs &&
    new Set(classes).size === classes.length;
}, "classes, priors and the network's outputs must agree");

export type TicketHeader = z.infer<typeof ticketHeader>;

/** A network ready to be used. */
export interface Ticket extends Omit<TicketHeader, "shape" | "graph" | "epsilon"> {
  readonly network: TrainedNetwork;
}

/** The rule that a ticket decides records by. */
export function ruleOf({ decision }: Pick<TicketHeader, "decision">): DecisionRule {
  return decision ?? UNNAMED_RULE;
}

/** The temperature of a ticket's probabilities. */
export function temperatureOf({ temperature }: Pick<TicketHeader, "temperature">): number {
  return temperature ?? 1;
}

/** The decision rule and the probabilities of a ticket, in two sentences. */
export function describeDecision(
  ticket: Pick<TicketHeader, "decision" | "temperature" | "flipAverage">,
): string {
  const { decision, temperature, flipAverage } = ticket;
  const named = decision === undefined ? "; this ticket is from before the rule was named" : "";
  const fitted = temperature === undefined
    ? "not calibrated, this ticket has no temperature (1 is used)"
    : `calibrated on dev, temperature ${temperature.toFixed(3)}`;
  return `Decision: ${
    describeRule(ruleOf(ticket))
  }${named}. Probabilities: mean softmax over the ` +
    `steps${flipAverage ? " of the record and its negative" : ""}, ${fitted}.`;
}

/** The licence text of tickets that were trained on PhysioNet/CinC 2017. */
export const CINC2017_LICENCE =
  "Trained on recordings of the PhysioNet/Computing in Cardiology Challenge 2017 " +
  "(https://physionet.org/content/challenge-2017/1.0.0/), Open Data Commons Attribution License 1.0; " +
  "cite Clifford et al. 2017, doi:10.22489/CinC.2017.065-469, and Goldberger et al. 2000, " +
  "doi:10.1161/01.CIR.101.23.e215";
