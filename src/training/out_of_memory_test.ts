import assert from "node:assert/strict";
import { NativeError } from "../addon/native_error.ts";
import { openDevice } from "../addon/select.ts";
import { Failure } from "../core/errors.ts";
import { resnet1dGraph } from "../model/networks/resnet1d.ts";
import { largestThatFits, outOfMemory } from "./out_of_memory.ts";
import { noiseDataset, SMALL, SMALL_SIZE, withGraph } from "./testing.ts";
import { Workbench } from "./workbench.ts";

/** Long enough for terabytes in all. */
const LENGTH = 17_920;

function failureOf(options: { batchSize: number; fits: number }): Failure {
  const { batchSize, fits } = options;
  return outOfMemory(new NativeError("Cannot allocate 5000 bytes: 1 is free"), {
    batchSize,
    length: 512,
    attempt: (records) => {
      if (records > fits) throw new NativeError("Cannot allocate 4000 bytes: 1 is free");
    },
  });
}

Deno.test("the largest batch that fits is found, in groups of sixteen", () => {
  for (const [fits, expected] of [[16, 16], [47, 32], [48, 48], [500, 496]] as const) {
    const { message } = failureOf({ batchSize: 512, fits });
    assert.equal(
      message,
      "Batches of 512 x 512 do not fit into memory. Cannot allocate 5000 bytes: 1 is free. " +
        `The largest batch that fits is ${expected}: --batch-size ${expected}`,
    );
  }
});

Deno.test("a batch that fits although smaller ones do not is found", () => {
  const fits = (records: number) => records <= 48 || records === 80;
  assert.equal(largestThatFits(512, fits), 80);
  assert.equal(largestThatFits(80, fits), 48);
});

Deno.test("of a huge batch few are tried", () => {
  let tried = 0;
  assert.equal(largestThatFits(1 << 20, (records) => (tried++, records <= 160)), 160);
  assert.ok(tried < 40, `${tried}`);
});

Deno.test("the error says so if no batch fits", () => {
  assert.match(failureOf({ batchSize: 100, fits: 0 }).message, /Not even 16 records fit/);
});

Deno.test("other errors are passed on", () => {
  assert.throws(
    () =>
      outOfMemory(new NativeError("Cannot allocate 5000 bytes: 1 is free"), {
        batchSize: 100,
        length: 512,
        attempt: () => {
          throw new TypeError("wrong kind");
        },
      }),
    TypeError,
  );
});

Deno.test("a batch beyond the machine's memory is refused and names one that can be trained", async () => {
  const device = openDevice({ backend: "cpu", threads: 2 });
  try {
    const dataset = noiseDataset();
    const wide = {
      ...SMALL,
      SMALL_SIZE,
      withGraph,
      network: withGraph(resnet1dGraph({ ...SMALL_SIZE, filters: 64 })),
    };
    using bench = new Workbench(device, dataset, { ...wide, batchSize: 65536 });
    let failure: unknown;
    try {
      bench.trainingProgram(LENGTH);
    } catch (error) {
      failure = error;
    }
    assert.ok(failure instanceof Failure, String(failure));
    const [, batch] = /The largest batch that fits is (\d+): --batch-size/.exec(failure.message)!;
    using fitting = new Workbench(device, dataset, { ...wide, batchSize: Number(batch) });
    fitting.trainingProgram(LENGTH);
    using larger = new Workbench(device, dataset, { ...wide, batchSize: Number(batch) + 16 });
    assert.throws(() => larger.trainingProgram(LENGTH), Failure);
  } finally {
    await device.close();
  }
});
