/**
 * Converts diagnoses in the codes of PhysioNet's challenges of 2020 and 2021 (SNOMED CT) to classes of rhythm.
 *
 * @module
 */

const ATRIAL_FIBRILLATION = "164889003";
/** "Sinus rhythm". As the only code it means a normal ECG in these data sets. */
const SINUS_RHYTHM = "426783006";

/** A: atrial fibrillation among the codes; N: sinus rhythm alone; O: anything else; null: no codes. */
export function classOfDiagnoses(codes: readonly string[]): string | null {
  if (codes.length === 0) return null;
  if (codes.includes(ATRIAL_FIBRILLATION)) return "A";
  return codes.every((code) => code === SINUS_RHYTHM) ? "N" : "O";
}
