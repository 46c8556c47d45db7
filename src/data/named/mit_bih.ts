/**
 * Long records with rhythm annotations: MIT-BIH Atrial Fibrillation (Moody and Mark 1983) and Long-Term
 * AF (Petrutiu et al. 2007).
 *
 * @module
 */
import type { LabelPlace, NamedDataset } from "./named_dataset.ts";

/** In AFDB "(N" means every rhythm except fibrillation, flutter and junctional rhythm. */
function classOfRhythm(rhythm: string): string | null {
  if (rhythm === "(AFIB") return "A";
  return rhythm === "(N" ? "N" : "O";
}

const RHYTHMS: readonly LabelPlace[] = [
  { kind: "rhythms", annotator: "atr", window: 30, classOf: classOfRhythm },
];

export const AFDB: NamedDataset = {
  name: "afdb",
  title: "MIT-BIH Atrial Fibrillation Database",
  home: "https://physionet.org/content/afdb/1.0.0/",
  source: "data/afdb",
  holds: "04015.dat, 04015.hea, 04015.atr ...",
  labels: RHYTHMS,
  lead: "ECG1",
  rate: 250,
};

export const LTAFDB: NamedDataset = {
  name: "ltafdb",
  title: "Long Term AF Database",
  home: "https://physionet.org/content/ltafdb/1.0.0/",
  source: "data/ltafdb",
  holds: "00.dat, 00.hea, 00.atr ...",
  labels: RHYTHMS,
  lead: "1",
  rate: 128,
};
