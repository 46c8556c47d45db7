import assert from "node:assert/strict";
import { longRecord } from "../predict/long_record.ts";
import { hourTables } from "./hour_table.ts";

Deno.test("each long recording has a table and its AF burden; short ones have nothing", () => {
  const classes = ["A", "N"];
  const steps = [...new Array(450).fill("N"), ...new Array(90).fill("A")];
  const long = longRecord({ steps }, { seconds: 10, classes })!;
  assert.equal(hourTables([{ record: "short.mat" }], { classes }), "");
  assert.equal(
    hourTables([{ record: "short.mat" }, { record: "long.hea", ...long }], { classes }),
    [
      "\n\nlong.hea, hour by hour:",
      "from  minutes  label       A        N",
      "0:00     60.0      N   0.0 %  100.0 %",
      "1:00     30.0      A  50.0 %   50.0 %",
      "AF burden: 16.7 % of the time",
    ].join("\n"),
  );
  const other = longRecord({ steps: steps.map(() => "x") }, { seconds: 10, classes: ["x"] })!;
  assert.doesNotMatch(hourTables([{ record: "x", ...other }], { classes: ["x"] }), /burden/);
});
