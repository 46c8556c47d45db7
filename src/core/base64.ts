/**
 * Bytes as text in pages. Runs in browsers too.
 *
 * @module
 */

/** Characters that one call makes: the number of arguments of a call is limited. */
const PIECE = 8192;

/** The bytes as base64. */
export function toBase64(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += PIECE) {
    text += String.fromCharCode(...bytes.subarray(at, at + PIECE));
  }
  return btoa(text);
}

/** The bytes of a text that {@linkcode toBase64} made. */
export function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
