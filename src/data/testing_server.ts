/**
 * A file server on 127.0.0.1 that simulates faults of downloads.
 *
 * @module
 */
import * as http from "node:http";
import type { AddressInfo } from "node:net";

/** How the server answers the requests for one path, one after the other. */
export interface ServerFault {
  /** Breaks the connection after this many bytes of the body. */
  dropAfter?: number;
  /** Answers with this status and no file. */
  status?: number;
  /** Sends this many bytes of the body and then nothing. */
  stallAfter?: number;
}

/** A running server. */
export interface TestServer extends AsyncDisposable {
  /** Its address with a slash at the end. */
  url: string;
  /** `name range` of each request so far; `-` without a range. */
  requests: string[];
  /** Files by name. */
  files: Map<string, Uint8Array>;
  /** Faults by name, used up one per request. */
  faults: Map<string, ServerFault[]>;
  /** Whether Range is honoured. */
  ranges: boolean;
  /** The ETag of every file; undefined for none. */
  etag: string | undefined;
}

/** Starts a server without files. */
export async function startServer(): Promise<TestServer> {
  const server = http.createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const state: TestServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/set/`,
    requests: [],
    files: new Map(),
    faults: new Map(),
    ranges: true,
    etag: '"v1"',
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return state;

  function answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const name = (request.url ?? "").replace("/set/", "");
    const { range, "if-range": condition } = request.headers;
    state.requests.push(`${name} ${range ?? "-"}`);
    const fault = state.faults.get(name)?.shift() ?? {};
    const file = state.files.get(name);
    if (fault.status || !file) {
      response.writeHead(fault.status ?? 404).end("no");
      return;
    }
    if (state.etag) response.setHeader("ETag", state.etag);
    const partial = range !== undefined && state.ranges &&
      (condition === undefined || condition === state.etag);
    const start = partial ? Number(/^bytes=(\d+)-$/.exec(range)![1]) : 0;
    if (partial && start >= file.length) {
      response.writeHead(416, { "Content-Range": `bytes */${file.length}` }).end();
      return;
    }
    if (partial) {
      response.setHeader("Content-Range", `bytes ${start}-${file.length - 1}/${file.length}`);
    }
    response.writeHead(partial ? 206 : 200, { "Content-Length": file.length - start });
    const end = fault.dropAfter ?? fault.stallAfter;
    if (end === undefined) response.end(file.subarray(start));
    else {
      response.write(file.subarray(start, start + end), () => {
        // The client has to see the bytes before the end of the connection.
        if (fault.dropAfter !== undefined) setTimeout(() => response.socket?.destroy(), 20);
      });
    }
  }
}
