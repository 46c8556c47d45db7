/**
 * Firefox for the tests of pages, driven by WebDriver BiDi (https://w3c.github.io/webdriver-bidi), which Debian's
 * Firefox speaks; Playwright needs a Firefox of its own.
 *
 * @module
 */
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";

/** Where Firefox is on Debian and its derivatives; undefined if it is not there. */
export const FIREFOX: string | undefined = ["/usr/bin/firefox-esr", "/usr/bin/firefox"]
  .find((file) => fs.existsSync(file));

/** A page in Firefox. */
export interface FirefoxPage {
  /** The value of an expression in the page; a promise is awaited. @throws {Error} If it fails there. */
  evaluate(expression: string): Promise<unknown>;
  /** Waits until an expression is true. @throws {Error} After three minutes. */
  until(expression: string): Promise<void>;
  /** Messages of the console, errors and requests to anything but the page. */
  readonly complaints: readonly string[];
}

interface Message {
  readonly id?: number;
  readonly type: string;
  readonly method?: string;
  readonly message?: string;
  readonly result?: Record<string, unknown>;
  readonly params?: Record<string, unknown>;
}

/** Opens a file in a window of this width, lets `look` look at it, and closes Firefox. */
export async function inFirefox(
  file: string,
  { width }: { width: number },
  look: (page: FirefoxPage) => Promise<void>,
): Promise<void> {
  const profile = fs.mkdtempSync(path.join(os.tmpdir(), "firefox-"));
  const firefox = new Deno.Command(FIREFOX!, {
    args: ["--headless", "--no-remote", "--profile", profile, "--remote-debugging-port", "0"],
    stdout: "null",
    stderr: "piped",
  }).spawn();
  try {
    const session = await connect(await addressOf(firefox.stderr));
    const complaints: string[] = [];
    const url = pathToFileURL(file).href;
    session.onEvent = ({ method, params }) => {
      if (method === "log.entryAdded") complaints.push(`${params?.["level"]}: ${params?.["text"]}`);
      const { url: asked = url } = (params?.["request"] ?? {}) as { url?: string };
      // Firefox itself loads a font from its own data.
      if (asked !== url && !asked.startsWith("data:")) complaints.push(`request: ${asked}`);
    };
    await session.send("session.new", { capabilities: {} });
    await session.send("session.subscribe", {
      events: ["log.entryAdded", "network.beforeRequestSent"],
    });
    const { context } = await session.send("browsingContext.create", { type: "tab" });
    const viewport = { width, height: 900 };
    await session.send("browsingContext.setViewport", { context, viewport });
    await session.send("browsingContext.navigate", { context, url, wait: "complete" });
    const evaluate = async (expression: string) => {
      const target = { context };
      const said = await session.send("script.evaluate", {
        expression,
        target,
        awaitPromise: true,
      });
      if (said["type"] === "success") return (said["result"] as { value?: unknown }).value;
      throw new Error(`${expression.slice(0, 80)}: ${JSON.stringify(said["exceptionDetails"])}`);
    };
    const until = async (expression: string) => {
      for (const end = Date.now() + 180_000; !await evaluate(expression);) {
        if (Date.now() > end) throw new Error(`Firefox waited in vain for ${expression}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    await until("document.documentElement.dataset.ready !== undefined");
    await look({ evaluate, until, complaints });
    await session.send("browser.close", {});
    session.close();
    await firefox.status;
  } finally {
    try {
      firefox.kill();
    } catch {
      // It has ended.
    }
    await firefox.status;
    await firefox.stderr.cancel().catch(() => {});
    fs.rmSync(profile, { recursive: true, force: true });
  }
}

/** The address that Firefox says it listens on. */
async function addressOf(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const reader = stderr.getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) throw new Error(`Firefox ended: ${text}`);
      text += decoder.decode(value, { stream: true });
      const address = /WebDriver BiDi listening on (ws:\/\/\S+)/.exec(text);
      if (address) return address[1]!;
    }
  } finally {
    reader.releaseLock();
  }
}

/** A connection: `send` gives a command's result. */
async function connect(address: string) {
  const socket = new WebSocket(`${address}/session`);
  await new Promise((resolve, reject) => {
    socket.onopen = resolve;
    socket.onerror = reject;
  });
  const waiting = new Map<number, (message: Message) => void>();
  const session = {
    onEvent: (_message: Message) => {},
    send(method: string, params: object): Promise<Record<string, unknown>> {
      const id = waiting.size + 1;
      return new Promise((resolve, reject) => {
        waiting.set(id, ({ type, message, result }) => {
          if (type === "success") resolve(result ?? {});
          else reject(new Error(`${method}: ${message}`));
        });
        socket.send(JSON.stringify({ id, method, params }));
      });
    },
    close: () => socket.close(),
  };
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(String(data)) as Message;
    if (message.id === undefined) session.onEvent(message);
    else waiting.get(message.id)?.(message);
  };
  return session;
}
