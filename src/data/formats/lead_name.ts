/**
 * Compares names of leads: `I`, `Lead I`, `ECG I`, `lead_i` and `EKG-I` are the same lead.
 *
 * @module
 */

/** A name without words such as "lead" and "ECG". */
export function plainName(name: string): string {
  const words = name.toLowerCase().split(/[\s_\-:.]+/).filter((word) =>
    !["ecg", "ekg", "lead", "channel", "signal", "electrode", "ableitung", ""].includes(word)
  );
  return words.join(" ");
}

/** Whether two names mean the same lead. */
export function sameName(a: string, b: string): boolean {
  const [plainA, plainB] = [plainName(a), plainName(b)];
  return plainA === "" || plainB === ""
    ? a.trim().toLowerCase() === b.trim().toLowerCase()
    : plainA === plainB;
}
