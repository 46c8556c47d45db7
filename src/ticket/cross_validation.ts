/**
 * The scores of a ticket that are not its own. A network that was trained on all records has no test records;
 * a cross-validation says what to expect of it.
 *
 * @module
 */
import type { TicketHeader } from "./ticket.ts";

/** Their key in a ticket's metrics, beside the names of splits. */
export const CROSS_VALIDATION = "cross-validation";

/** What they mean, after a separator; "" for a ticket without them. */
export function aboutCrossValidation(
  { metrics }: Pick<TicketHeader, "metrics">,
  separator: string,
): string {
  if (!(CROSS_VALIDATION in metrics)) return "";
  return `${separator}Cross-validation: networks that were made in the same way, one per fold, on recordings ` +
    "that they were not trained on. It says what to expect of this network.";
}
