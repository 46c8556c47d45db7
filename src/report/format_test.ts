import assert from "node:assert/strict";
import { epochsText, format, type Kind, NONE } from "./format.ts";

const plain = (text: string) => text.replaceAll("\u202f", " ");

const CASES: [value: number | null, kind: Kind, text: string][] = [
  [0.6344, "score", "0.634"],
  [-0.0221, "signed", "−0.022"],
  [0.0221, "signed", "+0.022"],
  [-0.0001, "signed", "±0.000"],
  [1, "percent", "100 %"],
  [0.9996, "percent", "100 %"],
  [0.2094, "percent", "20.9 %"],
  [0.0823, "percent", "8.2 %"],
  [0.00714, "percent", "0.71 %"],
  [0, "percent", "0 %"],
  [0.05, "percent", "5 %"],
  [1, "factor", "1×"],
  [1.25, "factor", "1.25×"],
  [12.21, "factor", "12.2×"],
  [141.7, "factor", "142×"],
  [1234.4, "factor", "1,234×"],
  [10454528, "integer", "10,454,528"],
  [-1500, "integer", "−1,500"],
  [999, "integer", "999"],
  [24, "epochs", "24"],
  [24.04, "epochs", "24"],
  [1200.16, "epochs", "1,200.2"],
  [2_427_000_000, "macs", "2.43 G"],
  [512, "bytes", "512 B"],
  [158_300, "bytes", "158 kB"],
  [999_600, "bytes", "1 MB"],
  [3.7, "seconds", "3.70 s"],
  [125, "seconds", "2 min 5 s"],
  [179.8, "seconds", "3 min 0 s"],
  [3599.9, "seconds", "1 h 0 min"],
  [7260, "seconds", "2 h 1 min"],
  [0.8093, "loss", "0.8093"],
  [0.00001, "loss", "1.0e-5"],
  [0.001, "rate", "1e−3"],
  [0.00025, "rate", "2.5e−4"],
  [null, "score", NONE],
  [NaN, "score", NONE],
  [Infinity, "factor", NONE],
];

for (const [value, kind, text] of CASES) {
  Deno.test(`format ${value} as ${kind} is ${text}`, () => {
    assert.equal(plain(format(value, kind)), text);
  });
}

Deno.test("format lets text through and shows a missing value as a dash", () => {
  assert.equal(format("<b>", "text"), "<b>");
  assert.equal(format(undefined, "integer"), NONE);
});

Deno.test("one epoch has no s, and neither has what is shown as one", () => {
  assert.deepEqual([1, 1.04, 0.5, 0, 24, 1200].map(epochsText), [
    ...["1 epoch", "1 epoch", "0.5 epochs", "0 epochs", "24 epochs", "1,200 epochs"],
  ]);
});
