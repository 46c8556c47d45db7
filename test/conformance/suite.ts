/**
 * Conformance cases: a list per op, each case named by the text that reruns it.
 *
 * @module
 */
import * as fs from "node:fs";
import type { NativeDevice } from "../../src/addon/native.ts";
import { leavesOf } from "../../src/core/records.ts";
import type { Comparison } from "./comparison.ts";

/** Runs a case on a device and pairs what came out with the reference. */
export type Check = (device: NativeDevice) => Promise<Comparison[]>;

/** One case. */
export interface Case {
  /** The op and its parameters, e.g. `shortcut {"records":1, ...}`. */
  readonly text: string;
  /** Makes the inputs and computes the reference, once for all devices. */
  prepare(): Check;
}

/** All cases of one op. */
export interface Suite {
  readonly op: string;
  readonly cases: readonly Case[];
  /** The case with these parameters, which need not be one of the list. */
  parse(json: string): Case;
}

/** A suite from a list of parameters and what to do with them. */
export function defineSuite<P extends object>(definition: {
  op: string;
  parameters: readonly P[];
  prepare(parameters: P): Check;
}): Suite {
  const { op, parameters, prepare } = definition;
  const makeCase = (p: P): Case => ({
    text: `${op} ${JSON.stringify(p)}`,
    prepare: () => prepare(p),
  });
  const names = Object.keys(parameters[0]!).sort().join(", ");
  return {
    op,
    cases: parameters.map(makeCase),
    parse(json) {
      const given = JSON.parse(json) as P;
      const givenNames = Object.keys(given).sort().join(", ");
      if (givenNames !== names) {
        throw new RangeError(`A case of ${op} has the parameters ${names}; got ${givenNames}`);
      }
      return makeCase(given);
    },
  };
}

/** A parameter with more values than this is a size or a seed, not a kind. */
const MOST_KINDS = 16;

/**
 * Every n-th case, and further ones until they have every value of each parameter that has few: lists repeat their
 * settings in cycles, which a step may never leave.
 */
export function shareOf(cases: readonly Case[], share: number): Case[] {
  const parameters = cases.map(({ text }) =>
    JSON.parse(text.slice(text.indexOf(" ") + 1)) as Record<string, unknown>
  );
  const leaves = parameters.map((own) => new Map(leavesOf(own)));
  const kinds = [...new Set(leaves.flatMap((own) => [...own.keys()]))].map((path) => {
    const values = new Set(leaves.map((own) => own.get(path)));
    return { path, few: values.size <= MOST_KINDS };
  });
  // Of a parameter with many values it counts whether it is there.
  const keysOf = (i: number) =>
    kinds.map(({ path, few }) => {
      const value = leaves[i]!.get(path);
      return `${path} ${few ? value : value !== undefined}`;
    });
  const chosen = new Set([...cases.keys()].filter((i) => i % share === 0));
  const seen = new Set([...chosen].flatMap(keysOf));
  for (const i of cases.keys()) {
    if (keysOf(i).every((key) => seen.has(key))) continue;
    chosen.add(i);
    keysOf(i).forEach((key) => seen.add(key));
  }
  return cases.filter((_, i) => chosen.has(i));
}

/** The suites that a text such as `conv1d {...}` (one case) or `conv1d` (one op) asks for. */
export function selectSuites(suites: readonly Suite[], text: string | undefined): Suite[] {
  if (text === undefined || text === "") return [...suites];
  const space = text.indexOf(" ");
  const op = space < 0 ? text : text.slice(0, space);
  const suite = suites.find((s) => s.op === op);
  if (!suite) {
    throw new RangeError(
      `There is no op ${op} among the cases: expected one of ${suites.map((s) => s.op).join(", ")}`,
    );
  }
  return [space < 0 ? suite : { ...suite, cases: [suite.parse(text.slice(space + 1))] }];
}

/** The suites of all ops: what each file in ops/ exports as `suite`. */
export async function loadSuites(): Promise<Suite[]> {
  const folder = new URL("ops/", import.meta.url);
  const names = fs.readdirSync(folder).filter((name) => name.endsWith(".ts")).sort();
  return await Promise.all(names.map(async (name) => {
    const { suite } = await import(new URL(name, folder).href) as { suite?: Suite };
    if (suite === undefined) throw new Error(`test/conformance/ops/${name} exports no suite`);
    return suite;
  }));
}
