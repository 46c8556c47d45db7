/**
 * Decodes text in the encodings that are common for tables.
 *
 * @module
 */

const UTF16_SAMPLE = 512;

/**
 * Decodes text. The first rule that applies gives the encoding: the byte-order mark; UTF-16 if every other
 * byte is 0; UTF-8 if it is valid; Latin-1 (windows-1252), in which every byte is a character.
 */
export function decodeText(bytes: Uint8Array): string {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return decode("utf-8", bytes.subarray(3));
  if (a === 0xff && b === 0xfe) return decode("utf-16le", bytes.subarray(2));
  if (a === 0xfe && b === 0xff) return decode("utf-16be", bytes.subarray(2));
  const wide = utf16Order(bytes);
  if (wide !== null) return decode(wide, bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return decode("windows-1252", bytes);
  }
}

function decode(encoding: string, bytes: Uint8Array): string {
  return new TextDecoder(encoding).decode(bytes);
}

function utf16Order(bytes: Uint8Array): "utf-16le" | "utf-16be" | null {
  const start = bytes.subarray(0, UTF16_SAMPLE);
  const pairs = start.length >> 1;
  if (pairs < 2) return null;
  let [even, odd] = [0, 0];
  for (let i = 0; i < 2 * pairs; i += 2) {
    if (start[i] === 0) even++;
    if (start[i + 1] === 0) odd++;
  }
  if (even === 0 && odd > 0.9 * pairs) return "utf-16le";
  return odd === 0 && even > 0.9 * pairs ? "utf-16be" : null;
}
