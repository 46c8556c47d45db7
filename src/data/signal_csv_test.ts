import assert from "node:assert/strict";
import { BadRecord, type Reason } from "./problem.ts";
import { readSignalCsv } from "./signal_csv.ts";

Deno.test("numbers are read with or without a header line, with CRLF and trailing blank lines", () => {
  const expected = { values: Float64Array.of(1, -2, 30), integral: true };
  assert.deepEqual(readSignalCsv("1\n-2\n30\n"), expected);
  assert.deepEqual(readSignalCsv("ECG (raw)\r\n1\r\n-2.0\r\n+3e1\r\n\r\n\r\n"), expected);
  assert.deepEqual(readSignalCsv("0.5\n.25\n-1.\n"), {
    values: Float64Array.of(0.5, 0.25, -1),
    integral: false,
  });
});

Deno.test("everything else is refused with its reason and line", () => {
  const cases: [text: string, reason: Reason, detail: RegExp][] = [
    ["", "empty", /./],
    ["\n\n", "empty", /./],
    ["ecg\n", "empty", /header/],
    ["1\n2,5\n", "not-one-column", /line 2 has 2 columns/],
    ["1\nNaN\n", "not-a-number", /line 2 is "NaN"/],
    ["nan\n1\n", "not-a-number", /line 1 is "nan"/],
    ["1\nInfinity\n", "not-a-number", /line 2/],
    ["1\n1e999\n", "not-a-number", /line 2/],
    ["1\n0x10\n", "not-a-number", /line 2/],
    ['1\n"2\n', "not-a-number", /quote/i],
    ["ecg\n1\nx\n", "not-a-number", /line 3 is "x"/],
    ["1\n\n2\n", "not-a-number", /blank line 2/],
    ['1\n""\n2\n', "not-a-number", /blank line 2/],
  ];
  for (const [text, reason, detail] of cases) {
    assert.throws(() => readSignalCsv(text), (error: Error) => {
      assert.ok(error instanceof BadRecord, `${JSON.stringify(text)}: ${error}`);
      assert.equal(error.reason, reason);
      assert.match(error.message, detail);
      return true;
    });
  }
});
