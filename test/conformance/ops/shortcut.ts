/**
 * Cases of the residual block's shortcut, forward and backward. It only moves numbers: all are
 * exact.
 *
 * @module
 */
import { withBench } from "../bench.ts";
import { createPicker, type LengthPattern, makeLengths, makeSignals } from "../inputs.ts";
import { convOutput } from "../reference/conv1d.ts";
import { shortcut, shortcutBackward } from "../reference/shortcut.ts";
import { type Check, defineSuite, type Suite } from "../suite.ts";

interface ShortcutParameters {
  readonly records: number;
  readonly channels: number;
  readonly outChannels: number;
  readonly stride: number;
  readonly length: number;
  readonly lengths: LengthPattern;
  /** Inputs from -1, 0 and 1 only, so that windows hold equal values. */
  readonly ties: boolean;
  readonly probe: boolean;
  readonly seed: number;
}

function parameterList(): ShortcutParameters[] {
  const list: ShortcutParameters[] = [];
  const { pick, flip } = createPicker("shortcut cases");
  for (const stride of [1, 2]) {
    for (const records of [1, 3, 16, 17, 33]) {
      for (const length of [1, 2, 13, 32]) {
        const channels = pick([1, 3, 8]);
        list.push({
          records,
          channels,
          outChannels: channels + pick([0, 5]),
          stride,
          length,
          lengths: pick(["full", "ragged"]),
          ties: flip(),
          probe: flip(),
          seed: list.length,
        });
      }
    }
  }
  const full = { records: 16, channels: 3, outChannels: 8, stride: 2, lengths: "full" } as const;
  for (const length of [13, 32]) {
    for (const ties of [false, true]) {
      list.push({ ...full, length, ties, probe: true, seed: list.length });
    }
  }
  return [...list, { ...list[1]!, stride: 2, lengths: "empty" }];
}

function prepare(p: ShortcutParameters): Check {
  const { records, channels, outChannels, stride, length, seed } = p;
  const lengths = makeLengths(p.lengths, { records, length, seed });
  const x = makeSignals({ lengths, channels, length }, {
    seed,
    name: "x",
    scale: p.ties ? 1.5 : 1,
  });
  if (p.ties) x.values.forEach((value, i) => x.values[i] = Math.round(value));
  const shape = convOutput(x, { channels: outChannels, stride });
  const dy = makeSignals(shape, { seed, name: "dy" });
  const y = shortcut(x, { stride, channels: outChannels });
  const dx = shortcutBackward(x, { dy, stride });

  return (device) =>
    withBench(device, async (bench) => {
      const result = await bench.run(({ builder, input, output }) => {
        const source = input(x);
        const value = builder.shortcut(source, { stride, channels: outChannels });
        output("y", value, shape);
        const [dx] = builder.backward(value, input(dy), { inputs: [source] });
        output("dx", dx!, x);
      }, { records, length, probe: p.probe });
      return [
        { quantity: "y", got: result.read("y"), want: y.values },
        { quantity: "dx", got: result.read("dx"), want: dx.values },
        ...result.probes,
      ];
    });
}

/** Max-pool and channel padding, forward and backward. */
export const suite: Suite = defineSuite({
  op: "shortcut",
  parameters: parameterList(),
  prepare,
});
