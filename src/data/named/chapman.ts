/**
 * Chapman-Shaoxing-Ningbo (Zheng et al. 2020, 2022): 45,152 recordings of 12 leads, 10 s, one per patient.
 *
 * @module
 */
import type { NamedDataset } from "./named_dataset.ts";
import { classOfDiagnoses } from "./snomed.ts";

export const CHAPMAN: NamedDataset = {
  name: "chapman",
  title: "A large scale 12-lead electrocardiogram database for arrhythmia study",
  home: "https://physionet.org/content/ecg-arrhythmia/1.0.0/",
  source: "data/chapman",
  holds: "WFDBRecords/01/010/JS00001.mat and .hea ...",
  labels: [{ kind: "headers", classOf: classOfDiagnoses }],
  lead: "I",
  rate: 500,
};
