import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { createRng } from "../core/rng.ts";
import { decodeSafetensors, encodeSafetensors } from "../core/safetensors.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { madeTicket, SMALL_SHAPE } from "./testing.ts";
import { ticketHeader } from "./ticket.ts";
import {
  decodeTicket,
  DEFAULT_TICKET,
  encodeTicket,
  readTicket,
  writeTicket,
} from "./ticket_file.ts";

const TINY = { filters: 2, kernel: 3, blocks: 2, blocksPerStage: 1, classes: 4 };

/** Both fail with one sentence that names the file. */
function assertRefused(bytes: Uint8Array, pattern: RegExp): void {
  assert.throws(() => decodeTicket(bytes, "x.ticket.safetensors"), (error: unknown) => {
    assert.ok(error instanceof UsageError, String(error));
    assert.match(error.message, /^Cannot use x\.ticket\.safetensors as a ticket: [^\n]+$/);
    assert.match(error.message, pattern);
    return true;
  });
}

Deno.test("reading a written ticket gives the same ticket", () => {
  const directory = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "ticket-"));
  try {
    for (const density of [0, 0.01, 0.4, 1]) {
      const ticket = madeTicket({ density });
      const file = path.join(directory, `${density}.ticket.safetensors`);
      writeTicket(file, ticket);
      assert.deepEqual(readTicket(file), ticket);
    }
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
});

Deno.test("the shipped ticket keeps its bytes, and a residual network has its sizes in the header", () => {
  const shipped = fs.readFileSync(DEFAULT_TICKET);
  assert.ok(shipped.equals(encodeTicket(readTicket(DEFAULT_TICKET))));
  for (const shape of [TINY, SMALL_SHAPE, { ...TINY, blocks: 5, blocksPerStage: 3, kernel: 1 }]) {
    const { metadata } = decodeSafetensors(encodeTicket(madeTicket({ shape })), "it");
    const header = JSON.parse(metadata["ticket"]!);
    assert.deepEqual(header.shape, shape);
    assert.equal(header.graph, undefined);
  }
});

Deno.test("a header describes its network once", () => {
  const { metadata } = decodeSafetensors(encodeTicket(madeTicket({ shape: TINY })), "it");
  const header = JSON.parse(metadata["ticket"]!);
  const { nodes } = resnet1dGraph(TINY);
  for (const other of [{ shape: undefined }, { graph: { name: "two", nodes } }]) {
    assert.throws(() => ticketHeader.parse({ ...header, ...other }), /either a shape or a graph/);
  }
  const renamed = { ...header, shape: undefined, graph: { name: "same", nodes } };
  assert.deepEqual(ticketHeader.parse(renamed).graph?.nodes, nodes);
});

Deno.test("any flipped bit of a ticket is noticed", () => {
  const bytes = encodeTicket(madeTicket({ shape: TINY, density: 0.3 }));
  const rng = createRng(1, "flips");
  const headerBits = 8 * (8 + Number(new DataView(bytes.buffer).getBigUint64(0, true)));
  for (let i = 0; i < 3000; i++) {
    const bit = i % 2 === 0 ? rng.integer(headerBits) : rng.integer(8 * bytes.length);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    assertRefused(bytes, /./);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
  }
  decodeTicket(bytes, "whole");
});

Deno.test("a ticket that is cut anywhere is refused", () => {
  const bytes = encodeTicket(madeTicket({ shape: TINY, density: 0.3 }));
  const rng = createRng(2, "cuts");
  for (let i = 0; i < 500; i++) {
    assertRefused(bytes.subarray(0, rng.integer(bytes.length)), /truncated, damaged or another/);
  }
  assertRefused(new Uint8Array([...bytes, 0]), /1 bytes follow its last tensor/);
});

Deno.test("foreign and newer files are told from damaged ones", () => {
  const { tensors, metadata } = decodeSafetensors(encodeTicket(madeTicket({ shape: TINY })), "it");
  const withFormat = (format: string) =>
    encodeSafetensors({ tensors, metadata: { ...metadata, format } });
  assertRefused(
    withFormat("lth-ecg-ticket/2"),
    /is lth-ecg-ticket\/2 and this program reads .*newer/,
  );
  assertRefused(
    withFormat("lth-ecg-checkpoint/1"),
    /its format is lth-ecg-checkpoint\/1; make one/,
  );
  assertRefused(encodeSafetensors({ tensors, metadata: {} }), /it states no format/);
  assertRefused(new TextEncoder().encode("a text file"), /truncated, damaged or another kind/);
  const named = { ...metadata, ticket: metadata["ticket"]!.replace("made-up", "made up") };
  assertRefused(encodeSafetensors({ tensors, metadata: named }), /checksum does not match/);
  assert.throws(
    () => readTicket("/nowhere/x"),
    /Cannot read the ticket \/nowhere\/x \(no such file\)/,
  );
});
