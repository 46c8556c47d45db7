/**
 * Fuzz targets for the readers of recordings: every format, from its bytes to the input of a network.
 *
 * @module
 */
import { zlibSync } from "fflate";
import { readTable } from "../../src/data/formats/table.ts";
import { understand } from "../../src/data/formats/reading.ts";
import { prepare } from "../../src/data/formats/prepare.ts";
import { readSignalFile } from "../../src/data/formats/registry.ts";
import { parseWfdbHeader } from "../../src/data/formats/wfdb_header.ts";
import { SAMPLE_FORMATS } from "../../src/data/formats/wfdb_samples.ts";
import { edf, mat4Of, mat5 } from "../../src/data/formats/testing.ts";
import { READING_DEFAULTS } from "../../src/data/recording.ts";
import { mat4, noise } from "../../src/data/testing.ts";
import type { Target } from "./target.ts";

const text = (value: string) => new TextEncoder().encode(value);
const HEADER = "A1 1 300 512\nA1.mat 16+24 1000/mV 16 0 -127 0 0 ECG\n";
const SEGMENTS = "m/3 1 300 700\na 300\n~ 100\nb 300\n";
/** Gain with which the numbers of a format are a few millivolts. */
const gainOf = (format: number) => ({ 24: 2e6, 32: 2e8 })[format] ?? 3000;
const signals = (name: string, format: number) =>
  `${name} 1 300 300\nx.dat ${format} ${gainOf(format)}/mV 16 0 0 0 0 I\n`;

/** Reads bytes as a file of this name, with others beside it; every lead is decoded. */
function reading(name: string, beside: Readonly<Record<string, Uint8Array>> = {}) {
  return (bytes: Uint8Array): void => {
    const files: Record<string, Uint8Array> = { ...beside, [name]: bytes };
    const source = (file: string) => ({
      name: file,
      bytes: files[file]!,
      beside: (other: string) => Object.hasOwn(files, other) ? files[other]! : null,
    });
    const asked = Object.hasOwn(files, "record.hea") ? "record.hea" : name;
    const file = readSignalFile(source(asked));
    const [first, ...others] = file.leads;
    const options = {
      ...READING_DEFAULTS,
      maxGap: 5,
      rate: first!.rate === null ? 300 : undefined,
      lead: others.length > 0 ? `${first!.number}` : undefined,
    };
    for (const lead of file.leads.slice(0, 3)) lead.numbers();
    prepare(understand(file, options), options);
  };
}

const bytes = Uint8Array.from({ length: 2400 }, (_, i) => (i * 37) % 251);
const samples = noise(300, 1);

/** Small tables of every kind, so that mutations hit their structure more often than their numbers. */
const tables = [
  "1\n-2.5\n3e1\n",
  "0,5\n-0,25\n12\n",
  "time [ms];ecg [uV]\n0;1,5\n4;-2\n8;\n12;3\n",
  "'Elapsed time','MLII','V5'\n'hh:mm:ss.mmm','mV','mV'\n'0:00.000',1,2\n'0:00.004',2,3\n'0:00.008',1,1\n",
  'Name,"A,B"\nSample Rate,512 hertz\n\nLead,Lead I\nUnit,µV\n\n-1.5\n2\n3\n',
  "2025-03-01T10:00:00.000;599618164814402794;0.0;-93\n2025-03-01T10:00:00.008;599618164822095101;7.7;1\n",
  "12:59:59.998 -> 512\n13:00:00.002 -> !\n13:00:00.006 -> 510\n",
  "# fs: 250 Hz\n# t ecg\n0.000 1.5\n0.004 nan\n0.008 2.5\n",
  "t:0,ECG:1\nt:4,ECG:2\nt:8,ECG:3\n",
  Array.from({ length: 20 }, (_, i) => i * i).join(","),
].map(text);

/** Fuzz targets that read recordings. */
export function recordingParsers(): Target[] {
  const wide = Array.from({ length: 300 }, (_, i) => `${i * 4};${i % 7 - 3},5`).join("\n");
  return [
    {
      name: "MATLAB v4",
      seeds: [
        mat4(noise(300, 1)),
        mat4Of([["x", 2, 1, 4, [1, 2]], ["val", 2, 300, 0, [...noise(600, 2)]]], { little: false }),
      ],
      parse: reading("a.mat"),
    },
    {
      name: "MATLAB v5",
      seeds: [
        mat5([["val", [1, 300], [...samples]]]),
        mat5([["fs", [1, 1], [250]], ["ecg.data", [2, 300], [...samples, ...samples]]]),
        mat5([["val", [300, 1], [...samples]]], { compress: zlibSync }),
      ],
      parse: reading("a.mat"),
    },
    {
      name: "WFDB header",
      seeds: [
        text(HEADER),
        text("# c\nA1 1 250.5/1e3(5) 0 10:00:00 1/2/2020\nA1.mat 16x2:3+24 2e2(5)/uV\n"),
      ],
      parse: (header) => {
        parseWfdbHeader(header);
      },
    },
    {
      name: "WFDB header and samples",
      slow: true,
      seeds: [
        text(HEADER),
        ...[...SAMPLE_FORMATS.keys()].map((format) => text(signals("A1", format))),
        text("A1 2 250\nx.dat 212x2 3000/mV 12 0 0 0 0 I\nx.dat 212:1 3000/mV 12 0 0 0 0 II\n"),
      ],
      parse: reading("record.hea", { "A1.mat": mat4(noise(512, 5)), "x.dat": bytes }),
    },
    ...[...SAMPLE_FORMATS.keys()].map((format): Target => ({
      name: `WFDB format ${format}`,
      seeds: [bytes, bytes.subarray(1, 2000)],
      parse: reading("x.dat", {
        "record.hea": text(`A1 1 300\nx.dat ${format} ${gainOf(format)}/mV 16 0\n`),
      }),
    })),
    {
      name: "WFDB segments",
      slow: true,
      seeds: [text(SEGMENTS), text("v/3 1 300 600\nlayout 0\na 300\nb 300\n")],
      parse: reading("record.hea", {
        "layout.hea": text("layout 2 300 0\n~ 0 100/mV 0 0 0 0 0 I\n~ 0 100/mV 0 0 0 0 0 II\n"),
        "a.hea": text(signals("a", 16)),
        "b.hea": text(signals("b", 212)),
        "x.dat": bytes,
      }),
    },
    {
      name: "EDF",
      slow: true,
      seeds: [
        edf({ signals: [{ label: "ECG", samples: [...samples], perRecord: 100 }] }),
        edf({
          kind: "EDF+D",
          signals: [{ label: "ECG", samples: [...samples], perRecord: 100 }],
          onsets: [0, 1, 5],
        }),
        edf({ kind: "BDF", signals: [{ label: "ECG", samples: [...samples], perRecord: 100 }] }),
      ],
      parse: reading("a.edf"),
    },
    {
      name: "text table",
      seeds: tables,
      parse: (bytes) => {
        for (const lead of readTable(bytes).leads) lead.numbers();
      },
    },
    {
      name: "text recording",
      slow: true,
      seeds: [
        text(Array.from(noise(300, 4)).join("\n")),
        text(`0.511\n${"0.512\n".repeat(300)}`),
        text(`time [ms];ecg [mV]\n${wide}`),
        text(`Name,X\nSample Rate,512 hertz\nUnit,µV\n\n${"-11,5\n222,25\n".repeat(250)}`),
        text(Array.from(noise(300, 6)).join(",")),
        text(
          "'time','I','II'\n's','mV','mV'\n" + "0:00.000,0.1,0.2\n0:00.000,0.3,0.1\n".repeat(150),
        ),
        text(
          Array.from({ length: 300 }, (_, i) => `10:00:0${(i / 100).toFixed(3)} -> ${i % 9 || "!"}`)
            .join("\n"),
        ),
      ],
      parse: reading("a.csv"),
    },
    {
      name: "text in UTF-16",
      slow: true,
      seeds: [
        Uint8Array.from([
          0xff,
          0xfe,
          ...[...noise(300, 4)].flatMap((x) =>
            [...`${x}\n`].flatMap((letter) => [letter.charCodeAt(0), 0])
          ),
        ]),
      ],
      parse: reading("a.txt"),
    },
  ];
}
