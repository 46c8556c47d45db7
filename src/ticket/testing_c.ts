/**
 * Compiles exported C in tests and runs it: here, as a 32-bit program, and on a Cortex-M4 in an emulator.
 *
 * @module
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as os from "node:os";
import * as path from "node:path";
import { cSource, type CWeights } from "./c_source.ts";
import type { ActivationUnits } from "./fixed_point.ts";
import type { Ticket } from "./ticket.ts";

/** A C compiler, if there is one. */
export const COMPILER = ["cc", "gcc", "clang"].find((name) => {
  try {
    return new Deno.Command(name, { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
});

/** A machine that the C code runs on. */
interface Target {
  readonly compiler: string;
  readonly flags: readonly string[];
  /** Besides the exported code and its program. */
  readonly sources: Readonly<Record<string, string>>;
  /** Runs the program `net`. */
  readonly run: readonly string[];
}

/** Optimised as for a device; the same products and sums on every machine. */
const EXACT = ["-Os", "-ffp-contract=off"];

/** Where a Cortex-M begins: its stack, then its first instruction. */
const STARTUP = `extern void _start(void);
typedef void (*vector)(void);
__attribute__((section(".vectors"), used))
static const vector vectors[] = {(vector)0x20400000, _start};
`;

export const TARGETS = {
  host: { compiler: COMPILER ?? "cc", flags: ["-O1"], sources: {}, run: ["./net"] },
  "32 bits": {
    compiler: "gcc",
    // Numbers of 64 bits lie at multiples of 8 bytes, as on the other machines.
    flags: [...EXACT, "-m32", "-msse2", "-mfpmath=sse", "-malign-double"],
    sources: {},
    run: ["./net"],
  },
  "Cortex-M4": {
    compiler: "arm-none-eabi-gcc",
    flags: [
      ...EXACT,
      ...["-mcpu=cortex-m4", "-mthumb", "-mfloat-abi=soft", "-specs=rdimon.specs"],
      ...["-Wl,--section-start=.vectors=0x0", "-Wl,-Ttext=0x10000", "-Wl,-Tdata=0x20000000"],
    ],
    sources: { "startup.c": STARTUP },
    run: [
      ...["qemu-system-arm", "-M", "mps2-an386", "-nographic", "-monitor", "none"],
      ...["-serial", "none", "-semihosting-config", "enable=on,target=native", "-kernel", "net"],
    ],
  },
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof TARGETS;

/** Whether programs can be made for a target and run; if not, says so. */
export async function hasTarget(name: TargetName): Promise<boolean> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "c-target-"));
  try {
    fs.writeFileSync(path.join(directory, "net.c"), "int main(void) { return 0; }\n");
    const { success, text } = build(directory, { target: TARGETS[name], sources: ["net.c"] });
    if (success) await start(directory, TARGETS[name]);
    else throw new Error(text.trim().split("\n").at(-1));
    return true;
  } catch (error) {
    console.warn(`SKIPPED: exported C does not run on ${name}: ${(error as Error).message}`);
    return false;
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

/**
 * A program that reads int16 samples from a file. For each step it writes the logits, and the label and
 * probabilities of the record so far, all as floats, and prints the size of the state.
 */
const MAIN = `#include <stdio.h>
#include "net.h"
static net_state state;
static FILE *out;
static void answer(const float *logits) {
  float probabilities[NET_CLASSES];
  float label = (float)net_label(&state);
  net_probabilities(&state, probabilities);
  fwrite(logits, sizeof(float), NET_CLASSES, out);
  fwrite(&label, sizeof label, 1, out);
  fwrite(probabilities, sizeof probabilities, 1, out);
}
int main(void) {
  int16_t samples[NET_HOP];
  float logits[NET_CLASSES];
  FILE *in = fopen("samples", "rb");
  out = fopen("answers", "wb");
  if (in == NULL || out == NULL) return 2;
  net_reset(&state);
  if (net_label(&state) != -1) return 1;
  while (fread(samples, sizeof samples, 1, in) == 1) {
    if (net_push(&state, samples, logits)) answer(logits);
  }
  while (net_flush(&state, logits)) answer(logits);
  fclose(out);
  printf("%lu", (unsigned long)sizeof state);
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

/** What to compile. */
export interface CProgram {
  readonly ticket: Ticket;
  readonly weights: CWeights;
  readonly units?: ActivationUnits;
  readonly target?: TargetName;
}

/** Compiles a ticket without warnings; `run` gives its results for a record. */
export async function withProgram(
  { ticket, weights, units, target: name = "host" }: CProgram,
  body: (run: (samples: Int16Array) => Promise<Streamed>, directory: string) => Promise<void>,
): Promise<void> {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), "c-export-"));
  try {
    const target: Target = TARGETS[name];
    const source = cSource(ticket, { name: "net", weights, units });
    const files = {
      "net.h": source.header,
      "net.c": source.code,
      "main.c": MAIN,
      ...target.sources,
    };
    for (const [file, text] of Object.entries(files)) {
      fs.writeFileSync(path.join(directory, file), text);
    }
    const sources = Object.keys(files).filter((file) => file.endsWith(".c"));
    const { success, text } = build(directory, { target, sources });
    assert.ok(success, text);
    await body(async (samples) => {
      fs.writeFileSync(path.join(directory, "samples"), new Uint8Array(samples.slice().buffer));
      assert.equal(Number(await start(directory, target)), source.ramBytes);
      const answers = new Uint8Array(fs.readFileSync(path.join(directory, "answers")));
      return streamed(new Float32Array(answers.buffer), ticket.classes.length);
    }, directory);
  } finally {
    fs.rmSync(directory, { recursive: true });
  }
}

function build(
  directory: string,
  { target, sources }: { target: Target; sources: readonly string[] },
): { success: boolean; text: string } {
  const own = Object.keys(target.sources);
  for (const file of own) fs.writeFileSync(path.join(directory, file), target.sources[file]!);
  const strict = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic"];
  const files = [...new Set([...sources, ...own])];
  const { success, stderr } = new Deno.Command(target.compiler, {
    args: [...strict, ...target.flags, "-o", "net", ...files, "-lm"],
    cwd: directory,
  }).outputSync();
  return { success, text: new TextDecoder().decode(stderr) };
}

/** What the program prints. */
async function start(directory: string, { run: [program, ...args] }: Target): Promise<string> {
  const file = program!.startsWith("./") ? path.join(directory, program!) : program!;
  const { success, stdout, stderr } = await new Deno.Command(file, {
    ...{ args: [...args], cwd: directory, stdin: "null", stdout: "piped", stderr: "piped" },
  }).output();
  assert.ok(success, new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

function streamed(rows: Float32Array, classes: number): Streamed {
  const width = 2 * classes + 1;
  const steps = Array.from(
    { length: rows.length / width },
    (_, step) => [...rows.subarray(step * width, (step + 1) * width)],
  );
  return {
    logits: Float32Array.from(steps.flatMap((row) => row.slice(0, classes))),
    labels: steps.map((row) => row[classes]!),
    probabilities: steps.map((row) => row.slice(classes + 1)),
  };
}
