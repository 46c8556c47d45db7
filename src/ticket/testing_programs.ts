/**
 * External programs that run exports in tests: a C compiler and Debian's Python.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { ROOT } from "../core/paths.ts";
import { cSource, type CWeights } from "./c_source.ts";
import type { Ticket } from "./ticket.ts";

export const PYTHON = "/usr/bin/python3";

/** Tickets and runs in Python. */
export const LTH_ECG_PY: string = path.join(ROOT, "python/lth_ecg.py");

/** Runs Python; `out` is its standard output, `text` its standard error. */
export function runPython(...args: string[]): { success: boolean; out: string; text: string } {
  try {
    const child = new Deno.Command(PYTHON, { args, stdout: "piped", stderr: "piped" });
    const { success, stdout, stderr } = child.outputSync();
    const [out, text] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
    return { success, out: out!, text: text! };
  } catch (error) {
    return { success: false, out: "", text: String(error) };
  }
}

/** Whether Python has these modules; if not, says which tests that leaves out. */
export function pythonHas(modules: readonly string[], leftOut: string): boolean {
  const { success, text } = runPython("-c", `import ${modules.join(", ")}`);
  if (!success) {
    console.warn(`SKIPPED: ${leftOut}: ${PYTHON}: ${text.trim().split("\n").at(-1)}`);
  }
  return success;
}

/** A C compiler, if there is one. */
export const COMPILER = ["cc", "gcc", "clang"].find((name) => {
  try {
    return new Deno.Command(name, { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
});

/**
 * A program that reads int16 samples. For each step it writes the logits, and the label and probabilities of
 * the record so far, all as floats. It also checks the size of the state.
 */
const MAIN = `#include <stdio.h>
#include "net.h"
static net_state state;
static void answer(const float *logits) {
  float probabilities[NET_CLASSES];
  float label = (float)net_label(&state);
  net_probabilities(&state, probabilities);
  fwrite(logits, sizeof(float), NET_CLASSES, stdout);
  fwrite(&label, sizeof label, 1, stdout);
  fwrite(probabilities, sizeof probabilities, 1, stdout);
}
int main(void) {
  int16_t samples[NET_HOP];
  float logits[NET_CLASSES];
  net_reset(&state);
  if (net_label(&state) != -1) return 1;
  while (fread(samples, sizeof samples, 1, stdin) == 1) {
    if (net_push(&state, samples, logits)) answer(logits);
  }
  while (net_flush(&state, logits)) answer(logits);
  fprintf(stderr, "%lu", (unsigned long)sizeof state);
  return 0;
}
`;

/** Results of the C code for a record, step by step. */
export interface Streamed {
  /** [steps, classes] */
  readonly logits: Float32Array;
  /** Position of the class of the record up to each step. */
  readonly labels: number[];
  /** Of the record up to each step [steps][classes]. */
  readonly probabilities: number[][];
}

/** Compiles a ticket without warnings; `run` gives its results for a record. */
export function withProgram(
  { ticket, weights }: { ticket: Ticket; weights: CWeights },
  body: (run: (samples: Int16Array) => Promise<Streamed>) => Promise<void>,
): Promise<void> {
  const directory = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "c-export-"));
  const write = (name: string, text: string) => fs.writeFileSync(path.join(directory, name), text);
  const source = cSource(ticket, { name: "net", weights });
  write("net.h", source.header);
  write("net.c", source.code);
  write("main.c", MAIN);
  const flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1"];
  const built = new Deno.Command(COMPILER!, {
    args: [...flags, "-o", "net", "net.c", "main.c", "-lm"],
    cwd: directory,
  }).outputSync();
  assert.ok(built.success, new TextDecoder().decode(built.stderr));
  const run = async (samples: Int16Array) => {
    const child = new Deno.Command(path.join(directory, "net"), {
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new Uint8Array(samples.buffer, samples.byteOffset, samples.byteLength));
    await writer.close();
    const { stdout, stderr } = await child.output();
    assert.equal(Number(new TextDecoder().decode(stderr)), source.ramBytes);
    const classes = ticket.classes.length;
    const rows = new Float32Array(stdout.slice().buffer);
    const steps = [...Array(rows.length / (2 * classes + 1)).keys()].map((
      step,
    ) => [...rows.subarray(step * (2 * classes + 1), (step + 1) * (2 * classes + 1))]);
    return {
      logits: Float32Array.from(steps.flatMap((row) => row.slice(0, classes))),
      labels: steps.map((row) => row[classes]!),
      probabilities: steps.map((row) => row.slice(classes + 1)),
    };
  };
  return body(run).finally(() => fs.rmSync(directory, { recursive: true }));
}
