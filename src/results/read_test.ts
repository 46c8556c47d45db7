import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { Failure, UsageError } from "../core/errors.ts";
import { writeJson } from "../core/files.ts";
import { roundFiles, runFiles } from "../core/paths.ts";
import { fixtureSummary, fixtureTiming } from "../report/fixture.ts";
import { damagedRound } from "../run/round_seal.ts";
import { readKept, readRun, readSummary, readTiming } from "./read.ts";

function inDirectory(body: (directory: string) => void): void {
  const directory = fs.mkdtempSync("/tmp/run-");
  try {
    body(directory);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

Deno.test("a run's files are read back as written; all except the summary may be absent", () => {
  inDirectory((directory) => {
    const summary = fixtureSummary({ rounds: 2 });
    writeJson(path.join(directory, "summary.json"), summary);
    assert.deepEqual(readRun(directory), { summary, timing: null, environment: null });
    const timing = fixtureTiming(summary);
    writeJson(path.join(directory, "timing.json"), timing);
    writeJson(path.join(directory, "environment.json"), { cores: 2 });
    assert.deepEqual(readRun(directory), { summary, timing, environment: { cores: 2 } });
  });
});

Deno.test("runs that cannot be reported on are refused with the reason", () => {
  inDirectory((directory) => {
    const file = path.join(directory, "summary.json");
    assert.throws(
      () => readRun(path.join(directory, "none")),
      (error) => error instanceof UsageError && /no such directory/.test(error.message),
    );
    assert.throws(
      () => readRun(directory),
      (error) => error instanceof UsageError && /no summary.json/.test(error.message),
    );
    for (
      const [text, reason] of [["{", /Cannot read/], ["[]", /expected an object/], ["{}", /format/]]
    ) {
      fs.writeFileSync(file, text as string);
      assert.throws(
        () => readRun(directory),
        (error) =>
          error instanceof Failure && (reason as RegExp).test(error.message) &&
          error.message.includes(file) &&
          error.message.endsWith(
            `; make it again with deno task lth --name ${directory} --resume, or put it back`,
          ),
      );
    }
  });
});

Deno.test("a damaged file of a study's copy, which has no rounds to train, is to be put back", () => {
  inDirectory((directory) => {
    const round = runFiles.round(directory, 0);
    fs.mkdirSync(round);
    fs.writeFileSync(roundFiles.packedPredictions(round), "");
    for (
      const [file, read] of [
        [runFiles.summary, readSummary],
        [runFiles.timing, readTiming],
        [runFiles.kept, readKept],
      ] as const
    ) {
      for (const text of ["{", "[]", "{}"]) {
        fs.writeFileSync(file(directory), text);
        assert.throws(
          () => read(directory),
          (error) =>
            error instanceof Failure &&
            error.message.endsWith(`; put it back with git checkout -- ${file(directory)}`),
        );
      }
    }
    const { message } = damagedRound(round, { file: "end.safetensors", why: "is missing" });
    assert.match(
      message,
      /^end\.safetensors is missing; .* is a copy for a study, .* name the run/,
    );
  });
});

Deno.test("damaged times are refused with what lth --resume accepts: their absence", () => {
  inDirectory((directory) => {
    const file = path.join(directory, "timing.json");
    for (const text of ["{", "[]", '{"rounds": 3}']) {
      fs.writeFileSync(file, text);
      assert.throws(
        () => readTiming(directory),
        (error) => error instanceof Failure && /timing\.json.*; delete it/.test(error.message),
      );
    }
    fs.rmSync(file);
    assert.equal(readTiming(directory), null);
  });
});
