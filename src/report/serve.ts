/**
 * Serves reports over HTTP, only to this machine. Pages reload themselves when they are rewritten.
 *
 * @module
 */
import * as crypto from "node:crypto";
import * as fs from "node:fs";
import * as http from "node:http";
import type { AddressInfo } from "node:net";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";

/** Milliseconds between checks of a page's file, and between keep-alive messages to its reader. */
const LOOK = 300;
const ALIVE = 15_000;

const TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".json": "application/json",
  ".csv": "text/csv; charset=utf-8",
  ".png": "image/png",
};

/** A running server. */
export interface ReportServer {
  /** E.g. "http://127.0.0.1:8300/". */
  url: string;
  close(): Promise<void>;
}

/**
 * Serves only the files below `root`, on 127.0.0.1. Names that begin with a dot are not served. The files on
 * disk are not changed: the script that reloads a page is added to the response.
 *
 * @param options.port 0 for any free one.
 * @throws {UsageError} If the port is taken.
 */
export async function serveReports(options: { root: string; port: number }): Promise<ReportServer> {
  const { root } = options;
  const server = http.createServer((request, response) => answer(root, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) =>
      reject(
        error.code === "EADDRINUSE"
          ? new UsageError(
            `Cannot serve on port ${options.port}: it is taken; choose another --port`,
          )
          : error,
      ));
    server.listen(options.port, "127.0.0.1", resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(root: string, request: http.IncomingMessage, response: http.ServerResponse): void {
  const refuse = (status: number, text: string) => {
    response.writeHead(status, { "content-type": "text/plain; charset=utf-8" });
    response.end(`${text}\n`);
  };
  // Requests under another host name are refused, so that other sites cannot read reports (DNS rebinding).
  if (!/^(127\.0\.0\.1|localhost)(:\d+)?$/.test(request.headers.host ?? "")) {
    return refuse(403, "Only this machine is served");
  }
  if (request.method !== "GET" && request.method !== "HEAD") return refuse(405, "Only GET");
  const [pathname = "/", query = ""] = (request.url ?? "/").split("?");
  if (pathname === "/events") return watch(root, new URLSearchParams(query), response);
  const file = fileFor(root, pathname);
  if (file === null) return refuse(404, "There is no such page");
  const bytes = fs.readFileSync(file);
  const html = file.endsWith(".html");
  response.writeHead(200, {
    "content-type": TYPES[path.extname(file)]!,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
  });
  if (request.method === "HEAD") response.end();
  else response.end(html ? reloading(bytes.toString("utf8"), fs.statSync(file).mtimeMs) : bytes);
}

/** The file at an address; null if there is none below `root`. */
export function fileFor(root: string, pathname: string): string | null {
  let parts: string[];
  try {
    parts = pathname.split("/").slice(1).map(decodeURIComponent);
  } catch {
    return null;
  }
  if (parts.at(-1) === "") parts[parts.length - 1] = "index.html";
  if (parts.some((part) => part === "" || part.startsWith(".") || /[/\\\0]/.test(part))) {
    return null;
  }
  const file = path.join(root, ...parts);
  if (TYPES[path.extname(file)] === undefined || !fs.existsSync(file)) return null;
  // A link must not lead out of `root` either.
  const real = fs.realpathSync(file);
  return real.startsWith(fs.realpathSync(root) + path.sep) && fs.statSync(real).isFile()
    ? real
    : null;
}

/** `page` with a script that waits for its next version, and a policy that allows that script. */
function reloading(page: string, modified: number): string {
  const code = `new EventSource("/events?since=${modified}&page="+encodeURIComponent(` +
    `location.pathname)).onmessage=()=>location.reload()`;
  const hash = crypto.createHash("sha256").update(code).digest("base64");
  const end = page.lastIndexOf("</body>");
  if (end < 0) return page;
  return page.slice(0, end)
    .replace("script-src ", `connect-src &#39;self&#39;; script-src &#39;sha256-${hash}&#39; `) +
    `<script>${code}</script>` + page.slice(end);
}

/** Sends the reader of a page a server-sent event as soon as the page's file has changed. */
function watch(root: string, query: URLSearchParams, response: http.ServerResponse): void {
  response.writeHead(200, { "content-type": "text/event-stream", "cache-control": "no-store" });
  response.write("retry: 1000\n\n");
  const since = Number(query.get("since"));
  let quiet = 0;
  const timer = setInterval(() => {
    const file = fileFor(root, query.get("page") ?? "");
    if (file !== null && fs.statSync(file).mtimeMs !== since) {
      response.end("data: new\n\n");
      return;
    }
    quiet += LOOK;
    if (quiet >= ALIVE) {
      quiet = 0;
      response.write(": alive\n\n");
    }
  }, LOOK);
  response.on("close", () => clearInterval(timer));
}
