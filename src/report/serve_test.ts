/// <reference lib="dom" />
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as net from "node:net";
import * as os from "node:os";
import * as path from "node:path";
import { fixtureSummary } from "./fixture.ts";
import { writeReport } from "./report.ts";
import { fileFor, serveReports } from "./serve.ts";
import { browserTest } from "./testing.ts";

/** A directory with a report, something secret beside it, and a link that leads there. */
async function withReports(body: (root: string) => Promise<void>): Promise<void> {
  const outside = fs.mkdtempSync(path.join(os.tmpdir(), "serve-"));
  const root = path.join(outside, "reports");
  try {
    fs.mkdirSync(path.join(root, "run"), { recursive: true });
    fs.writeFileSync(path.join(outside, "secret.html"), "secret");
    fs.writeFileSync(path.join(root, ".hidden.html"), "hidden");
    fs.writeFileSync(path.join(root, "notes.txt"), "no page");
    fs.writeFileSync(path.join(root, "run", "ecg.html"), "paper");
    fs.writeFileSync(path.join(root, "index.html"), "<body>list</body>");
    fs.symlinkSync(path.join(outside, "secret.html"), path.join(root, "link.html"));
    await body(root);
  } finally {
    fs.rmSync(outside, { recursive: true });
  }
}

/** The answer to a request that is sent unchanged; `fetch` would normalise it. */
function raw(port: number, lines: string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const socket = net.connect(
      port,
      "127.0.0.1",
      () => socket.write([...lines, "Connection: close", "", ""].join("\r\n")),
    );
    socket.on("data", (bytes) => (text += bytes)).on("end", () => resolve(text)).on(
      "error",
      reject,
    );
  });
}

/** Whether a server listens on the port. */
function connected(address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host: address, port, timeout: 2000 }, () => {
      socket.destroy();
      resolve();
    });
    socket.on("error", reject).on("timeout", () => socket.destroy(new Error("no answer")));
  });
}

Deno.test("only pages below the directory are found, for any form of address", () =>
  withReports((root) => {
    const real = fs.realpathSync(root);
    assert.equal(fileFor(root, "/"), path.join(real, "index.html"));
    assert.equal(fileFor(root, "/run/ecg.html"), path.join(real, "run/ecg.html"));
    for (
      const address of [
        ...[
          "/../secret.html",
          "/run/../../secret.html",
          "/%2e%2e/secret.html",
          "/..%2fsecret.html",
        ],
        ...[
          "/run/..%5c..%5csecret.html",
          "//secret.html",
          "/link.html",
          "/.hidden.html",
          "/notes.txt",
        ],
        ...["/run", "/run/", "/index.html%00.png", "/%", "", "/no.html"],
        path.join(path.dirname(root), "secret.html"),
      ]
    ) assert.equal(fileFor(root, address), null, address);
    return Promise.resolve();
  }));

Deno.test("the server answers only this machine, and only requests to read", () =>
  withReports(async (root) => {
    const server = await serveReports({ root, port: 0 });
    try {
      const port = Number(new URL(server.url).port);
      const status = async (...lines: string[]) => Number((await raw(port, lines)).split(" ")[1]);
      const host = `Host: 127.0.0.1:${port}`;
      assert.equal(await status("GET / HTTP/1.1", host), 200);
      assert.equal(await status("GET /../secret.html HTTP/1.1", host), 404);
      assert.equal(await status("GET /%2e%2e/secret.html HTTP/1.1", host), 404);
      assert.equal(await status("GET / HTTP/1.1", "Host: evil.example"), 403);
      assert.equal(await status("POST / HTTP/1.1", host, "Content-Length: 0"), 405);
      const text = await raw(port, [`GET /index.html HTTP/1.1`, host]);
      assert.match(text, /content-type: text\/html/i);
      assert.match(text, /list<script>new EventSource/);
      assert.equal(fs.readFileSync(path.join(root, "index.html"), "utf8"), "<body>list</body>");
      await assert.rejects(serveReports({ root, port }), /it is taken/);
      // A server that listens on all addresses would answer under these too.
      const others = Object.values(os.networkInterfaces()).flatMap((each) => each ?? [])
        .filter(({ internal, family }) => !internal && family === "IPv4");
      for (const address of ["127.0.0.2", "::1", ...others.map(({ address }) => address)]) {
        await assert.rejects(connected(address, port), address);
      }
      await connected("127.0.0.1", port);
    } finally {
      await server.close();
    }
  }));

browserTest(
  "a served report works under its policy and reloads when it is rewritten",
  async (pages) => {
    const root = path.join(pages.directory, "reports");
    const file = path.join(root, "run.html");
    const write = (rounds: number) => {
      const summary = fixtureSummary({ rounds, planned: 4 });
      writeReport({ summary, timing: null, environment: null, file });
    };
    write(2);
    const before = fs.readFileSync(file, "utf8");
    const server = await serveReports({ root, port: 0 });
    try {
      const url = `${server.url}run.html`;
      await pages.open(url, { served: true }, async (page) => {
        assert.match(await page.locator(".chips").innerText(), /2 rounds/);
        assert.equal(fs.readFileSync(file, "utf8"), before, "the file on disk stays as it was");
        write(4);
        await page.waitForFunction(() =>
          document.querySelector(".chips")?.textContent?.includes("4 rounds")
        );
        await page.waitForSelector("html[data-ready]", { state: "attached" });
      });
    } finally {
      await server.close();
    }
  },
);
