/**
 * PhysioNet/CinC Challenge 2017 (Clifford et al. 2017): 8,528 single-lead recordings of 9 to 61 s.
 *
 * @module
 */
import type { NamedDataset } from "./named_dataset.ts";

export const CINC2017: NamedDataset = {
  name: "cinc2017",
  title: "PhysioNet/CinC Challenge 2017",
  home: "https://physionet.org/content/challenge-2017/1.0.0/",
  source: "data/training2017",
  holds: "A00001.mat, A00001.hea ..., with REFERENCE-v3.csv inside or beside it",
  labels: [{ kind: "table", files: ["REFERENCE-v3.csv"] }],
  rate: 300,
};
