/**
 * Ticket files, `*.ticket.safetensors`. They hold the header as JSON in the metadata, surviving weights
 * with their index, and a checksum over everything.
 *
 * @module
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { messageOf, UsageError } from "../core/errors.ts";
import { whyUnreadable, writeFileAtomic } from "../core/files.ts";
import { DATA } from "../core/paths.ts";
import { decodeSafetensors, encodeSafetensors, type StoredTensor } from "../core/safetensors.ts";
import { tensorsOf } from "../model/graph.ts";
import { tensorOf } from "./network.ts";
import { loadGraph, storeGraph } from "./stored_graph.ts";
import { loadSparse, storeSparse } from "./sparse_tensor.ts";
import { type Ticket, type TicketHeader, ticketHeader } from "./ticket.ts";

const FORMAT = "lth-ecg-ticket";
/** Version of the format. A change that breaks reading, in either direction, raises it. */
const VERSION = 1;

/** Ending of ticket files. */
export const TICKET_ENDING = ".ticket.safetensors";

/** The ticket that commands use when none is named. */
export const DEFAULT_TICKET: string = path.join(DATA, "tickets", `default${TICKET_ENDING}`);

/** The bytes of a ticket file. */
export function encodeTicket({ network, ...rest }: Ticket): Uint8Array<ArrayBuffer> {
  const header: TicketHeader = {
    ...storeGraph(network.graph),
    epsilon: network.epsilon,
    ...rest,
  };
  const tensors = new Map<string, StoredTensor>();
  for (const { name, shape } of tensorsOf(network.graph)) {
    const data = tensorOf(network, name);
    if (shape.length === 1) tensors.set(name, { shape: [...shape], data });
    else {for (const [key, tensor] of storeSparse(name, { weight: data, shape })) {
        tensors.set(key, tensor);
      }}
  }
  const text = JSON.stringify(ticketHeader.parse(header));
  const metadata = {
    format: `${FORMAT}/${VERSION}`,
    ticket: text,
    sha256: checksum(tensors, text),
  };
  return encodeSafetensors({ tensors, metadata });
}

/** Writes a ticket so that a crash leaves either no file or a complete file. */
export function writeTicket(file: string, ticket: Ticket): void {
  writeFileAtomic(file, encodeTicket(ticket));
}

/** The named ticket, or the shipped one. @throws {UsageError} Like {@linkcode readTicket}. */
export function openTicket(file: string | undefined): Ticket {
  if (file === undefined && !fs.existsSync(DEFAULT_TICKET)) {
    throw new UsageError(
      `There is no ticket ${DEFAULT_TICKET}: name one with --ticket, or make one with ` +
        "deno task export --run R --format ticket",
    );
  }
  return readTicket(file ?? DEFAULT_TICKET);
}

/**
 * Reads a ticket.
 *
 * @throws {UsageError} If the file is missing, truncated, damaged, not a ticket, or of a newer format.
 */
export function readTicket(file: string): Ticket {
  let bytes: Uint8Array;
  try {
    bytes = fs.readFileSync(file);
  } catch (error) {
    throw new UsageError(
      `Cannot read the ticket ${file} (${whyUnreadable(error)}): name a ${TICKET_ENDING} file`,
    );
  }
  return decodeTicket(bytes, file);
}

/** Like {@linkcode readTicket}, from the bytes of a file called `name`. */
export function decodeTicket(bytes: Uint8Array, name: string): Ticket {
  const refuse = (why: string): never => {
    throw new UsageError(`Cannot use ${name} as a ticket: ${why}`);
  };
  let file: ReturnType<typeof decodeSafetensors>;
  try {
    file = decodeSafetensors(bytes, "it");
  } catch (error) {
    return refuse(`it is truncated, damaged or another kind of file (${messageOf(error)})`);
  }
  const { tensors, metadata } = file;
  const [format, version] = (metadata["format"] ?? "").split("/");
  if (format !== FORMAT || !/^\d+$/.test(version ?? "")) {
    const found = metadata["format"]
      ? `its format is ${metadata["format"]}`
      : "it states no format";
    return refuse(`${found}; make one with deno task export --format ticket`);
  }
  if (Number(version) !== VERSION) {
    return refuse(
      `its format is ${FORMAT}/${version} and this program reads ${FORMAT}/${VERSION}; ` +
        `use a newer version of the program, or export it again`,
    );
  }
  const text = metadata["ticket"] ?? "";
  if (checksum(tensors, text) !== metadata["sha256"]) {
    return refuse("it is damaged, its checksum does not match its contents");
  }
  return assemble(text, { tensors, refuse });
}

/** Makes a ticket from checked bytes; only a wrongly written file fails here. */
function assemble(
  text: string,
  { tensors, refuse }: {
    tensors: ReadonlyMap<string, StoredTensor>;
    refuse: (why: string) => never;
  },
): Ticket {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("its header is not JSON");
  }
  const parsed = ticketHeader.safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    return refuse(`its header's ${issue.path.join(".") || "contents"}: ${issue.message}`);
  }
  const { shape, graph: file, epsilon, ...rest } = parsed.data;
  const graph = loadGraph(shape ? { shape } : { graph: file! });
  const numbers = new Map<string, Float32Array>();
  for (const { name, shape: extents } of tensorsOf(graph)) {
    const data = loadSparse(name, { tensors, shape: extents });
    if (data === undefined) return refuse(`its tensor ${name} is missing or does not fit`);
    if (!data.every(Number.isFinite)) return refuse(`its tensor ${name} holds NaN or infinity`);
    numbers.set(name, data);
  }
  return { ...rest, network: { graph, epsilon, tensors: numbers } };
}

/** SHA-256 over the header and, by name, over names, types, shapes and bytes of all tensors. */
function checksum(tensors: ReadonlyMap<string, StoredTensor>, text: string): string {
  const hash = createHash("sha256").update(text);
  for (const name of [...tensors.keys()].sort()) {
    const { shape, data } = tensors.get(name)!;
    hash.update(`\0${name}\0${data.constructor.name}\0${shape}\0`);
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}
