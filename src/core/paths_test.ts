import assert from "node:assert/strict";
import * as path from "node:path";
import { UsageError } from "./errors.ts";
import {
  CHECKPOINTS,
  checkRunName,
  reportFile,
  REPORTS,
  runDirectory,
  runWord,
  shortPath,
} from "./paths.ts";

Deno.test("a run's name stays below checkpoints/ and reports/", () => {
  for (const name of ["quick-weight-rewind", "a", "1", "a.b_c-d", "x".repeat(100)]) {
    assert.equal(path.dirname(runDirectory(name)), CHECKPOINTS);
    assert.equal(path.dirname(reportFile(name)), REPORTS);
  }
  const names = [
    ...[
      "",
      ".",
      "..",
      "...",
      ".hidden",
      "-rf",
      "two words",
      "a\\b",
      "a\0b",
      "a\nb",
      "c:",
      "~",
      "$HOME",
    ],
    ...["ä", "a*", "x".repeat(101), "%2e%2e", "\u2215etc"],
  ];
  for (const name of names) {
    for (const use of [checkRunName, runDirectory, reportFile]) {
      assert.throws(() => use(name), UsageError, `${use.name} ${JSON.stringify(name)}`);
    }
  }
});

Deno.test("a name with a slash is a path", () => {
  assert.equal(runDirectory("/tmp/x"), "/tmp/x");
  assert.equal(reportFile("/tmp/x/../y"), "/tmp/y/report.html");
});

Deno.test("a command finds a run by its word: a name below checkpoints/, a path elsewhere", () => {
  assert.equal(runWord(path.join(CHECKPOINTS, "x")), "x");
  assert.equal(runWord("/tmp/x"), "/tmp/x");
  assert.equal(runWord(path.join(CHECKPOINTS, "study", "x")), path.join(CHECKPOINTS, "study", "x"));
  for (const name of ["x", "/tmp/x", "./x"]) {
    assert.equal(runDirectory(runWord(runDirectory(name))), runDirectory(name));
  }
});

Deno.test("a path for a message begins at the working directory only if it lies below that", () => {
  assert.equal(shortPath(path.resolve("reports/a.html")), path.join("reports", "a.html"));
  assert.equal(shortPath("reports/a.html"), path.join("reports", "a.html"));
  const outside = path.resolve("..", "a.html");
  assert.equal(shortPath(outside), outside);
  assert.equal(shortPath("../a.html"), outside);
});
