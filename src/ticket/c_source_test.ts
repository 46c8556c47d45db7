import assert from "node:assert/strict";
import * as fs from "node:fs";
import * as path from "node:path";
import { createRng } from "../core/rng.ts";
import { cSource, type CWeights } from "./c_source.ts";
import { Predictor } from "./predictor.ts";
import { quantiseNetwork } from "./quantise.ts";
import { madeTicket, SMALL_SHAPE } from "./testing.ts";
import type { Ticket } from "./ticket.ts";

const COMPILER = ["cc", "gcc", "clang"].find((name) => {
  try {
    return new Deno.Command(name, { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
});
if (COMPILER === undefined) console.warn("SKIPPED: exported C is not compiled: there is no cc");
const ignore = COMPILER === undefined;

/** Reads int16 samples, writes logits [steps, classes], checks the state's size. */
const MAIN = `#include <stdio.h>
#include "net.h"
static net_state state;
int main(void) {
  int16_t samples[NET_HOP];
  float logits[NET_CLASSES];
  net_reset(&state);
  while (fread(samples, sizeof samples, 1, stdin) == 1) {
    if (net_push(&state, samples, logits)) fwrite(logits, sizeof logits, 1, stdout);
  }
  while (net_flush(&state, logits)) fwrite(logits, sizeof logits, 1, stdout);
  fprintf(stderr, "%lu", (unsigned long)sizeof state);
  return 0;
}
`;

/** Compiles a ticket without a warning; `run` gives logits [steps, classes] of a record. */
function withProgram(
  { ticket, weights }: { ticket: Ticket; weights: CWeights },
  body: (run: (samples: Int16Array) => Promise<Float32Array>) => Promise<void>,
): Promise<void> {
  const directory = fs.mkdtempSync(path.join(Deno.env.get("TMPDIR") ?? "/tmp", "c-export-"));
  const write = (name: string, text: string) => fs.writeFileSync(path.join(directory, name), text);
  const source = cSource(ticket, { name: "net", weights });
  write("net.h", source.header);
  write("net.c", source.code);
  write("main.c", MAIN);
  const flags = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O1"];
  const built = new Deno.Command(COMPILER!, {
    args: [...flags, "-o", "net", "net.c", "main.c"],
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
    return new Float32Array(stdout.slice().buffer);
  };
  return body(run).finally(() => fs.rmSync(directory, { recursive: true }));
}

function trace(length: number): Int16Array {
  const rng = createRng(length, "trace");
  return Int16Array.from({ length }, (_, i) => (i % 250 < 15 ? 900 : -40) + rng.integer(120));
}

/** Largest difference over the largest logit. */
function worst(got: Float32Array, expected: Float32Array, classes: number): number {
  assert.equal(got.length, expected.length);
  const steps = expected.length / classes;
  const largest = expected.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  let most = 0;
  for (let t = 0; t < steps; t++) {
    for (let c = 0; c < classes; c++) {
      const each = Math.abs(got[t * classes + c]! - expected[c * steps + t]!) / largest;
      if (!(each <= most)) most = each;
    }
  }
  return most;
}

Deno.test({
  name: "the exported C streams our logits, hop by hop, for records of any number of steps",
  ignore,
  fn: async () => {
    for (const [kernel, density] of [[16, 0.3], [5, 1], [1, 1], [16, 0]] as const) {
      const ticket = madeTicket({ shape: { ...SMALL_SHAPE, kernel, blocksPerStage: 5 }, density });
      ticket.network.tensors.get("block2.conv1.weight")!.fill(0); // a constant inside
      ticket.network.tensors.get("block2.norm2.beta")!.fill(1.5);
      using predictor = new Predictor(ticket);
      await withProgram({ ticket, weights: "fp32" }, async (run) => {
        for (const steps of [1, 2, 35, 100]) {
          const samples = trace(256 * steps);
          const difference = worst(await run(samples), predictor.logits(samples), 4);
          assert.ok(difference <= 2e-5, `kernel ${kernel}, ${steps} steps: ${difference}`);
        }
      });
    }
  },
});

Deno.test({
  name: "8-bit weights give the logits of the rounded network",
  ignore,
  fn: async () => {
    const ticket = madeTicket({ density: 0.3, seed: 5 });
    ticket.network.tensors.get("block2.conv1.weight")!.fill(0); // a constant inside
    ticket.network.tensors.get("block2.norm2.beta")!.fill(1.5);
    using exact = new Predictor(ticket);
    using rounded = new Predictor({ ...ticket, network: quantiseNetwork(ticket.network) });
    const samples = trace(256 * 20);
    await withProgram({ ticket, weights: "int8" }, async (run) => {
      const got = await run(samples);
      assert.ok(worst(got, rounded.logits(samples), 4) <= 2e-5);
      assert.ok(worst(got, exact.logits(samples), 4) > 1e-4); // it was rounded
    });
  },
});

Deno.test("a name that is no identifier is refused", () => {
  assert.throws(
    () => cSource(madeTicket(), { name: "my-net", weights: "fp32" }),
    /Cannot name the C code "my-net": use a C identifier/,
  );
});
