/// <reference lib="dom" />
/**
 * A real browser for the tests of pages.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { pathToFileURL } from "node:url";
import { type Browser, chromium, type Page } from "playwright-core";

/** The path of Chromium on Debian and its derivatives. */
const CHROMIUM = "/usr/bin/chromium";

/** How a page is opened. */
export interface PageOptions {
  width?: number;
  theme?: "light" | "dark";
  /** Error messages that the test causes on purpose. */
  expected?: RegExp;
  /** The page is an address, not a file, and may send requests to its own server. */
  served?: boolean;
}

/** Pages opened from disk, each watched for errors and requests. */
export interface Pages {
  /** A directory for the files of the test. */
  directory: string;
  /** Opens a file, waits until its script is done, runs `look`, and checks that nothing went wrong. */
  open(file: string, options: PageOptions, look: (page: Page) => Promise<void>): Promise<void>;
}

let shared: Promise<Browser> | null = null;

/** One browser for all tests of a file: starting it takes longer than most of them. */
function sharedBrowser(): Promise<Browser> {
  shared ??= chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  return shared;
}

Deno.test.afterAll(async () => {
  await (await shared)?.close();
});

/** A test that drives headless Chromium; it is skipped with a message on a machine without Chromium. */
export function browserTest(name: string, body: (pages: Pages) => Promise<void>): void {
  const missing = !fs.existsSync(CHROMIUM);
  if (missing) console.warn(`SKIPPED ${name}: there is no ${CHROMIUM} (apt install chromium)`);
  Deno.test({
    name,
    ignore: missing,
    // The browser is a process of its own, whose pipes close after the test has ended.
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      const directory = fs.mkdtempSync(path.join(os.tmpdir(), "report-"));
      const browser = await sharedBrowser();
      try {
        await body({ directory, open: (...args) => open(browser, ...args) });
      } finally {
        fs.rmSync(directory, { recursive: true });
      }
    },
  });
}

async function open(
  browser: Browser,
  file: string,
  { width = 1200, theme = "light", expected, served = false }: PageOptions,
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: theme });
  // On a loaded machine pages are slow, which is not an error.
  page.setDefaultTimeout(180_000);
  const url = served ? file : pathToFileURL(file).href;
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(`error: ${error.stack ?? error.message}`));
  page.on("console", (message) => complaints.push(`${message.type()}: ${message.text()}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    dialog.dismiss();
  });
  page.on("request", (request) => {
    const own = served
      ? new URL(request.url()).origin === new URL(url).origin
      : request.url() === url;
    if (!own) complaints.push(`request: ${request.url()}`);
  });
  try {
    await page.goto(url);
    await page.waitForSelector("html[data-ready]", { state: "attached" });
    await look(page);
    const unexpected = complaints.filter((text) => !expected?.test(text));
    assert.deepEqual(unexpected, [], "the page complained or asked for something");
  } finally {
    await page.close();
  }
}

/** How many different colours each canvas shows; a blank one shows 1. */
export function canvasColors(page: Page): Promise<number[]> {
  return page.evaluate(() =>
    [...document.querySelectorAll("canvas")].map((canvas) => {
      const { width, height } = canvas;
      const pixels = canvas.getContext("2d")?.getImageData(0, 0, width, height).data;
      return new Set(new Uint32Array(pixels?.buffer ?? new ArrayBuffer(0))).size;
    })
  );
}

/** How much wider than its window the page is; above 0 it scrolls sideways. */
export function overflow(page: Page): Promise<number> {
  return page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
}

/** Waits until the page shows the details of a round, e.g. "Round 3". */
export async function roundShown(page: Page, name: string): Promise<void> {
  await page.waitForFunction(
    (text) => document.querySelector("#round-name")?.textContent === text,
    name,
  );
}

/** Waits until a chart's picture differs from all in `seen`, and adds it to them. */
export async function newPicture(page: Page, selector: string, seen: string[]): Promise<void> {
  const picture = await page.waitForFunction(
    ({ selector, seen }) => {
      const url = document.querySelector<HTMLCanvasElement>(selector)?.toDataURL() ?? "";
      return url !== "" && !seen.includes(url) && url;
    },
    { selector, seen },
  );
  seen.push(String(await picture.jsonValue()));
}
