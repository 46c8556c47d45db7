/**
 * WFDB files made for tests, from the definitions in header(5), signal(5) and annot(5).
 *
 * @module
 */

/** An annotation file in MIT format with changes of rhythm, by sample. */
export function annotationFile(changes: readonly [sample: number, rhythm: string][]): Uint8Array {
  const bytes: number[] = [];
  const word = (value: number) => bytes.push(value & 0xff, (value >> 8) & 0xff);
  let last = 0;
  for (const [sample, rhythm] of changes) {
    const interval = sample - last;
    if (interval >= 0 && interval <= 1023) {
      word(28 << 10 | interval);
    } else {
      word(59 << 10);
      word(interval >> 16);
      word(interval & 0xffff);
      word(28 << 10);
    }
    word(63 << 10 | rhythm.length);
    for (const letter of rhythm) bytes.push(letter.charCodeAt(0));
    if (rhythm.length % 2) bytes.push(0);
    last = sample;
  }
  word(0);
  return Uint8Array.from(bytes);
}

/** Samples of several signals in format 16: [sample 0 of each signal, sample 1 of each ...]. */
export function format16(signals: readonly Int16Array[]): Uint8Array {
  const bytes = new Uint8Array(2 * signals.length * signals[0]!.length);
  const view = new DataView(bytes.buffer);
  signals.forEach((signal, s) =>
    signal.forEach((value, t) => view.setInt16(2 * (t * signals.length + s), value, true))
  );
  return bytes;
}

/** Samples of two signals in format 212: three bytes for a sample of each. */
export function format212(first: Int16Array, second: Int16Array): Uint8Array {
  const bytes = new Uint8Array(3 * first.length);
  first.forEach((a, t) => {
    const b = second[t]!;
    bytes.set([a & 0xff, ((a >> 8) & 0x0f) | ((b >> 4) & 0xf0), b & 0xff], 3 * t);
  });
  return bytes;
}
