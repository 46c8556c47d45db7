/**
 * PTB-XL (Wagner et al. 2020): 21,799 recordings of 12 leads, 10 s, of 18,869 patients, in ten folds that
 * keep patients apart; the authors recommend fold 9 for validation and 10 for the test.
 *
 * @module
 */
import type { NamedDataset } from "./named_dataset.ts";

/** SCP-ECG statements on rhythm. */
const RHYTHMS = new Set(
  ("SR AFIB STACH SARRH SBRAD PACE SVARR BIGU AFLT SVTAC PSVT TRIGU").split(" "),
);

/**
 * @param statements From the column scp_codes: "{'NORM': 100.0, 'SR': 0.0}". The numbers are likelihoods
 *   of diagnoses; a statement on rhythm counts although its number is 0.
 */
function classOfStatements(statements: string): string | null {
  const codes = [...statements.matchAll(/['"]([^'"]+)['"]\s*:/g)].map(([, code]) => code!);
  const rhythms = codes.filter((code) => RHYTHMS.has(code));
  if (rhythms.length === 0) return null;
  if (rhythms.includes("AFIB")) return "A";
  return rhythms.every((code) => code === "SR") ? "N" : "O";
}

export const PTBXL: NamedDataset = {
  name: "ptbxl",
  title: "PTB-XL, a large publicly available electrocardiography dataset",
  home: "https://physionet.org/content/ptb-xl/1.0.3/",
  source: "data/ptb-xl",
  holds: "ptbxl_database.csv and records500/00000/00001_hr.dat and .hea ...",
  labels: [{
    kind: "table",
    files: ["ptbxl_database.csv"],
    columns: { id: "filename_hr", label: "scp_codes", fold: "strat_fold" },
    classOf: classOfStatements,
  }],
  lead: "I",
  rate: 500,
  group: "patient_id",
  split: { method: "published", dev: ["9"], test: ["10"] },
};
