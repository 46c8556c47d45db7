/**
 * What formats without a header of their own keep beside the network.
 *
 * @module
 */
import { describeDecision, ruleOf, temperatureOf, type Ticket } from "../ticket/ticket.ts";

/** All that is needed to use a network's logits, as text by key. */
export function metadataOf(ticket: Ticket): Record<string, string> {
  const { normalisation, classes, priors, licence, provenance } = ticket;
  return {
    classes: JSON.stringify(classes),
    priors: JSON.stringify(priors),
    decision: JSON.stringify(ruleOf(ticket)),
    temperature: String(temperatureOf(ticket)),
    deciding: describeDecision(ticket),
    ...(ticket.flipAverage ? { flipAverage: "true" } : {}),
    normalisation: JSON.stringify(normalisation),
    run: `${provenance.run}, round ${provenance.round}`,
    licence,
  };
}
