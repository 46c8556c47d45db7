/// <reference lib="dom" />
/**
 * Renews the pictures of the README from finished runs: the report of the first, its recordings, a
 * comparison of all, and the page that labels ECGs.
 *
 *     deno run -A scripts/screenshots.ts RUN RUN...
 *     deno run -A scripts/screenshots.ts --only comparison RUN RUN...
 *
 * A run is a name below checkpoints/ or a path. It needs Chromium, and the data set of the first run; a
 * comparison alone does not need it.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import * as fs from "node:fs";
import * as path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { type Browser, chromium, type Page } from "playwright-core";
import { ROOT, runDirectory } from "../src/core/paths.ts";
import { palettePng, type Pixels } from "./palette_png.ts";

const CHROMIUM = "/usr/bin/chromium";

/** The folder of the pictures. */
const TARGET = path.join(ROOT, "docs/screenshots");

/** Largest size of a picture. */
const MOST_BYTES = 120_000;

/** A picture: its page, window and position. */
interface Picture {
  name: string;
  page: string;
  width: number;
  height: number;
  theme: "light" | "dark";
  /** The element at the window's upper edge; by default the beginning of the page. */
  from?: string;
  /** Called before the picture is taken. */
  prepare?: (page: Page) => Promise<void>;
}

const PICTURES: Picture[] = [
  { name: "report", page: "run.html", width: 1120, height: 850, theme: "light" },
  {
    ...{ name: "comparison", page: "comparison.html", width: 1120, height: 730, theme: "dark" },
    from: "#dense",
  },
  {
    ...{ name: "ecg", page: "run/ecg.html", width: 1120, height: 640, theme: "light" },
    from: "#record",
  },
  {
    ...{ name: "phone", page: "run.html", width: 380, height: 760, theme: "dark" },
    from: "#confusion",
  },
  {
    ...{ name: "label", page: "label.html", width: 1120, height: 700, theme: "light" },
    from: "#said",
    prepare: async (page) => {
      await page.locator("#example").click();
      await page.locator("#paper").press("ArrowRight");
    },
  },
];

/** Runs a command of the project; its output goes to the terminal. */
async function task(...words: string[]): Promise<void> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "-q", ...words],
    cwd: ROOT,
    stdout: "inherit",
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`Cannot take pictures: deno task ${words.join(" ")} failed`);
}

/** Writes the pages of `pictures` into `directory`. */
async function writePages(
  pictures: readonly Picture[],
  { runs, directory }: { runs: readonly string[]; directory: string },
): Promise<void> {
  const at = (name: string) => path.join(directory, name);
  const isShown = (...pages: string[]) => pictures.some(({ page }) => pages.includes(page));
  if (isShown("run.html", "run/ecg.html")) {
    await task("report", "--run", runs[0]!, "--out", at("run.html"), "--ecg");
  }
  if (isShown("label.html")) await task("export", "--format", "html", "--out", at("label.html"));
  if (isShown("comparison.html")) await task("compare", ...runs, "--out", at("comparison"));
}

/** Takes pictures of the pages in `directory`. */
async function takePictures(pictures: readonly Picture[], directory: string): Promise<void> {
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
  });
  try {
    for (const { name, page: file, width, height, theme, from, prepare } of pictures) {
      const page = await browser.newPage({ viewport: { width, height }, colorScheme: theme });
      await page.goto(pathToFileURL(path.join(directory, file)).href);
      await page.waitForSelector("html[data-ready]", { state: "attached" });
      await prepare?.(page);
      if (from) {
        await page.evaluate((selector) => {
          const top = document.querySelector(selector)!.getBoundingClientRect().top;
          // A fixed bar at the top covers the content below it.
          const bar = document.querySelector(".roundbar")?.getBoundingClientRect().height ?? 0;
          scrollTo(0, scrollY + top - bar - 12);
        }, from);
      }
      const target = path.join(TARGET, `${name}.png`);
      fs.writeFileSync(target, palettePng(await pixelsOf(browser, await page.screenshot())));
      const { size } = fs.statSync(target);
      console.log(`${path.relative(process.cwd(), target)}: ${size} bytes`);
      if (size > MOST_BYTES) throw new Error(`${target} is larger than ${MOST_BYTES} bytes`);
      await page.close();
    }
  } finally {
    await browser.close();
  }
}

/** The pixels of a PNG, decoded by the browser. */
async function pixelsOf(browser: Browser, png: Buffer): Promise<Pixels> {
  const blank = await browser.newPage();
  const { width, height, text } = await blank.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes]));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d")!;
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    let text = "";
    for (let at = 0; at < data.length; at += 8192) {
      text += String.fromCharCode(...data.subarray(at, at + 8192));
    }
    return { width: image.width, height: image.height, text: btoa(text) };
  }, png.toString("base64"));
  await blank.close();
  return { width, height, rgba: Buffer.from(text, "base64") };
}

if (import.meta.main) {
  const { values: { only }, positionals: runs } = parseArgs({
    args: process.argv.slice(2),
    options: { only: { type: "string" } },
    allowPositionals: true,
  });
  const pictures = PICTURES.filter(({ name }) => only === undefined || name === only);
  if (pictures.length === 0) {
    console.error(`error: --only takes one of ${PICTURES.map(({ name }) => name).join(", ")}`);
    process.exit(2);
  }
  if (runs.length === 0 || !runs.every((run) => fs.existsSync(runDirectory(run)))) {
    console.error("error: name the finished runs for the pictures");
    process.exit(2);
  }
  fs.mkdirSync(TARGET, { recursive: true });
  const directory = fs.mkdtempSync(path.join(ROOT, "reports/pictures-"));
  try {
    await writePages(pictures, { runs, directory });
    await takePictures(pictures, directory);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}
