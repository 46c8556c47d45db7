/**
 * China Physiological Signal Challenge 2018 (Liu et al. 2018): 6,877 recordings of 12 leads, 6 to 60 s.
 * It exists in two forms: as published (REFERENCE.csv with codes 1 to 9) and as part of PhysioNet's
 * challenge of 2020 (SNOMED CT codes in headers).
 *
 * @module
 */
import type { NamedDataset } from "./named_dataset.ts";
import { classOfDiagnoses } from "./snomed.ts";

/** Class of the first label: 1 normal, 2 atrial fibrillation; 3 to 9 conduction, ectopic beats, ST changes. */
function classOfCode(code: string): string | null {
  if (code === "1") return "N";
  if (code === "2") return "A";
  return /^[3-9]$/.test(code) ? "O" : null;
}

export const CPSC2018: NamedDataset = {
  name: "cpsc2018",
  title: "China Physiological Signal Challenge 2018",
  home: "http://2018.icbeb.org/Challenge.html",
  source: "data/cpsc2018",
  holds: "A0001.mat ... in any folders, with REFERENCE.csv or with .hea files that have a #Dx line",
  labels: [
    {
      kind: "table",
      files: ["REFERENCE.csv"],
      columns: { id: "Recording", label: "First_label" },
      classOf: classOfCode,
    },
    { kind: "headers", classOf: classOfDiagnoses },
  ],
  // Lead I: as published, the rows of a recording have no names.
  lead: "1",
  rate: 500,
};
