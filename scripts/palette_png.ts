/**
 * Writes pictures of pages with at most 256 colours, which reduces their size to a third.
 *
 * @module
 */
import * as zlib from "node:zlib";

/** Pixels row by row, four bytes each; the fourth is ignored. */
export interface Pixels {
  width: number;
  height: number;
  rgba: Uint8Array;
}

/** `pixels` as an indexed PNG (ISO/IEC 15948) of the most frequent colours; others become the nearest of these. */
export function palettePng({ width, height, rgba }: Pixels): Uint8Array {
  const counts = new Map<number, number>();
  for (let i = 0; i < rgba.length; i += 4) {
    const color = coarse(rgba, i);
    counts.set(color, (counts.get(color) ?? 0) + 1);
  }
  const palette = [...counts].sort(([, a], [, b]) => b - a).slice(0, 256).map(([color]) => color);
  const index = new Map(palette.map((color, i) => [color, i]));
  // Every row begins with its filter: none.
  const rows = new Uint8Array((width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const color = coarse(rgba, 4 * (y * width + x));
      let at = index.get(color);
      if (at === undefined) {
        at = nearest(color, palette);
        index.set(color, at);
      }
      rows[y * (width + 1) + 1 + x] = at;
    }
  }
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  header.set([8, 3, 0, 0, 0], 8);
  return join([
    Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a),
    chunk("IHDR", header),
    chunk("PLTE", Uint8Array.from(palette.flatMap((c) => [c >> 16, (c >> 8) & 255, c & 255]))),
    chunk("IDAT", zlib.deflateSync(rows, { level: 9 })),
    chunk("IEND", new Uint8Array(0)),
  ]);
}

/** The colour at `i` as one number, with its lowest bits rounded off. */
function coarse(rgba: Uint8Array, i: number): number {
  const round = (value: number) => Math.min(255, (value + 2) & ~3);
  return round(rgba[i]!) << 16 | round(rgba[i + 1]!) << 8 | round(rgba[i + 2]!);
}

function nearest(color: number, palette: readonly number[]): number {
  const distance = (other: number) =>
    [16, 8, 0].reduce(
      (sum, shift) => sum + (((color >> shift) & 255) - ((other >> shift) & 255)) ** 2,
      0,
    );
  let best = 0;
  palette.forEach((other, i) => {
    if (distance(other) < distance(palette[best]!)) best = i;
  });
  return best;
}

function chunk(name: string, data: Uint8Array): Uint8Array {
  const body = join([new TextEncoder().encode(name), data]);
  const made = new Uint8Array(body.length + 8);
  const view = new DataView(made.buffer);
  view.setUint32(0, data.length);
  made.set(body, 4);
  view.setUint32(4 + body.length, zlib.crc32(body));
  return made;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const made = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    made.set(part, at);
    at += part.length;
  }
  return made;
}
