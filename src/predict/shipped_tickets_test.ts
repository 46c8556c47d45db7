import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { format } from "../report/format.ts";
import { CROSS_VALIDATION } from "../ticket/cross_validation.ts";
import { footprintOf } from "../ticket/footprint.ts";
import { DEFAULT_TICKET, readTicket, TICKET_ENDING } from "../ticket/ticket_file.ts";
import { describeDecision } from "../ticket/ticket.ts";
import { Predictor } from "./predictor.ts";

const FOLDER = path.dirname(DEFAULT_TICKET);

Deno.test("every ticket that ships opens, labels a recording, and has its own numbers on its card", () => {
  const card = fs.readFileSync(path.join(FOLDER, "README.md"), "utf8");
  const files = fs.readdirSync(FOLDER).filter((name) => name.endsWith(TICKET_ENDING));
  assert.deepEqual(
    files.sort(),
    ["default", "rewound", "small"].map((name) => name + TICKET_ENDING),
  );
  for (const name of files) {
    const ticket = readTicket(path.join(FOLDER, name));
    using predictor = new Predictor(ticket);
    const flat = Int16Array.from({ length: 9000 }, (_, i) => i % 270 < 12 ? 900 : 0);
    assert.ok(ticket.classes.includes(predictor.predict(flat).label));
    const { kept } = footprintOf(ticket.network, ticket.normalisation.rate);
    const { records, headline: { score, low, high } } = ticket.metrics[CROSS_VALIDATION]!;
    const row = `| \`${name}\` | ${format(kept, "integer")} | ${score.toFixed(3)}, 95 % ` +
      `[${low!.toFixed(3)}, ${high!.toFixed(3)}], ${format(records, "integer")} records |`;
    assert.ok(card.includes(row), `${row}\n${describeDecision(ticket)}`);
    // The scores are of networks that were made from the same records; this one has seen them all.
    const { train, dev, test } = ticket.provenance.records;
    assert.deepEqual([train! + dev!, test], [records, 0]);
  }
});
