/**
 * The same inputs give the same bits for any number of threads and in every run.
 */
import assert from "node:assert/strict";
import { loadAddon } from "../../src/addon/addon.ts";
import type { NativeDevice } from "../../src/addon/native.ts";
import { withBench } from "./bench.ts";
import { candidates } from "./devices.ts";
import { replayGolden } from "./golden/replay.ts";
import { loadGolden } from "./golden/training_golden.ts";
import { makeLengths, makeMask, makeSignals, makeValues } from "./inputs.ts";
import { convOutput } from "./reference/conv1d.ts";

/** Large enough for every op to be divided among threads: 3 groups, several stretches of positions. */
const RECORDS = 33, LENGTH = 1501, CHANNELS = 13, KERNEL = 16, STRIDE = 2;

/** One convolution and one norm, forward and backward; all their results by name. */
async function layer(
  device: NativeDevice,
  density: number,
): Promise<Map<string, ArrayLike<number>>> {
  const seed = 7;
  const lengths = makeLengths("ragged", { records: RECORDS, length: LENGTH, seed });
  const x = makeSignals({ lengths, channels: CHANNELS, length: LENGTH }, { seed, name: "x" });
  const shape = convOutput(x, { channels: CHANNELS, stride: STRIDE });
  const dy = makeSignals(shape, { seed, name: "dy" });
  return await withBench(device, async (bench) => {
    const extents = [CHANNELS, CHANNELS, KERNEL];
    const count = CHANNELS * CHANNELS * KERNEL;
    const weight = bench.parameter(extents, {
      value: makeValues(count, { seed, name: "weight" }),
      mask: makeMask(count, { seed, density }),
    });
    const vector = (name: string) =>
      bench.parameter([CHANNELS], { value: makeValues(CHANNELS, { seed, name }) });
    const bias = vector("bias"), gamma = vector("gamma"), beta = vector("beta");
    const runningMean = bench.buffer(new Float32Array(CHANNELS));
    const runningVariance = bench.buffer(new Float32Array(CHANNELS).fill(1));
    const result = await bench.run(({ builder, input, output }) => {
      const source = input(x);
      const convolved = builder.conv1d(source, { weight, bias, stride: STRIDE });
      const norm = builder.norm(convolved, {
        gamma,
        beta,
        runningMean,
        runningVariance,
        epsilon: 1e-3,
        momentum: 0.1,
        training: true,
        relu: true,
        dropout: 0.2,
      });
      const [dx] = builder.backward(norm, input(dy), { inputs: [source] });
      output("y", norm, shape);
      output("dx", dx!, x);
    }, { records: RECORDS, length: LENGTH, inputs: { stream: 3 } });
    return new Map<string, ArrayLike<number>>([
      ["y", result.read("y")],
      ["dx", result.read("dx")],
      ["dweight", weight.read("gradient")],
      ["dbias", bias.read("gradient")],
      ["dgamma", gamma.read("gradient")],
      ["dbeta", beta.read("gradient")],
      ["running mean", runningMean.read()],
      ["running variance", runningVariance.read()],
    ]);
  });
}

function assertSameBits(
  got: ReadonlyMap<string, ArrayLike<number>>,
  options: { want: ReadonlyMap<string, ArrayLike<number>>; what: string },
): void {
  for (const [name, want] of options.want) {
    const found = got.get(name)!;
    const differing = Array.from(want).findIndex((value, i) => !Object.is(value, found[i]));
    assert.equal(differing, -1, `${name}[${differing}] differs ${options.what}`);
  }
}

Deno.test("results do not depend on the number of threads, nor on the run", async (t) => {
  const addon = loadAddon();
  const golden = loadGolden();
  const present = (await candidates(addon)).filter(({ absence }) => absence === null);
  assert.ok(present.length > 0, "No backend can be tested here");
  for (const { name, options } of present) {
    await t.step(name, async () => {
      const runAll = async (threads: number) => {
        const device = new addon.Device({ ...options, threads });
        try {
          const trained = await replayGolden(device, { golden, variant: "masked" });
          return {
            dense: await layer(device, 1),
            sparse: await layer(device, 0.1),
            training: new Map<string, ArrayLike<number>>(trained.final).set("loss", trained.loss),
          };
        } finally {
          await device.close();
        }
      };
      const want = await runAll(1);
      for (const threads of [1, 2, 5]) {
        const got = await runAll(threads);
        for (const part of ["dense", "sparse", "training"] as const) {
          assertSameBits(got[part], {
            want: want[part],
            what: `with ${threads} threads (${part})`,
          });
        }
      }
    });
  }
});
