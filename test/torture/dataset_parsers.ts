/**
 * Fuzz targets for the readers of labels, lists of records and annotations.
 *
 * @module
 */
import * as fs from "node:fs";
import * as path from "node:path";
import { readAnnotations, rhythmsOf } from "../../src/data/annotations.ts";
import { separatorOf } from "../../src/data/csv.ts";
import { groupInId, groupRule } from "../../src/data/groups.ts";
import { readLabels } from "../../src/data/labels.ts";
import { diagnosesOf } from "../../src/data/list_headers.ts";
import { listTable } from "../../src/data/list_table.ts";
import { RecordIndex } from "../../src/data/match_ids.ts";
import { PTBXL } from "../../src/data/named/ptbxl.ts";
import { listSource, readRecords } from "../../src/data/source.ts";
import { mat4, noise } from "../../src/data/testing.ts";
import { annotationFile } from "../../src/data/testing_wfdb.ts";
import type { Target } from "./target.ts";

const text = (value: string) => new TextEncoder().encode(value);
const decoded = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const utf16 = (value: string) =>
  Uint8Array.from([0xff, 0xfe, ...[...value].flatMap((letter) => [letter.charCodeAt(0), 0])]);

const TABLE = "ecg_id,patient_id,report,scp_codes,strat_fold,filename_hr\n" +
  `1,7.0,"a, ""b""","{'NORM': 100.0, 'SR': 0.0}",3,records500/00000/00001_hr\n` +
  `2,8.0,,"{'AFIB': 0.0}",10,records500/00000/00002_hr\n`;

/** Fuzz targets for files that belong to recordings. */
export function datasetParsers(directory: string): Target[] {
  const at = (...parts: string[]) => path.join(directory, ...parts);
  fs.mkdirSync(at("source", "A00"), { recursive: true });
  for (const name of ["A1", "A00/A2", "A00/A3"]) {
    fs.writeFileSync(at("source", `${name}.mat`), mat4(noise(300, 1)));
  }
  const file = (name: string, read: (file: string) => void) => (bytes: Uint8Array) => {
    fs.writeFileSync(at(name), bytes);
    read(at(name));
  };
  const statements = PTBXL.labels.flatMap((place) => place.kind === "table" ? [place] : []);
  return [
    {
      name: "annotations",
      seeds: [
        annotationFile([[30, "(N"], [20_000, "(AFIB"], [45_000, "(AFL"], [60_001, "(J"]]),
        Uint8Array.of(5, 4, 3, 0x70, 2, 0xfc, 0x28, 0x4e, 1, 0xf8, 3, 0xf4, 2, 0xf0, 1, 4, 0, 0),
      ],
      parse: (bytes) => {
        for (const { from, to } of rhythmsOf(readAnnotations(bytes), 90_000)) {
          if (!(from >= 0 && from < to && to <= 90_000)) {
            throw new Error(`a rhythm ${from} to ${to}`);
          }
        }
      },
    },
    {
      name: "labels",
      slow: true,
      seeds: [
        text("id,label\nA1,N\nA2.mat,~\n"),
        text("A1,N\r\nA2,O\r\n"),
        text("sep=;\nlabel;file\nN;A1.mat\n"),
        utf16("record\tlabel\tage\r\nA1\tN\t7\r\n"),
      ],
      parse: file("labels.csv", (name) => readLabels(name, (id) => id === "A1")),
    },
    {
      name: "label columns",
      slow: true,
      seeds: [text(TABLE), text(TABLE.replaceAll(",", ";"))],
      parse: file("columns.csv", (name) => {
        const columns = { id: "filename_hr", label: "scp_codes", group: "patient_id", fold: "5" };
        for (const { label } of readLabels(name, () => false, columns).rows) {
          for (const { classOf } of statements) classOf?.(label);
        }
      }),
    },
    {
      name: "labels of a folder",
      slow: true,
      seeds: [text("A1,N\nA2,A\nA00/A3,O\n"), text("file;class;who\nx/A00/A2.mat;N;p1\nA3;A;p2\n")],
      parse: file("listed.csv", (labels) => {
        listTable({ source: at("source"), labels });
      }),
    },
    {
      name: "RECORDS",
      seeds: [text("A00/A00012\nA00/A00036\n"), text("\ufeffA1.mat\r\nA00/\r\n\r\n./b/../c\r\n")],
      parse: file("RECORDS", (name) => {
        const records = readRecords(name);
        const outside = records.find((each) => path.posix.join("/x", each) === "/" + each);
        if (outside !== undefined) throw new Error(`a record outside its folder: ${outside}`);
        new RecordIndex(records).find("A00012");
      }),
    },
    {
      name: "folder with RECORDS",
      slow: true,
      seeds: [text("A00/A2\nA1\n"), text("A00/\nnone\n")],
      parse: (bytes) => {
        fs.writeFileSync(at("source", "RECORDS"), bytes);
        try {
          listSource(at("source"));
        } finally {
          fs.rmSync(at("source", "RECORDS"));
        }
      },
    },
    {
      name: "diagnoses",
      seeds: [text("A1 1 500 5000\nA1.mat 16+24 1000/mV\n#Age: 7\n#Dx: 426783006,164889003\n")],
      parse: (bytes) => {
        diagnosesOf(bytes);
      },
    },
    {
      name: "separator",
      seeds: [text('"a;b",c;d\n1;2\n'), text("sep=;\na\tb\n")],
      parse: (bytes) => {
        separatorOf(decoded(bytes));
      },
    },
    {
      name: "group",
      seeds: [text("^(pat\\d+)_"), text("subject")],
      parse: (bytes) => {
        const value = decoded(bytes.subarray(0, 40));
        const rule = groupRule(value, { isColumn: value === "subject", header: ["subject"] });
        // A pattern of a few characters cannot take long on a short id.
        if (rule.kind === "pattern") groupInId("pat001_2", rule.pattern);
      },
    },
  ];
}
