import assert from "node:assert/strict";
import * as zlib from "node:zlib";
import { palettePng } from "./palette_png.ts";

/** Chunks by name; their checksums must fit. */
function chunks(png: Uint8Array): Map<string, Uint8Array> {
  const view = new DataView(png.buffer, png.byteOffset);
  const found = new Map<string, Uint8Array>();
  for (let at = 8; at < png.length;) {
    const length = view.getUint32(at);
    const body = png.subarray(at + 4, at + 8 + length);
    assert.equal(view.getUint32(at + 8 + length), zlib.crc32(body));
    found.set(new TextDecoder().decode(body.subarray(0, 4)), body.subarray(4));
    at += 12 + length;
  }
  return found;
}

Deno.test("few colours come back, with the size of the picture", () => {
  const colors = [[0, 0, 0], [255, 255, 255], [200, 80, 28]];
  const order = [0, 1, 2, 2, 1, 0];
  const rgba = Uint8Array.from(order.flatMap((i) => [...colors[i]!, 255]));
  const png = palettePng({ width: 3, height: 2, rgba });
  const parts = chunks(png);
  assert.deepEqual([...parts.keys()], ["IHDR", "PLTE", "IDAT", "IEND"]);
  const header = parts.get("IHDR")!;
  assert.deepEqual([...header], [0, 0, 0, 3, 0, 0, 0, 2, 8, 3, 0, 0, 0]);
  const palette = parts.get("PLTE")!;
  const rows = zlib.inflateSync(parts.get("IDAT")!);
  assert.deepEqual([rows[0], rows[4]], [0, 0]);
  const shown = [1, 2, 3, 5, 6, 7].map((
    i,
  ) => [...palette.subarray(3 * rows[i]!, 3 * rows[i]! + 3)]);
  shown.forEach((color, i) =>
    color.forEach((value, c) => assert.ok(Math.abs(value - colors[order[i]!]![c]!) <= 2))
  );
});

Deno.test("more than 256 colours become their nearest neighbours", () => {
  const rgba = Uint8Array.from({ length: 4 * 64 * 64 }, (_, i) => {
    const at = Math.floor(i / 4);
    return [4 * (at % 64), 4 * Math.floor(at / 64), 0, 255][i % 4]!;
  });
  const parts = chunks(palettePng({ width: 64, height: 64, rgba }));
  assert.equal(parts.get("PLTE")!.length, 3 * 256);
});
