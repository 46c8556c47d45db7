import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { UsageError } from "../core/errors.ts";
import { inOptions } from "../data/advice.ts";
import { BadRecord } from "../data/problem.ts";
import { READING_DEFAULTS, readRecording } from "../data/recording.ts";
import { listInputs } from "./input.ts";

const SAMPLES = Int16Array.from({ length: 600 }, (_, i) => (i * 37) % 1500 - 700);

function withFolder(body: (folder: string) => void): void {
  const folder = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "input-"));
  try {
    body(folder);
  } finally {
    fs.rmSync(folder, { recursive: true });
  }
}

function bytesOf(samples: Int16Array): Uint8Array {
  return new Uint8Array(samples.buffer);
}

function write212(samples: Int16Array): Uint8Array {
  const bytes = new Uint8Array(samples.length / 2 * 3);
  for (let i = 0; i < samples.length; i += 2) {
    const [a, b] = [samples[i]! & 0xfff, samples[i + 1]! & 0xfff];
    bytes.set([a & 0xff, a >> 8 | (b >> 8) << 4, b & 0xff], i / 2 * 3);
  }
  return bytes;
}

const readInput = (file: string, options = {}) =>
  readRecording(file, { ...READING_DEFAULTS, ...options }).samples;

Deno.test("one recording in every format", () => {
  withFolder((folder) => {
    const write = (name: string, data: string | Uint8Array) =>
      fs.writeFileSync(path.join(folder, name), data);
    const read = (name: string) =>
      readInput(path.join(folder, name), name.endsWith(".csv") ? { rate: 300 } : {});
    write("a.csv", [...SAMPLES].join("\n"));
    write("b.hea", "b 1 300 600\r\nb.dat 16 1000/mV 16 0 0 0 0 ECG\r\n");
    write("b.dat", bytesOf(SAMPLES));
    write("c.hea", "c 1 300 600\nc.dat 212 1000(0)/mV 12 0 0 0 0 ECG\n");
    write("c.dat", write212(SAMPLES));
    // Half the gain around another baseline gives the same millivolts.
    write("d.hea", "# comment\nd 1 300\nd.dat 16+4 500(100)/mV 16 7 0 0 0 ECG\n");
    write("d.dat", new Uint8Array([9, 9, 9, 9, ...bytesOf(SAMPLES.map((x) => x / 2 + 100))]));
    for (const name of ["a.csv", "b.hea", "c.hea"]) assert.deepEqual(read(name), SAMPLES, name);
    const halved = read("d.hea");
    halved.forEach((x, i) => assert.ok(Math.abs(x - SAMPLES[i]!) <= 2, `${i}: ${x}`));
    write("e.hea", "e 1 150 600\ne.dat 16 1000/mV 16 0 0 0 0 ECG\n");
    write("e.dat", bytesOf(SAMPLES));
    assert.equal(read("e.hea").length, 1200);
    assert.deepEqual(
      listInputs([folder, path.join(folder, "b.dat")]).map((file) => path.basename(file)),
      ["a.csv", "b.hea", "c.hea", "d.hea", "e.hea", "b.hea"],
    );
  });
});

Deno.test("bad recordings are refused with the mistake that was found", () => {
  withFolder((folder) => {
    const refused = (name: string, data: string | Uint8Array, pattern: RegExp, rate?: number) => {
      const file = path.join(folder, name);
      fs.writeFileSync(file, data);
      const options = rate === undefined ? {} : { rate };
      assert.throws(
        () => readInput(file, options),
        (error: unknown) => error instanceof BadRecord && pattern.test(error.explain(inOptions)),
      );
    };
    fs.writeFileSync(path.join(folder, "x.dat"), bytesOf(SAMPLES));
    const signal = "x.dat 16 1000/mV 16 0 0 0 0 ECG\n";
    refused("a.hea", `x 2 300 600\n${signal}`, /lists 1 of 2 signals/);
    refused("b.hea", `x 1 300 601\n${signal}`, /600 samples, but its header says 601/);
    refused(
      "c.hea",
      `x 1 300 600\n${signal}`,
      /header says 300 Hz, not 360 Hz: leave out --rate$/,
      360,
    );
    refused("d.hea", "x 1 300 600\nx.dat 81 1000/mV\n", /WFDB format 81, expected one of 8, 16, /);
    refused("e.hea", "x 1 300 600\ny.dat 16 1000/mV\n", /y\.dat: there is no such file/);
    fs.mkdirSync(path.join(folder, "below"));
    fs.writeFileSync(path.join(folder, "below/x.dat"), bytesOf(SAMPLES));
    const above = path.join("..", path.basename(folder), "x.dat");
    for (const name of [above, path.join(folder, "x.dat"), "below/x.dat", "..\\x.dat", ".."]) {
      refused(
        "elsewhere.hea",
        `x 1 300 600\n${name} 16 1000/mV\n`,
        /names the data file ".*", expected a file beside the header/,
      );
    }
    refused("f.hea", "x 1 300 600\nx.dat 16 1000/mmHg\n", /is in "mmHg", which is no voltage/);
    refused("g.csv", "1\nx\n", /line 2 is "x"/, 300);
    refused("h.csv", "5\n".repeat(300), /all 256 samples are 5/, 300);
    refused("i.csv", "1\n2\n3\n", /3 samples at 300 Hz, at least 256/, 300);
    fs.writeFileSync(
      path.join(folder, "x.dat"),
      bytesOf(SAMPLES.map((x, i) => i < 151 ? -32768 : x)),
    );
    refused(
      "j.hea",
      `x 1 300 600\n${signal}`,
      /0\.503 s are missing at 0 s, more than the 0\.5 s that are bridged: --max-gap/,
    );
    assert.throws(() => listInputs([path.join(folder, "none.mat")]), UsageError);
    assert.throws(() => listInputs([path.join(folder, "x.txt")]), UsageError);
    fs.mkdirSync(path.join(folder, "empty"));
    assert.throws(() => listInputs([path.join(folder, "empty")]), /holds no recordings/);
  });
});
