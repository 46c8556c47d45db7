import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { inTemporaryDirectory, noise } from "../data/testing.ts";
import { madeTicket } from "../ticket/testing.ts";
import { writeTicket } from "../ticket/ticket_file.ts";
import { command } from "./testing.ts";

const SAMPLES = [...noise(600, 1)];

/** A folder with a ticket for 300 Hz, and predict with it. */
async function withTicket(
  body: (tools: {
    predict: (args: string[], stdin?: string) => ReturnType<typeof command>;
    write: (name: string, text: string | Uint8Array) => string;
  }) => Promise<void>,
  rate = 300,
): Promise<void> {
  await inTemporaryDirectory(async (directory) => {
    const ticket = path.join(directory, "x.ticket.safetensors");
    const made = madeTicket();
    writeTicket(ticket, { ...made, normalisation: { ...made.normalisation, rate } });
    await body({
      predict: (args, stdin) =>
        command("predict", ["--ticket", ticket, ...args], stdin === undefined ? {} : { stdin }),
      write: (name, text) => {
        fs.writeFileSync(path.join(directory, name), text);
        return path.join(directory, name);
      },
    });
  });
}

Deno.test("--json says how each file was read, and standard error says it once", () =>
  withTicket(async ({ predict, write }) => {
    const files = ["a.csv", "b.csv"].map((name) => write(name, SAMPLES.join("\n")));
    const { code, out, err } = await predict(["--json", "--rate", "300", ...files]);
    assert.equal(code, 0, err);
    const [first] = out.trimEnd().split("\n").map((line) => JSON.parse(line));
    const { format, rate, rateFrom, unit, unitFrom, missing } = first.read;
    assert.deepEqual({ format, rate, rateFrom, unit, unitFrom, missing }, {
      ...{ format: "text", rate: 300, rateFrom: "option" },
      ...{ unit: "raw", unitFrom: "assumed", missing: 0 },
    });
    assert.deepEqual(first.warnings, []);
    assert.equal(err.match(/^Assumed: whole numbers are 1000 per mV/gm)?.length, 1, err);
  }));

Deno.test("what cannot be read ends in its error alone", () =>
  withTicket(async ({ predict, write }) => {
    const { code, out, err } = await predict([write("empty.mat", "")]);
    assert.deepEqual([code, out], [2, ""]);
    assert.match(
      err,
      /^error: 1 of 1 recording cannot be used:\n .*empty\.mat: empty file \(0 bytes\)\n$/,
    );
  }));

Deno.test("a recording that may not be an ECG is labelled with a warning; --force omits the warning", () =>
  withTicket(async ({ predict, write }) => {
    const volts = write("volts.csv", SAMPLES.map((x) => (x / 1e6).toFixed(6)).join("\n"));
    const args = ["--rate", "300", "--json", volts];
    const { code, out, err } = await predict(args);
    assert.equal(code, 0, err);
    assert.match(err, /^warning: .*volts\.csv may not be an ECG: .*say --units V$/m);
    assert.match(JSON.parse(out)[0].warnings[0], /peak to peak/);
    assert.doesNotMatch((await predict(["--force", ...args])).err, /warning/);
    const right = await predict(["--units", "V", ...args]);
    assert.doesNotMatch(right.err, /warning|Assumed/);
  }));

Deno.test("recordings are resampled to the rate that the ticket was trained on", () =>
  withTicket(async ({ predict, write }) => {
    const file = write("a.csv", SAMPLES.map((x) => x / 1000).join("\n"));
    const { out, err } = await predict(["--json", "--rate", "300", file]);
    assert.equal(JSON.parse(out)[0].samples, 400, err);
  }, 200));

Deno.test("options that contradict each other are refused", () =>
  withTicket(async ({ predict, write }) => {
    const file = write("a.csv", SAMPLES.join("\n"));
    for (
      const [args, message] of [
        [["--lead", "1", "--column", "2"], /Cannot use --lead and --column together/],
        [["--units", "raw", "--gain", "200"], /raw already means 1000 per mV/],
        [["--gain", "0"], /Cannot use --gain 0/],
        [["--max-gap", "-1"], /from 0 to 3600/],
      ] as const
    ) {
      const { code, err } = await predict([...args, file]);
      assert.equal(code, 2);
      assert.match(err, message);
    }
  }));

Deno.test("the unit of standard input is inferred if only one is plausible, otherwise it must be given", () =>
  withTicket(async ({ predict }) => {
    const answered = async (numbers: readonly (number | string)[], ...args: string[]) => {
      const { code, out, err } = await predict(["-", "--json", ...args], numbers.join("\n"));
      return { code, err, first: out === "" ? null : JSON.parse(out.split("\n")[0]!) };
    };
    const raw = await answered(SAMPLES);
    assert.match(raw.err, /Assumed: standard input is stored units, 1000 per mV/);
    const { perMinute } = raw.first.heartRate;
    const shown = await predict(["-"], SAMPLES.join("\n"));
    assert.match(
      shown.out.split("\n")[0]!,
      new RegExp(` ${perMinute?.toFixed(0) ?? "-"} beats/min$`),
    );
    const millivolts = await answered(SAMPLES.map((x) => x / 1000));
    assert.match(millivolts.err, /Assumed: standard input is millivolts/);
    assert.deepEqual(millivolts.first.probabilities, raw.first.probabilities);
    const volts = SAMPLES.map((x) => x / 1e6);
    for (
      const unclear of [
        volts,
        SAMPLES.map((x) => x * 10.5),
        SAMPLES.map((x) => x % 3),
        SAMPLES.map(() => 0),
      ]
    ) {
      const { code, err } = await answered(unclear);
      assert.equal(code, 2);
      assert.match(
        err,
        /Cannot tell the unit of standard input.*say it with --units mV, uV, V or raw/,
      );
    }
    const said = await answered(volts, "--units", "V");
    assert.deepEqual(said.first.probabilities, raw.first.probabilities);
    assert.doesNotMatch(said.err, /Assumed: standard input is/);
    assert.match(said.err, /Assumed: standard input has 300 samples per second/);
    const confirmed = await answered(volts, "--units", "V", "--rate", "300");
    assert.doesNotMatch(confirmed.err, /Assumed/);
    const lead = await answered(volts, "--units", "V", "--lead", "2");
    assert.match(lead.err, /Standard input has one lead/);
    const gap = SAMPLES.map((x, i) => (i > 99 && i < 120 ? "nan" : x));
    assert.equal((await answered(gap)).code, 0);
    const hole = await answered(SAMPLES.map((x, i) => (i > 99 && i < 252 ? "!" : x)));
    assert.equal(hole.code, 2);
    assert.match(
      hole.err,
      /0\.507 s are missing .*more than the 0\.5 s that are bridged: --max-gap/,
    );
  }));

Deno.test("an option that does nothing for files, or for standard input, is refused", () =>
  withTicket(async ({ predict, write }) => {
    const file = write("a.csv", SAMPLES.join("\n"));
    const cases: [string[], RegExp][] = [
      [["--rate", "300", "--window", "5", file], /^error: --window is for standard input \(-\)/m],
      [["--skip-bad", "-"], /^error: --skip-bad is for files/m],
      [["--force", "-"], /^error: --force is for files/m],
    ];
    for (const [args, said] of cases) {
      const { code, out, err } = await predict(args, SAMPLES.join("\n"));
      assert.equal(code, 2, err);
      assert.equal(out, "");
      assert.match(err, said);
    }
  }));
