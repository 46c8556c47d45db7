/// <reference lib="dom" />
/**
 * The rows of a recording as one picture.
 *
 * @module
 */
import { download, element } from "../../client/dom.ts";
import { fileName } from "../../client/figures.ts";
import type { PaperColors } from "./paper.ts";

/** What the picture shows. */
export interface Picture {
  /** The recording's name. */
  readonly name: string;
  /** The scale of the paper, in words. */
  readonly scale: string;
  /** Drawn rows, from top to bottom. */
  readonly rows: readonly HTMLCanvasElement[];
  readonly colors: PaperColors;
}

/** Has the browser save the rows, below a line with name and scale, as a PNG file. */
export function downloadPicture({ name, scale, rows, colors }: Picture): void {
  const pixels = devicePixelRatio;
  const head = 34 * pixels;
  const canvas = element("canvas");
  canvas.width = rows[0]?.width ?? 1;
  canvas.height = head + rows.reduce((sum, { height }) => sum + height, 0);
  const context = canvas.getContext("2d");
  if (!context) return;
  context.fillStyle = colors.background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  context.fillStyle = colors.ink;
  context.font = `600 ${14 * pixels}px system-ui, sans-serif`;
  context.fillText(`${name} · ${scale}`, 6 * pixels, 22 * pixels, canvas.width - 12 * pixels);
  let y = head;
  for (const row of rows) {
    context.drawImage(row, 0, y);
    y += row.height;
  }
  canvas.toBlob((blob) => {
    if (blob) download(`${fileName(name)}.png`, blob);
  });
}
